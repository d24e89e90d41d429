"""The key ceremony of a unit, as it should go, and every way it is refused."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.packet.cms import DeviceSigner, sign_detached, verify_detached
from kiosk.security.authority import certify_request, make_authorities, read_pair
from kiosk.security.ceremony import create_keys, destroy, key_id_of, rotate
from kiosk.security.certificates import certify, subject_of
from kiosk.security.key_faults import KeyFault, KeyFileError, KeyRefusal
from kiosk.security.key_report import report
from kiosk.security.keys import DeviceKeys, load_device_keys
from kiosk.security.machine_store import MachineStore
from kiosk.security.recipients import RecipientList, read_list
from tests.security.ceremonies import NOW, UNIT, YEAR, Authority, Unit, file_store, make_authority_folder

_VALUES = st.none() | st.text() | st.integers() | st.lists(st.text())
_DOCUMENTS = st.dictionaries(
    st.sampled_from(
        ["type", "version", "valid_from", "valid_until", "recipients", "receiver_anchors", "format"]
    ),
    _VALUES,
).map(lambda fields: json.dumps(fields).encode())
TOMORROW = NOW + dt.timedelta(days=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority_folder(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def commissioned(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Unit:
    unit = Unit(tmp_path_factory.mktemp("commissioned") / "keys", file_store(), authority)
    unit.commission()
    return unit


@pytest.fixture
def unit(tmp_path: Path, commissioned: Unit) -> Unit:
    """One that has been through the ceremony."""
    shutil.copytree(commissioned.folder, tmp_path / "keys")
    return Unit(tmp_path / "keys", commissioned.store, commissioned.authority)


@pytest.fixture
def new(tmp_path: Path, authority: Authority) -> Unit:
    """One without keys."""
    return Unit(tmp_path / "keys", file_store(), authority)


def load(unit: Unit) -> DeviceKeys:
    return load_device_keys(unit.folder, verify=verify_detached, store=unit.store)


def fault(result: object) -> KeyFault:
    assert isinstance(result, KeyRefusal), result
    return result.fault


def loading_fault(unit: Unit) -> KeyFault:
    with pytest.raises(KeyFileError) as caught:
        load(unit)
    return caught.value.fault


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# As it should go


def test_after_the_ceremony_the_unit_seals_to_whom_the_authority_named(unit: Unit):
    keys = load(unit)
    assert keys.recipients == ((unit.authority.folder / "recipient.txt").read_text().strip(),)
    assert keys.nik_hash_key == (unit.authority.folder / "office.key").read_bytes()
    assert keys.anchors.receivers == (read_pair(unit.authority.folder, "receiver_ca")[1],)


def test_no_secret_lies_open_in_the_folder(unit: Unit):
    keys = load(unit)
    for content in snapshot(unit.folder).values():
        assert keys.wrapping_key not in content
        assert keys.nik_hash_key not in content
        assert b"PRIVATE KEY" not in content


def test_openssl_reads_the_request(unit: Unit, tmp_path: Path):
    (tmp_path / "unit.csr").write_bytes(unit.request())
    command = ["openssl", "req", "-verify", "-noout", "-subject", "-in", str(tmp_path / "unit.csr")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert UNIT in result.stdout
    assert "verify OK" in result.stderr


def test_openssl_verifies_the_list_on_the_unit(unit: Unit):
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "centre/recipients/1.json.p7s"]
    command += ["-content", "centre/recipients/1.json", "-CAfile", "ca/centre_ca.pem", "-out", "/dev/null"]
    command += ["-attime", str(int(NOW.timestamp()))]
    subprocess.run(command, cwd=unit.folder, check=True, capture_output=True)


# Keys


def test_keys_are_not_made_over_others(unit: Unit):
    before = snapshot(unit.folder)
    assert fault(unit.create()) is KeyFault.ALREADY_THERE
    assert snapshot(unit.folder) == before


def test_one_authority_for_units_and_lists_is_refused(new: Unit):
    pem = (new.authority.folder / "device_ca.pem").read_bytes()
    refused = create_keys(new.folder, new.store, device_authority=pem, centre_authority=pem)
    assert fault(refused) is KeyFault.UNTRUSTED
    assert not new.folder.exists()


@pytest.mark.parametrize("wrong", ["receiver.pem", "recipient.txt", "device_ca.key"])
def test_only_an_authority_s_certificate_passes_for_one(new: Unit, wrong: str):
    pem, good = ((new.authority.folder / name).read_bytes() for name in (wrong, "centre_ca.pem"))
    refused = create_keys(new.folder, new.store, device_authority=pem, centre_authority=good)
    assert fault(refused) is KeyFault.UNREADABLE


def test_an_office_key_of_another_length_is_refused(new: Unit):
    device, centre = (
        (new.authority.folder / f"{name}.pem").read_bytes() for name in ("device_ca", "centre_ca")
    )
    refused = create_keys(
        new.folder, new.store, device_authority=device, centre_authority=centre, office_key=b"short"
    )
    assert fault(refused) is KeyFault.UNREADABLE


def test_a_board_without_identity_gets_no_keys(new: Unit):
    nobody = Unit(new.folder, MachineStore(identity=dict), new.authority)
    assert fault(nobody.create()) is KeyFault.NO_IDENTITY
    assert not new.folder.exists()


def test_a_copied_key_folder_is_refused_by_another_board(unit: Unit):
    other = MachineStore(identity=lambda: {"board-serial": b"10000000abcdef02"})
    assert loading_fault(Unit(unit.folder, other, unit.authority)) is KeyFault.ANOTHER_MACHINE


# The certificate


def test_a_unit_without_its_certificate_says_so(new: Unit):
    new.create()
    assert loading_fault(new) is KeyFault.MISSING


def test_the_certificate_of_another_unit_s_key_is_refused(unit: Unit, tmp_path: Path):
    other = Unit(tmp_path / "other", unit.store, unit.authority)
    other.create()
    assert fault(unit.take(unit.authority.certify(other.request()))) is KeyFault.MISMATCH


def test_a_certificate_by_nobody_known_is_refused(unit: Unit, tmp_path: Path):
    stranger = make_authority_folder(tmp_path / "stranger")
    assert fault(unit.take(stranger.certify(unit.request()))) is KeyFault.UNTRUSTED


def test_an_expired_certificate_is_refused(unit: Unit):
    old = unit.authority.certify(unit.request(), now=NOW - 3 * YEAR)
    assert fault(unit.take(old)) is KeyFault.EXPIRED


def test_a_certificate_of_the_future_is_refused(unit: Unit):
    early = unit.authority.certify(unit.request(), now=NOW + YEAR)
    assert fault(unit.take(early)) is KeyFault.NOT_YET_VALID


def test_a_certificate_that_names_another_unit_is_refused(unit: Unit):
    asked = x509.load_pem_x509_csr(unit.request())
    ca = read_pair(unit.authority.folder, "device_ca")
    named = certify(
        subject_of("KIOSK-8"), asked.public_key(), mail="a@b.invalid", authority=ca, now=NOW, lifetime=YEAR
    )
    assert fault(unit.take(named.public_bytes(Encoding.PEM))) is KeyFault.ANOTHER_UNIT


def by_hand(unit: Unit, *, extensions: tuple[x509.ExtensionType, ...]) -> bytes:
    """A certificate of the unit's own key by its own authority, with just these extensions."""
    key, issuer = read_pair(unit.authority.folder, "device_ca")
    asked = x509.load_pem_x509_csr(unit.request())
    builder = x509.CertificateBuilder().subject_name(asked.subject).issuer_name(issuer.subject)
    builder = builder.public_key(asked.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + YEAR)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("extensions", [(), (x509.BasicConstraints(ca=True, path_length=None),)])
def test_a_certificate_for_something_else_than_signatures_is_refused(
    unit: Unit, extensions: tuple[x509.ExtensionType, ...]
):
    before = snapshot(unit.folder)
    assert fault(unit.take(by_hand(unit, extensions=extensions))) is KeyFault.WRONG_USAGE
    assert snapshot(unit.folder) == before


def test_a_unit_does_not_certify_another(unit: Unit, tmp_path: Path):
    other = Unit(tmp_path / "other", unit.store, unit.authority)
    other.create()
    asked, keys = x509.load_pem_x509_csr(other.request()), load(unit)
    pair = (keys.key, keys.chain[0])
    leaf = certify(
        asked.subject, asked.public_key(), mail="a@b.invalid", authority=pair, now=NOW, lifetime=YEAR
    )
    chain = leaf.public_bytes(Encoding.PEM) + keys.chain[0].public_bytes(Encoding.PEM)
    assert fault(other.take(chain)) is KeyFault.UNTRUSTED


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_refused(unit: Unit, garbage: bytes):
    before = snapshot(unit.folder)
    assert fault(unit.take(garbage)) is KeyFault.UNREADABLE
    assert snapshot(unit.folder) == before


def test_the_authority_certifies_whom_the_request_names(unit: Unit):
    refused = certify_request(unit.authority.folder, unit.request(), unit_id="KIOSK-8", now=NOW, lifetime=YEAR)
    assert fault(refused) is KeyFault.ANOTHER_UNIT


def test_a_request_somebody_changed_is_refused_by_the_authority(unit: Unit):
    der = bytearray(x509.load_pem_x509_csr(unit.request()).public_bytes(Encoding.DER))
    der[der.index(UNIT.encode())] ^= 1
    pem = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST").encode()
    refused = certify_request(unit.authority.folder, pem, unit_id="JIOSK-7", now=NOW, lifetime=YEAR)
    assert fault(refused) is KeyFault.MISMATCH


# Rotation


def test_the_old_key_signs_until_the_next_one_is_certified(unit: Unit):
    before = load(unit).key
    rotate(unit.folder, unit.store)
    assert key_id_of(load(unit).key) == key_id_of(before)
    assert report(unit.folder).next_key_waits
    unit.take(unit.authority.certify(unit.request()))
    assert key_id_of(load(unit).key) != key_id_of(before)


def test_what_the_old_key_signed_is_believed_after_the_rotation(unit: Unit):
    old = load(unit)
    signature = sign_detached(b"queued", DeviceSigner(old.key, old.chain))
    rotate(unit.folder, unit.store)
    unit.take(unit.authority.certify(unit.request()))
    new = load(unit)
    verified = verify_detached(b"queued", signature, anchors=new.anchors.devices, at=NOW, where="queue")
    assert verified == old.chain[0]
    assert [line.key_id for line in report(unit.folder).retired] == [key_id_of(old.key)]
    assert (new.wrapping_key, new.nik_hash_key) == (old.wrapping_key, old.nik_hash_key)


def test_a_renewed_certificate_of_the_present_key_is_taken_while_the_next_waits(unit: Unit):
    asked = unit.request()
    rotate(unit.folder, unit.store)
    assert isinstance(unit.take(unit.authority.certify(asked, now=TOMORROW), now=TOMORROW), x509.Certificate)
    assert report(unit.folder).next_key_waits


def test_a_second_rotation_waits_for_the_first(unit: Unit):
    rotate(unit.folder, unit.store)
    assert fault(rotate(unit.folder, unit.store)) is KeyFault.ALREADY_THERE


def test_a_unit_without_keys_has_nothing_to_rotate(new: Unit):
    assert fault(rotate(new.folder, new.store)) is KeyFault.MISSING


def test_a_power_cut_between_key_and_certificate_leaves_a_unit_that_starts(unit: Unit):
    rotate(unit.folder, unit.store)
    pem = unit.authority.certify(unit.request())
    (unit.folder / "device/next/certificate.pem").write_bytes(pem)
    (unit.folder / "device/next/key.pem").replace(unit.folder / "device/key.pem")
    assert load(unit).chain == tuple(x509.load_pem_x509_certificates(pem))
    assert isinstance(rotate(unit.folder, unit.store), str)  # and the next step tidies up
    assert (unit.folder / "device/certificate.pem").read_bytes() == pem


def test_a_power_cut_before_the_key_changed_places_leaves_the_old_one(unit: Unit):
    old = load(unit).chain
    rotate(unit.folder, unit.store)
    pem = unit.authority.certify(unit.request())
    (unit.folder / "device/next/certificate.pem").write_bytes(pem)
    assert load(unit).chain == old
    assert isinstance(unit.take(pem), x509.Certificate)


# Recipients


def test_a_newer_list_replaces_the_old_one(unit: Unit):
    other = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
    assert isinstance(unit.take_list(unit.authority.recipients(2, more=(other,))), RecipientList)
    assert other in load(unit).recipients


def test_an_older_list_is_refused(unit: Unit):
    unit.take_list(unit.authority.recipients(3))
    assert fault(unit.take_list(unit.authority.recipients(2))) is KeyFault.OLDER_VERSION
    assert report(unit.folder).list_version == 3


def test_another_list_with_the_same_number_is_refused(unit: Unit):
    another = unit.authority.recipients(1, valid_from=NOW - dt.timedelta(hours=1))
    assert fault(unit.take_list(another)) is KeyFault.OLDER_VERSION


def test_the_same_list_again_changes_nothing(unit: Unit):
    document = (unit.folder / "centre/recipients/1.json").read_bytes()
    signature = (unit.folder / "centre/recipients/1.json.p7s").read_bytes()
    assert isinstance(unit.take_list((document, signature)), RecipientList)


def test_an_expired_list_is_refused(unit: Unit):
    made = unit.authority.recipients(2)
    assert fault(unit.take_list(made, now=NOW + YEAR + dt.timedelta(days=1))) is KeyFault.EXPIRED


def test_a_list_of_the_future_is_refused(unit: Unit):
    made = unit.authority.recipients(2, valid_from=TOMORROW)
    assert fault(unit.take_list(made)) is KeyFault.NOT_YET_VALID


@pytest.mark.parametrize("signer", ["receiver", "list_signer"])
def test_a_list_by_somebody_else_is_refused(unit: Unit, tmp_path: Path, signer: str):
    """A receiver of this authority, or the right role of another authority."""
    document, _ = unit.authority.recipients(2)
    by = unit.authority if signer == "receiver" else make_authority_folder(tmp_path / "stranger")
    assert fault(unit.take_list((document, by.sign(document, by=signer)))) is KeyFault.UNTRUSTED


def test_a_unit_cannot_name_its_own_recipients(unit: Unit):
    keys = load(unit)
    document, _ = unit.authority.recipients(2)
    forged = sign_detached(document, DeviceSigner(keys.key, keys.chain))
    assert fault(unit.take_list((document, forged))) is KeyFault.UNTRUSTED


def test_a_changed_list_is_refused_when_it_comes_and_when_it_lies_there(unit: Unit):
    document, signature = unit.authority.recipients(2)
    changed = document.replace(b'"version": 2', b'"version": 9')
    assert fault(unit.take_list((changed, signature))) is KeyFault.UNTRUSTED
    place = unit.folder / "centre/recipients/1.json"
    place.write_bytes(place.read_bytes() + b"\n")
    assert loading_fault(unit) is KeyFault.UNTRUSTED


def test_a_unit_of_an_authority_takes_no_unsigned_list(unit: Unit):
    shutil.rmtree(unit.folder / "centre/recipients")
    shutil.copy(unit.authority.folder / "recipient.txt", unit.folder / "centre/recipient.txt")
    assert loading_fault(unit) is KeyFault.MISSING


def test_a_unit_starts_with_a_list_that_ran_out_until_the_next_one_comes(unit: Unit):
    later = NOW + YEAR + dt.timedelta(days=1)
    assert fault(load(unit).out_of_time(later)) is KeyFault.EXPIRED
    assert load(unit).out_of_time(NOW) is None
    assert isinstance(unit.take_list(unit.authority.recipients(2, valid_from=later), now=later), RecipientList)
    assert load(unit).out_of_time(later) is None


def test_a_list_before_its_time_is_told_from_one_that_ended(unit: Unit):
    assert fault(load(unit).out_of_time(NOW - dt.timedelta(hours=1))) is KeyFault.NOT_YET_VALID


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 0),
        ("version", "1"),
        ("recipients", []),
        ("recipients", ["age1" + "q" * 58]),
        ("receiver_anchors", []),
        ("receiver_anchors", ["no certificate"]),
        ("valid_until", "2020-01-01T00:00:00+00:00"),
        ("valid_until", "2027-01-01T00:00:00"),
        ("format", "ktp-el-recipients/2"),
    ],
)
def test_a_signed_list_that_makes_no_sense_is_refused(unit: Unit, field: str, value: object):
    document = json.dumps(json.loads(unit.authority.recipients(2)[0]) | {field: value}).encode()
    assert fault(unit.take_list((document, unit.authority.sign(document)))) is KeyFault.UNREADABLE


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | _DOCUMENTS)
def test_no_bytes_break_the_reader_of_lists(data: bytes):
    assert isinstance(read_list(data), KeyRefusal)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 100_000), flip=st.integers(1, 255), which=st.integers(0, 1))
def test_every_changed_byte_of_a_list_or_its_signature_is_refused(
    commissioned: Unit, at: int, flip: int, which: int
):
    made = [bytearray(part) for part in _list_of(commissioned)]
    made[which][at % len(made[which])] ^= flip
    assert isinstance(commissioned.take_list((bytes(made[0]), bytes(made[1]))), KeyRefusal)


def _list_of(unit: Unit) -> tuple[bytes, bytes]:
    place = unit.folder / "centre/recipients/1.json"
    return place.read_bytes(), place.with_name("1.json.p7s").read_bytes()


# The end


def test_destroying_leaves_nothing(unit: Unit):
    removed = destroy(unit.folder)
    assert "device/key.pem" in removed
    assert list(unit.folder.iterdir()) == []
    assert isinstance(unit.create(), str)  # and the unit may begin anew


def test_destroying_nothing_is_no_fault(new: Unit):
    assert destroy(new.folder) == ()


def test_an_authority_is_not_made_over_another(authority: Authority):
    with pytest.raises(FileExistsError):
        make_authorities(authority.folder, name="x", now=NOW, lifetime=YEAR)
