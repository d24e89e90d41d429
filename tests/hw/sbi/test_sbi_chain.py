"""The hash chain, against values worked out with another tool (`printf | xxd -r -p | sha256sum`)."""

from __future__ import annotations

import pytest

from hw.api import FaultCode
from hw.sbi.chain import check_link, next_hash
from hw.sbi.failure import SbiFailure

FIRST = "526137FD4A5FD2487CF4F584229C1B8AC65BC490636F2C079DD37F2F9A03CEE8"
SECOND = "78CD9A394B3A874052EC574F8379A088A3FB609AE3CACC50347129E564A1F3A6"


def test_the_first_link_hangs_on_the_hash_of_nothing():
    assert next_hash("", b"one") == FIRST


def test_the_second_link_hangs_on_the_first():
    assert next_hash(FIRST, b"two") == SECOND


def test_a_device_may_write_its_hex_in_either_case():
    assert check_link("", b"one", FIRST.lower()) == FIRST


@pytest.mark.parametrize("claim", ["", SECOND, FIRST[:-2]])
def test_any_other_claim_breaks_the_chain(claim):
    with pytest.raises(SbiFailure) as raised:
        check_link("", b"one", claim)
    assert raised.value.code is FaultCode.CHAIN_BROKEN


@pytest.mark.parametrize("previous", ["AB", "no hex", FIRST + "00"])
def test_a_previous_hash_that_is_none_is_a_callers_bug(previous):
    with pytest.raises(ValueError, match=r"hash|hex"):
        next_hash(previous, b"one")
