"""The words of `hw doctor` for a self-test."""

from __future__ import annotations

import pytest

from hw.api import Eye, SelfTest, SelfTestCode
from hw.self_tests import ENGLISH, advice_of, check_of


@pytest.mark.parametrize("code", SelfTestCode)
def test_each_check_has_its_words_and_advice_without_a_full_stop(code: SelfTestCode) -> None:
    """The reason comes between advice and full stop."""
    words = ENGLISH[code]
    assert words.check
    assert words.advice
    assert not words.advice.endswith(".")


def test_who_fails_is_told_what_to_do_and_why() -> None:
    test = SelfTest(SelfTestCode.PICTURES_ARRIVE, passed=False, detail="1 of 3 in 3 s", eye=Eye.LEFT)
    assert check_of(test) == "left eye: pictures arrive"
    assert advice_of(test) == "The camera is open and sends too little: plug it in again (1 of 3 in 3 s)."
    assert advice_of(SelfTest(SelfTestCode.CASE_SHUT, passed=False)) == "Shut the case."


def test_who_passes_is_told_nothing() -> None:
    assert advice_of(SelfTest(SelfTestCode.CASE_SHUT, passed=True)) == ""
