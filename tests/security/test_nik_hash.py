"""The keyed hash of a NIK: the same within an office, useless outside it."""

from __future__ import annotations

import re

import pytest

from kiosk.security.nik_hash import nik_hash

KEY = bytes(range(32))


def test_it_is_stable():
    # echo -n 'ktp-el nik 1:3503115708010001' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f
    expected = "d9b8db2c0cc93ca1f40b93d14363f76f06fe5bc302776f4dabb3b5ed989eab69"
    assert nik_hash("3503115708010001", key=KEY) == expected


def test_it_depends_on_key_and_number_and_shows_neither():
    hashes = {
        nik_hash("3503115708010001", key=KEY),
        nik_hash("3503115708010002", key=KEY),
        nik_hash("3503115708010001", key=bytes(32)),
    }
    assert len(hashes) == 3
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in hashes)


def test_a_short_key_is_a_bug():
    with pytest.raises(ValueError, match="32 bytes"):
        nik_hash("3503115708010001", key=b"")
