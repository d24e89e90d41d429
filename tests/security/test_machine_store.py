"""Secrets in files open on the machine that sealed them, with its passphrase, and nowhere else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.security.key_faults import KeyFault, KeyStoreError
from kiosk.security.key_store import open_store
from kiosk.security.machine_store import MachineStore, machine_identity
from kiosk.security.sealed_file import is_sealed

PI = {"board-serial": b"10000000abcdef01"}
OTHER_PI = {"board-serial": b"10000000abcdef02"}
NAME = "device/wrapping.key"
SECRET = bytes(range(32))


def store(machine: dict[str, bytes], passphrase: bytes = b"") -> MachineStore:
    return MachineStore(passphrase=passphrase, identity=lambda: machine)


def fault_of(opener: MachineStore, sealed: bytes, name: str = NAME) -> KeyFault:
    with pytest.raises(KeyStoreError) as caught:
        opener.open(sealed, name=name)
    return caught.value.fault


def test_what_a_machine_seals_it_opens():
    sealed = store(PI).seal(SECRET, name=NAME)
    assert is_sealed(sealed)
    assert SECRET not in sealed
    assert store(PI).open(sealed, name=NAME) == SECRET


def test_a_signing_key_signs_after_it_was_sealed():
    sealed = store(PI).make_signing_key(name="device/key.pem")
    key = store(PI).signing_key(sealed, name="device/key.pem")
    key.public_key().verify(key.sign(b"packet", ec.ECDSA(SHA256())), b"packet", ec.ECDSA(SHA256()))


def test_a_copied_card_does_not_open_in_another_board():
    assert fault_of(store(OTHER_PI), store(PI).seal(SECRET, name=NAME)) is KeyFault.ANOTHER_MACHINE


def test_a_board_that_lost_its_serial_number_is_another():
    assert fault_of(store({}), store(PI).seal(SECRET, name=NAME)) is KeyFault.ANOTHER_MACHINE


def test_a_machine_id_that_came_later_changes_nothing():
    sealed = store(PI).seal(SECRET, name=NAME)
    assert store(PI | {"machine-id": b"a" * 32}).open(sealed, name=NAME) == SECRET


def test_a_board_without_identity_seals_to_a_passphrase_only():
    with pytest.raises(KeyStoreError) as caught:
        store({}).seal(SECRET, name=NAME)
    assert caught.value.fault is KeyFault.NO_IDENTITY
    sealed = store({}, b"garuda").seal(SECRET, name=NAME)
    assert store({}, b"garuda").open(sealed, name=NAME) == SECRET


@pytest.mark.parametrize("given_instead", [b"", b"Garuda"])
def test_a_passphrase_is_needed_besides_the_machine(given_instead: bytes):
    sealed = store(PI, b"garuda").seal(SECRET, name=NAME)
    assert fault_of(store(PI, given_instead), sealed) is KeyFault.WRONG_PASSPHRASE


def test_one_secret_does_not_stand_in_for_another():
    sealed = store(PI).seal(SECRET, name=NAME)
    assert fault_of(store(PI), sealed, "centre/nik_hash.key") is KeyFault.UNREADABLE


def test_a_tpm_s_file_is_told_from_a_damaged_one():
    sealed = store(PI).seal(SECRET, name=NAME)
    with pytest.raises(KeyStoreError) as caught:
        open_store("tpm").open(sealed, name=NAME)
    assert caught.value.fault is KeyFault.OTHER_STORE


def test_a_store_of_no_known_kind_is_a_mistake():
    with pytest.raises(ValueError, match="allowed: file, tpm"):
        open_store("paper")


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_every_changed_byte_is_refused(at: int, flip: int):
    sealed = bytearray(_SEALED)
    sealed[at % len(sealed)] ^= flip
    try:
        opened = store(PI).open(bytes(sealed), name=NAME)
    except KeyStoreError:
        return
    # without its armour it is taken for an unsealed development key, which the length then refuses
    assert not is_sealed(bytes(sealed))
    assert opened == bytes(sealed)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300))
def test_no_bytes_in_the_armour_break_the_reader(data: bytes):
    begin, _, rest = _SEALED.partition(b"\n")
    with pytest.raises(KeyStoreError):
        store(PI).open(begin + b"\n" + data + rest[-30:], name=NAME)


_SEALED = store(PI).seal(SECRET, name=NAME)


def write(root: Path, place: str, content: bytes) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(content)


def test_a_raspberry_pi_is_known_by_its_serial_number(tmp_path: Path):
    write(tmp_path, "sys/firmware/devicetree/base/serial-number", b"10000000abcdef01\0")
    assert machine_identity(tmp_path) == PI


def test_a_machine_id_of_this_start_only_identifies_nothing(tmp_path: Path):
    machine_id = hashlib.sha256(b"unit").hexdigest()[:32].encode()
    write(tmp_path, "etc/machine-id", machine_id + b"\n")
    assert machine_identity(tmp_path) == {"machine-id": machine_id}
    write(tmp_path, "run/machine-id", machine_id + b"\n")
    assert machine_identity(tmp_path) == {}


@pytest.mark.parametrize("content", [b"uninitialized\n", b"", b"0000000000000000\0"])
def test_an_empty_identity_identifies_nothing(tmp_path: Path, content: bytes):
    write(tmp_path, "etc/machine-id", content)
    write(tmp_path, "sys/firmware/devicetree/base/serial-number", content)
    assert machine_identity(tmp_path) == {}
