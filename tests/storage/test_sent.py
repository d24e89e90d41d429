"""Once per life: the unit knows whom it has sealed, without knowing a NIK."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.storage.sent import SentRegister

NIK = "3503115708019001"
NOW = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


def hash_nik(nik: str) -> str:
    return hashlib.sha256(b"key" + nik.encode()).hexdigest()


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[SentRegister]:
    with closing(SentRegister(tmp_path / "sent.sqlite", hash_nik=hash_nik)) as sent:
        yield sent


def test_a_sealed_resident_is_known_after_a_restart(sent: SentRegister, tmp_path: Path):
    assert not sent.knows(NIK)
    sent.add(NIK, packet_sha256="a" * 64, sealed_at=NOW)
    sent.add(NIK, packet_sha256="a" * 64, sealed_at=NOW)
    sent.close()
    with closing(SentRegister(tmp_path / "sent.sqlite", hash_nik=hash_nik)) as again:
        assert again.knows(NIK)
        assert not again.knows("3503115708019002")


def test_a_deletion_letter_allows_one_new_record(sent: SentRegister):
    sent.add(NIK, packet_sha256="a" * 64, sealed_at=NOW)
    sent.lift(NIK, letter="400.12/17/2026")
    assert not sent.knows(NIK)
    sent.add(NIK, packet_sha256="a" * 64, sealed_at=NOW)
    assert not sent.knows(NIK)
    sent.add(NIK, packet_sha256="b" * 64, sealed_at=NOW)
    assert sent.knows(NIK)


def test_the_new_record_goes_by_the_newest_letter(sent: SentRegister):
    assert sent.letter(NIK) == ""
    for packet, letter in (("a", "400.12/17/2026"), ("b", "400.12/18/2026")):
        sent.add(NIK, packet_sha256=packet * 64, sealed_at=NOW)
        assert sent.letter(NIK) != letter
        sent.lift(NIK, letter=letter)
        assert sent.letter(NIK) == letter


def test_a_deletion_without_letter_is_a_bug(sent: SentRegister):
    with pytest.raises(ValueError, match="letter"):
        sent.lift(NIK, letter=" ")


def test_the_nik_is_not_on_the_disk(sent: SentRegister, tmp_path: Path):
    sent.add(NIK, packet_sha256="a" * 64, sealed_at=NOW)
    assert all(NIK.encode() not in path.read_bytes() for path in tmp_path.iterdir())
