"""Keys in a TPM 2.0: it signs for the unit, gives nothing away, and each thing it refuses has its name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from kiosk.packet.cms import DeviceSigner, sign_detached, verify_detached
from kiosk.security.ceremony import key_id_of, rotate
from kiosk.security.key_faults import KeyFault, KeyFileError, KeyRefusal, KeyStoreError
from kiosk.security.keys import DeviceKeys, load_device_keys
from kiosk.security.sealed_file import read_sealed, write_sealed
from kiosk.security.tpm_store import TpmStore
from tests.security.ceremonies import NOW, Authority, Unit, file_store, make_authority_folder
from tests.security.swtpm import needs_swtpm, software_tpm

pytestmark = needs_swtpm
NAME = "device/wrapping.key"
SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority_folder(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[str]:
    with software_tpm(tmp_path / "tpm") as tcti:
        yield tcti


def fault_of(store: TpmStore, sealed: bytes, name: str = NAME) -> KeyFault:
    with pytest.raises(KeyStoreError) as caught:
        store.open(sealed, name=name)
    return caught.value.fault


def clear(tcti: str) -> None:
    """As the firmware's menu does."""
    import tpm2_pytss  # noqa: PLC0415 - not on every machine

    with tpm2_pytss.ESAPI(tpm2_pytss.TCTILdr(*tcti.split(":", 1))) as esapi:
        esapi.clear(tpm2_pytss.constants.ESYS_TR.LOCKOUT)


def load(unit: Unit) -> DeviceKeys:
    return load_device_keys(unit.folder, verify=verify_detached, store=unit.store)


def test_a_unit_signs_with_a_key_that_no_file_holds(tpm: str, tmp_path: Path, authority: Authority):
    unit = Unit(tmp_path / "keys", TpmStore(tpm), authority)
    unit.commission()
    keys = load(unit)
    signature = sign_detached(b"packet", DeviceSigner(keys.key, keys.chain))
    (tmp_path / "packet").write_bytes(b"packet")
    (tmp_path / "packet.p7s").write_bytes(signature)
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "packet.p7s",
        "-content",
        "packet",
    ]
    command += ["-CAfile", str(unit.folder / "ca/device_ca.pem"), "-attime", str(int(NOW.timestamp()))]
    result = subprocess.run([*command, "-out", "verified"], cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    for path in unit.folder.rglob("*"):
        if path.is_file():
            assert keys.wrapping_key not in path.read_bytes()
            assert keys.nik_hash_key not in path.read_bytes()
            assert b"PRIVATE" not in path.read_bytes()


def test_the_tpm_itself_refuses_to_give_the_key_away(tpm: str):
    """FIXEDTPM, FIXEDPARENT, SENSITIVEDATAORIGIN: made there, and never duplicated."""
    import tpm2_pytss  # noqa: PLC0415

    head = read_sealed(TpmStore(tpm).make_signing_key(name="device/key.pem"), store="tpm")
    public = tpm2_pytss.types.TPM2B_PUBLIC.unmarshal(bytes.fromhex(head["public"]))[0].publicArea
    bits = tpm2_pytss.constants.TPMA_OBJECT
    wanted = bits.FIXEDTPM | bits.FIXEDPARENT | bits.SENSITIVEDATAORIGIN
    assert public.objectAttributes & wanted == wanted


def test_keys_outlive_the_power(tmp_path: Path):
    with software_tpm(tmp_path / "tpm") as tcti:
        sealed = TpmStore(tcti).seal(SECRET, name=NAME)
    with software_tpm(tmp_path / "tpm") as tcti:
        assert TpmStore(tcti).open(sealed, name=NAME) == SECRET


def test_many_tasks_do_not_fill_the_tpm(tpm: str):
    """It holds three loaded objects and three sessions; what one task leaves there the next one lacks."""
    store = TpmStore(tpm, passphrase=b"garuda")
    sealed = store.seal(SECRET, name=NAME)
    for _ in range(8):
        assert store.open(sealed, name=NAME) == SECRET
        assert fault_of(TpmStore(tpm, passphrase=b"garuda"), sealed, "another") is KeyFault.UNREADABLE


def test_rotation_works_in_the_tpm_as_in_files(tpm: str, tmp_path: Path, authority: Authority):

    unit = Unit(tmp_path / "keys", TpmStore(tpm), authority)
    unit.commission()
    before = key_id_of(load(unit).key)
    assert isinstance(rotate(unit.folder, unit.store), str)
    unit.take(authority.certify(unit.request()))
    assert key_id_of(load(unit).key) != before


def test_no_tpm_is_told(tmp_path: Path, authority: Authority):
    unit = Unit(tmp_path / "keys", TpmStore(f"device:{tmp_path}/tpmrm0"), authority)
    refused = unit.create()
    assert isinstance(refused, KeyRefusal)
    assert refused.fault is KeyFault.NO_TPM
    assert not unit.folder.exists()


def test_a_tpm_that_went_away_is_told_when_the_unit_signs(tmp_path: Path):
    with software_tpm(tmp_path / "tpm") as tcti:
        store = TpmStore(tcti)
        key = store.signing_key(store.make_signing_key(name=NAME), name=NAME)
    with pytest.raises(KeyStoreError) as caught:
        key.sign(b"packet", ec.ECDSA(SHA256()))
    assert caught.value.fault is KeyFault.NO_TPM


def test_a_cleared_tpm_is_told(tpm: str):
    store = TpmStore(tpm)
    sealed = store.seal(SECRET, name=NAME)
    clear(tpm)
    assert fault_of(store, sealed) is KeyFault.ANOTHER_MACHINE


def test_the_tpm_of_another_board_is_told(tpm: str, tmp_path: Path):
    sealed = TpmStore(tpm).seal(SECRET, name=NAME)
    with software_tpm(tmp_path / "other") as other:
        assert fault_of(TpmStore(other), sealed) is KeyFault.ANOTHER_MACHINE


def test_wrong_passphrases_lock_the_tpm(tpm: str):
    sealed = TpmStore(tpm, passphrase=b"garuda").seal(SECRET, name=NAME)
    assert TpmStore(tpm, passphrase=b"garuda").open(sealed, name=NAME) == SECRET
    guesses = [fault_of(TpmStore(tpm, passphrase=b"%d" % guess), sealed) for guess in range(12)]
    assert guesses[0] is KeyFault.WRONG_PASSPHRASE
    assert guesses[-1] is KeyFault.TPM_LOCKED
    assert fault_of(TpmStore(tpm, passphrase=b"garuda"), sealed) is KeyFault.TPM_LOCKED


@pytest.mark.parametrize(("made_with", "opened_with"), [(b"garuda", b""), (b"", b"garuda")])
def test_a_passphrase_too_few_or_too_many_is_told(tpm: str, made_with: bytes, opened_with: bytes):
    sealed = TpmStore(tpm, passphrase=made_with).seal(SECRET, name=NAME)
    assert fault_of(TpmStore(tpm, passphrase=opened_with), sealed) is KeyFault.WRONG_PASSPHRASE


def test_a_file_sealed_to_the_machine_is_told_from_the_tpm_s(tpm: str):
    assert fault_of(TpmStore(tpm), file_store().seal(SECRET, name=NAME)) is KeyFault.OTHER_STORE
    assert fault_of(TpmStore(tpm), SECRET) is KeyFault.OTHER_STORE


def test_one_secret_does_not_stand_in_for_another(tpm: str):
    assert fault_of(TpmStore(tpm), TpmStore(tpm).seal(SECRET, name=NAME), "other") is KeyFault.UNREADABLE


@pytest.mark.parametrize(
    "change",
    [
        {"private": ""},
        {"private": "zz"},
        {"private": "0004ffffffff"},
        {"public": "00"},
        {"public": None},
        {"parent": 7},
    ],
)
def test_a_damaged_file_is_refused(tpm: str, change: dict[str, Any]):
    sealed = TpmStore(tpm).seal(SECRET, name=NAME)
    damaged = write_sealed(read_sealed(sealed, store="tpm") | change)
    assert fault_of(TpmStore(tpm), damaged) in (
        KeyFault.UNREADABLE,
        KeyFault.TPM_FAILED,
        KeyFault.ANOTHER_MACHINE,
    )


def test_a_flipped_bit_in_the_wrapped_key_is_refused(tpm: str):
    head = read_sealed(TpmStore(tpm).seal(SECRET, name=NAME), store="tpm")
    private = bytearray.fromhex(head["private"])
    private[-1] ^= 1
    assert fault_of(TpmStore(tpm), write_sealed(head | {"private": private.hex()})) is KeyFault.UNREADABLE


def test_another_hash_than_the_profile_s_is_a_mistake(tpm: str):
    store = TpmStore(tpm)
    key = store.signing_key(store.make_signing_key(name=NAME), name=NAME)
    with pytest.raises(ValueError, match="SHA-256"):
        key.sign(b"packet", ec.ECDSA(SHA384()))


def test_a_unit_whose_tpm_was_cleared_does_not_start(tpm: str, tmp_path: Path, authority: Authority):
    unit = Unit(tmp_path / "keys", TpmStore(tpm), authority)
    unit.commission()
    clear(tpm)
    with pytest.raises(KeyFileError) as caught:
        load(unit)
    assert caught.value.fault is KeyFault.ANOTHER_MACHINE
    assert caught.value.path == unit.folder / "device/key.pem"
