"""A new unit becomes one that may enroll: by a signed file, by typing, over a power cut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from cryptography import x509

from kiosk.app.views import KeypadBody, MessageBody, Text
from kiosk.appliance.provisioning import ProvisioningError, pending, read_signed
from kiosk.appliance.provisioning_files import begin_from, finish_from
from kiosk.appliance.wizard import REQUEST, Stage, Wizard
from kiosk.config import load
from kiosk.courier.office_stick import StickError
from kiosk.enrollment.events import Role
from kiosk.enrollment.record import Language
from kiosk.i18n import translate
from kiosk.security.keys import load_device_keys
from kiosk.security.officers import Officer, Officers
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster import Roster
from kiosk.storage.roster_csv import write_roster
from kiosk.storage.roster_demo import demo_roster
from tests.appliance.office import PIN, TODAY, Office
from tests.security.ceremonies import UNIT, file_store, make_authority_folder


def test_a_signed_file_and_a_certificate_make_a_unit(office: Office) -> None:
    office.begins(supervisor="2001", pin=PIN, roster=write_roster(demo_roster(3, 1)).decode())
    assert not office.places.settings.exists(), "no settings in force before the certificate"
    office.certifies()
    finish_from(office.places, office.stick)
    config = load(office.places.settings)
    assert (config.unit_id, config.office) == (UNIT, "KECAMATAN CONTOH")
    assert config.devices["slap"] == "sbi://127.0.0.1:4501?type=slap"
    assert config.screen.fullscreen
    keys = load_device_keys(config.keys, store=file_store(), verify=_verify())
    assert keys.recipients
    data = DataFolder(config.data)
    officers = Officers(data.officers, monotonic_s=time.monotonic)
    assert officers.sign_in("2001", PIN) == Officer("2001", Role.SUPERVISOR)
    roster = Roster(data.roster)
    assert roster.import_csv(_listing(office)).unchanged == 3
    roster.close()
    assert not list(data.root.glob(".*")), "no copy of the roster stays"


def _verify() -> Any:
    from kiosk.packet.cms import verify_detached  # noqa: PLC0415 - as the composition hands it over

    return verify_detached


def _listing(office: Office) -> Path:
    listing = office.stick / "again.csv"
    listing.write_bytes(write_roster(demo_roster(3, 1)))
    return listing


def test_a_power_cut_on_the_way_asks_again_and_keeps_the_key(office: Office) -> None:
    first = x509.load_pem_x509_csr(office.begins().read_bytes()).public_key()
    second = x509.load_pem_x509_csr(office.begins().read_bytes()).public_key()
    assert first == second
    config = pending(office.places)
    assert config is not None
    assert config.unit_id == UNIT


def test_starting_over_takes_the_authorities_and_the_supervisor_named_last(
    office: Office, tmp_path: Path
) -> None:
    other = make_authority_folder(tmp_path / "other")
    first = office.begins(
        supervisor="2001", pin=PIN, device_authority=(other.folder / "device_ca.pem").read_text()
    )
    key = x509.load_pem_x509_csr(first.read_bytes()).public_key()
    again = x509.load_pem_x509_csr(office.begins(supervisor="2002", pin=PIN).read_bytes())
    assert again.public_key() == key
    officers = Officers(DataFolder(office.places.data).officers, monotonic_s=time.monotonic)
    assert [officer.name for officer in officers.all()] == ["2002"]
    office.certifies()
    finish_from(office.places, office.stick)
    assert load(office.places.settings).unit_id == UNIT


def test_a_certificate_of_the_authority_before_goes_with_it(office: Office, tmp_path: Path) -> None:
    office.begins()
    office.certifies()
    (office.stick / "recipients.json").write_text("{}")
    with pytest.raises(ProvisioningError):
        finish_from(office.places, office.stick)
    certificate = office.places.keys / "device/certificate.pem"
    assert certificate.exists()
    other = make_authority_folder(tmp_path / "other")
    office.begins(device_authority=(other.folder / "device_ca.pem").read_text())
    assert not certificate.exists()


def test_a_unit_with_records_changes_no_authority(office: Office, tmp_path: Path) -> None:
    office.begins()
    DataFolder(office.places.data).journal.touch()
    other = make_authority_folder(tmp_path / "other")
    with pytest.raises(ProvisioningError, match="reset"):
        office.begins(device_authority=(other.folder / "device_ca.pem").read_text())
    office.begins()


def test_a_power_cut_while_keys_are_made_is_healed(office: Office) -> None:
    office.begins()
    (office.places.keys / "device/key.pem").unlink()  # written last
    office.begins()
    office.certifies()
    finish_from(office.places, office.stick)
    assert load(office.places.settings).unit_id == UNIT


@pytest.mark.parametrize("left", [".roster.csv", "..roster.csv.tmp"])
def test_a_power_cut_in_mid_import_leaves_no_roster(office: Office, left: str) -> None:
    office.places.data.mkdir(parents=True, exist_ok=True)
    listing = office.places.data / left
    listing.write_bytes(write_roster(demo_roster(3, 1)))
    Hands(office)  # the screen of the next start
    assert not listing.exists()


def test_another_signer_is_refused(office: Office, tmp_path: Path) -> None:
    stranger = make_authority_folder(tmp_path / "stranger")
    file = office.signs(office.settings())
    with pytest.raises(ProvisioningError, match="provisioning file"):
        begin_from(office.places, file, authority=stranger.folder / "centre_ca.pem")
    assert not office.places.keys.exists()


def test_a_changed_file_is_refused(office: Office) -> None:
    file = office.signs(office.settings())
    file.write_text(file.read_text().replace("store.example", "store.invalid"))
    with pytest.raises(ProvisioningError):
        begin_from(office.places, file, authority=office.anchor)
    assert not office.places.draft.exists()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"valid_until": "2020-01-01T00:00:00+00:00"}, "2020"),
        ({"format": "something else"}, "something else"),
        ({"unit_id": "not allowed!"}, "unit.id"),
        ({"store": "http://plain"}, "uplink.store"),
        ({"devices": {"toaster": "x"}}, "toaster"),
        ({"devices": 7}, "read"),
        ({"supervisor": "2001", "pin": "123456"}, "pin_too_easy"),
        ({"office_key": "%%"}, "read"),
        ({"office_key": "c2hvcnQ="}, "32 bytes"),
        ({"roster": "nik\n1\n"}, "roster, line"),
        ({"device_authority": "no pem"}, "authority"),
        ({"more": "than asked"}, "more"),
    ],
)
def test_a_value_that_will_not_do_is_named_and_nothing_is_in_force(
    changes: dict[str, Any], named: str, office: Office
) -> None:
    with pytest.raises(ProvisioningError, match=named):
        office.begins(**changes)
    assert not office.places.draft.exists()
    assert not office.places.settings.exists()


def test_words_of_an_office_cannot_break_the_settings(office: Office) -> None:
    name = 'Kec. "Contoh" \\ Żółć = [unit]'
    office.begins(office=name)
    config = pending(office.places)
    assert config is not None
    assert config.office == name


def test_a_certificate_of_another_unit_is_refused(office: Office) -> None:
    office.begins()
    office.certifies()
    other = office.authority.folder / "device_ca.pem"
    (office.stick / f"{UNIT}.pem").write_bytes(other.read_bytes())
    with pytest.raises(ProvisioningError):
        finish_from(office.places, office.stick)
    assert not office.places.settings.exists()


def test_finishing_before_beginning_is_refused(office: Office) -> None:
    with pytest.raises(ProvisioningError, match="begin"):
        finish_from(office.places, office.stick)


def test_a_document_that_is_no_object_is_refused(office: Office) -> None:
    anchors = x509.load_pem_x509_certificates(office.anchor.read_bytes())
    document = b"[1, 2]"
    with pytest.raises(ProvisioningError):
        read_signed(document, office.authority.sign(document), anchors=anchors, now=TODAY)


# --- on the screen --------------------------------------------------------------------------------


class Hands:
    """Presses what is on the screen, as a person sees it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.plugged = True
        self.screen = Wizard(office.places, authority=office.anchor, open_stick=self._stick)

    def _stick(self) -> AbstractContextManager[Path]:
        @contextmanager
        def opened() -> Iterator[Path]:
            if not self.plugged:
                raise StickError("missing")
            yield self.office.stick

        return opened()

    def presses(self, button: str) -> None:
        view = self.screen.view()
        keys = [key for row in view.body.rows for key in row] if isinstance(view.body, KeypadBody) else []
        (found,) = [each for each in (*view.actions, *keys) if each.id == button]
        self.screen.dispatch(found.event)
        until = time.monotonic() + 60
        while isinstance(self.screen.view().body, MessageBody) and self.screen.view().body.busy:
            self.screen.tick()
            assert time.monotonic() < until
            time.sleep(0.01)

    def types(self, text: str) -> None:
        body = self.screen.view().body
        assert isinstance(body, KeypadBody)
        for character in text:
            labels = {
                key.label.args.get("character", " "): key
                for row in body.rows
                for key in row
                if key.id.startswith("key_")
            }
            self.screen.dispatch(labels[character].event)
        self.presses("enter")

    def reads(self) -> list[str]:
        body = self.screen.view().body
        assert isinstance(body, MessageBody)
        return [text.id for text in body.lines]

    def asked(self) -> str:
        body = self.screen.view().body
        assert isinstance(body, KeypadBody)
        return body.message.id if body.message else body.prompt.id


@pytest.fixture
def officer(office: Office) -> Hands:
    return Hands(office)


def fill_stick(office: Office) -> None:
    for name in ("device_ca.pem", "centre_ca.pem", "office.key"):
        (office.stick / name).write_bytes((office.authority.folder / name).read_bytes())


def type_all(officer: Hands) -> None:
    officer.presses("type")
    officer.types(UNIT)
    officer.types("KECAMATAN CONTOH")
    officer.types("s3://ktp?endpoint=https://store.example")
    officer.types("2001")
    officer.types(PIN)
    officer.types(PIN)


def test_an_officer_types_everything(officer: Hands, office: Office) -> None:
    fill_stick(office)
    type_all(officer)
    assert officer.reads() == ["provision.stick_for_request"]
    officer.presses("stick_is_in")
    assert officer.reads() == ["provision.stick_for_certificate"]
    office.certifies()
    officer.presses("stick_is_in")
    assert officer.screen.done
    assert load(office.places.settings).store == "s3://ktp?endpoint=https://store.example"


def test_a_signed_stick_needs_two_presses(officer: Hands, office: Office) -> None:
    office.signs(office.settings())
    officer.presses("from_stick")
    assert officer.reads() == ["provision.stick_for_certificate"]
    office.certifies()
    officer.presses("stick_is_in")
    assert officer.screen.done


def test_after_a_power_cut_it_waits_for_the_certificate(officer: Hands, office: Office) -> None:
    office.begins()
    again = Hands(office)
    assert again.reads() == ["provision.stick_for_certificate"]


def test_the_request_is_also_a_code_to_scan(officer: Hands, office: Office) -> None:
    office.signs(office.settings())
    assert officer.screen.image(REQUEST) is None
    officer.presses("from_stick")
    body = officer.screen.view().body
    assert isinstance(body, MessageBody)
    pixels = officer.screen.image(body.picture)
    assert pixels is not None
    [code] = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4, 1), np.uint8)))
    scanned = x509.load_pem_x509_csr(code.text.encode())
    written = x509.load_pem_x509_csr((office.stick / f"{UNIT}.csr").read_bytes())
    assert scanned.public_key() == written.public_key()
    assert scanned.subject == written.subject


def test_an_answer_that_was_wrong_may_be_given_again_before_the_certificate(
    officer: Hands, office: Office
) -> None:
    fill_stick(office)
    type_all(officer)
    officer.presses("stick_is_in")
    first = officer.screen.image(REQUEST)
    officer.presses("back")
    assert officer.reads() == ["provision.choose"]
    office.signs(office.settings(unit_id="KIOSK-8"))
    officer.presses("from_stick")
    assert officer.reads() == ["provision.stick_for_certificate"]
    config = pending(office.places)
    assert config is not None
    assert config.unit_id == "KIOSK-8"
    second = officer.screen.image(REQUEST)
    assert first is not None
    assert second is not None
    assert not np.array_equal(first, second)


def test_who_began_to_type_may_still_choose_the_stick(officer: Hands) -> None:
    officer.presses("type")
    officer.types(UNIT)
    officer.presses("back")
    officer.presses("back")
    assert officer.reads() == ["provision.choose"]


def test_what_nobody_expects_of_a_stick_ends_the_screen_and_does_not_hang(office: Office) -> None:
    @contextmanager
    def broken() -> Iterator[Path]:
        raise RuntimeError("a bug")
        yield

    officer = Hands(office)
    officer.screen = Wizard(office.places, authority=office.anchor, open_stick=broken)
    with pytest.raises(RuntimeError, match="a bug"):
        officer.presses("from_stick")


def test_without_a_stick_it_says_so_and_stays(officer: Hands) -> None:
    officer.plugged = False
    officer.presses("from_stick")
    assert officer.reads() == ["provision.choose", "provision.stick_missing"]


def test_a_refusal_is_told_with_its_reason(officer: Hands) -> None:
    officer.presses("from_stick")  # an empty one
    assert officer.reads() == ["provision.choose", "provision.problem"]


def test_a_wrong_answer_is_asked_again(officer: Hands) -> None:
    officer.presses("type")
    officer.types(" ")
    assert officer.asked() == "provision.not_allowed"
    officer.types(UNIT)
    officer.types("X")
    officer.types("")
    officer.types("2001")
    officer.types("12345")
    assert officer.asked() == "provision.pin_length"
    officer.types(PIN)
    officer.types("111111")
    assert officer.asked() == "provision.pin_differs"
    officer.presses("back")
    assert officer.asked() == "provision.pin"


@pytest.mark.parametrize("language", Language)
def test_every_word_of_the_first_start_is_there(language: Language) -> None:
    ids = [f"provision.{stage.value}" for stage in Stage]
    ids += [f"provision.stick_{word}" for word in ("missing", "unreadable", "busy")]
    ids += [f"provision.button_{name}" for name in ("type", "from_stick", "stick_is_in")]
    assert all(translate(Text(text_id), language) for text_id in ids)
