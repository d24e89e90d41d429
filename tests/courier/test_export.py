"""Packets by hand: given, carried, taken, answered; whatever is pulled, full, forged or lost on the way."""

from __future__ import annotations

import base64
import datetime as dt
import errno
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509

from kiosk.__main__ import main
from kiosk.courier.check import check
from kiosk.courier.export import LEDGER, Hand, Trust, accept, export, give, import_receipts
from kiosk.courier.hands import CardRefusedError, hand_of_card, hand_of_key
from kiosk.courier.stick import StickFault
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.packet.cms import DeviceSigner
from kiosk.packet.faults import PacketFault
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.packet.seal import seal
from kiosk.security.certificates import make_authority, make_signer
from kiosk.security.keys import provision_development
from kiosk.storage import atomic
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState
from tests.app.held_card import PIN, HeldCard
from tests.packet.made_packets import NIK_KEY, Keys, made_contents, read_keys, sealed_by_clock
from tests.storage.months import put_packet

NOW = Stamp(dt.datetime.now(dt.UTC).replace(microsecond=0), ClockTrust.NETWORK, 1)
LIFETIME = dt.timedelta(days=30)
PACKETS = 4


def courier(name: str) -> tuple[DeviceSigner, x509.Certificate]:
    authority = make_authority("KURIR CA", now=NOW.at, lifetime=LIFETIME)
    key, certificate = make_signer(
        name, mail="kurir@contoh.invalid", authority=authority, now=NOW.at, lifetime=LIFETIME
    )
    return DeviceSigner(key, (certificate,)), authority[1]


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("courier-keys")
    provision_development(folder, unit_id=made_contents().unit.unit_id)
    (folder / "centre/nik_hash.key").write_bytes(NIK_KEY)
    return folder


@pytest.fixture(scope="session")
def keys(keys_folder: Path) -> Keys:
    return read_keys(keys_folder)


@dataclass
class Trip:
    outbox: Outbox
    stick: Path
    keys: Keys
    unit: Hand
    courier: Hand
    trust: Trust

    def export(self, *, to: str = "", again: bool = False):
        return export(
            self.stick, outbox=self.outbox, hand=self.unit, trust=self.trust, at=NOW, to=to, again=again
        )

    def check(self):
        return check(self.stick, self.trust)

    def answer(
        self,
        sha256: str,
        *,
        status: CentralStatus = CentralStatus.RECEIVED_AT_CENTRAL,
        after: dt.timedelta = dt.timedelta(days=1),
        signer=None,
    ):
        receipt = Receipt(sha256, "", status, NOW.at + after, "PUSAT")
        path = self.stick / "packets" / f"{sha256}.receipt"
        path.write_bytes(sign_receipt(receipt, signer=signer or self.keys.receiver))

    def receipts(self):
        return list(
            import_receipts(
                self.stick,
                outbox=self.outbox,
                device_anchors=self.keys.device_anchors,
                receiver_anchors=self.keys.receiver_anchors,
            )
        )


@pytest.fixture
def trip(tmp_path: Path, keys: Keys) -> Iterator[Trip]:
    (tmp_path / "stick").mkdir()
    signer, authority = courier("KURIR CONTOH")
    trust = Trust(keys.device_anchors, (authority,))
    with closing(Outbox(tmp_path / "outbox")) as outbox:
        for number in range(PACKETS):
            put_packet(outbox, number)
        yield Trip(outbox, tmp_path / "stick", keys, hand_of_key(keys.device), hand_of_key(signer), trust)


def sent(trip: Trip) -> set[str]:
    return {entry.sha256 for entry in trip.outbox.entries()}


def test_a_packet_whose_state_cannot_be_read_is_named_and_the_others_travel(trip: Trip, tmp_path: Path):
    rotten, *sound = sorted(sent(trip))
    (tmp_path / "outbox" / f"{rotten}.json").write_text("rotten")
    done = trip.export(to="KURIR CONTOH")
    assert (done.packets, done.damaged) == (tuple(sound), (rotten,))


def test_given_taken_answered_and_only_then_purged(trip: Trip):
    done = trip.export(to="KURIR CONTOH")
    assert (set(done.packets), done.fault, done.damaged) == (sent(trip), None, ())
    for sha256 in done.packets:
        assert (trip.stick / "packets" / f"{sha256}.ktp").read_bytes() == trip.outbox.read(sha256)
        entry = trip.outbox.entry(sha256)
        assert (entry.state, entry.handed_over_to) == (PacketState.SEALED, "KURIR CONTOH")
    assert [given.number for given in trip.check().open] == [1]

    assert accept(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW).packets == done.packets
    custody = trip.check()
    assert custody.sound
    assert custody.open == ()
    assert [(one.act, one.by) for one in custody.hand_overs] == [
        ("given", trip.unit.name),
        ("taken", "KURIR CONTOH"),
    ]

    trip.answer(done.packets[0])
    trip.answer(done.packets[1], status=CentralStatus.DUPLICATE_RECORD)
    assert [(one.sha256, one.accepted) for one in trip.receipts()] == [
        (done.packets[0], True),
        (done.packets[1], False),
    ]
    assert trip.outbox.entry(done.packets[0]).state is PacketState.RECEIVED
    trip.outbox.purge(done.packets[0])
    assert trip.receipts() == []


def test_a_second_export_carries_only_what_is_new(trip: Trip):
    trip.export()
    new = put_packet(trip.outbox, PACKETS)
    done = trip.export()
    assert done.packets == (new,)
    assert trip.export().packets == ()
    assert len(trip.check().hand_overs) == 2


def test_another_stick_carries_only_what_none_carries_unless_told(trip: Trip, tmp_path: Path):
    trip.export()
    trip.stick = tmp_path / "second"
    trip.stick.mkdir()
    assert trip.export().packets == ()
    assert set(trip.export(again=True).packets) == sent(trip)


def test_custody_goes_from_hand_to_hand(trip: Trip):
    packets = trip.export().packets
    centre = Hand("PUSAT", trip.courier.sign)
    assert give(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW).packets == ()
    accept(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW)
    assert give(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW, to="PUSAT").packets == packets
    assert accept(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW).packets == ()
    accept(trip.stick, hand=centre, trust=trip.trust, at=NOW)
    assert "line 4" in trip.check().fault  # PUSAT's name, the courier's key


def test_an_officers_card_countersigns(trip: Trip):
    trip.export()
    card = HeldCard()
    trip.trust = Trust(trip.keys.device_anchors)
    with pytest.raises(CardRefusedError, match="2 tries"):
        accept(trip.stick, hand=hand_of_card(card, pin="000000"), trust=trip.trust, at=NOW)
    assert len(trip.check().hand_overs) == 1
    accept(trip.stick, hand=hand_of_card(card, pin=PIN), trust=trip.trust, at=NOW)
    assert trip.check().hand_overs[1].taker == "PETUGAS CONTOH"
    assert trip.check().sound
    card.inserted = False
    with pytest.raises(CardRefusedError, match="no card"):
        hand_of_card(card, pin=PIN)


def test_a_taker_whom_nobody_vouches_for_is_named(trip: Trip):
    trip.export()
    stranger, _ = courier("KURIR CONTOH")
    accept(trip.stick, hand=hand_of_key(stranger), trust=trip.trust, at=NOW)
    assert "custody.jsonl, line 2" in trip.check().fault


def test_what_did_not_arrive_whole_is_not_signed_for(trip: Trip):
    first, second, *_ = trip.export().packets
    (trip.stick / "packets" / f"{first}.ktp").write_bytes(b"rotten")
    (trip.stick / "packets" / f"{second}.ktp").unlink()
    assert set(accept(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW).damaged) == {first, second}
    custody = trip.check()
    assert set(custody.missing) == {first, second}
    assert not custody.sound
    assert len(custody.hand_overs) == 1


def edited(line: bytes, change: Callable[[dict], dict]) -> bytes:
    body, _, signature = line.partition(b"\t")
    return json.dumps(change(json.loads(body)), separators=(",", ":")).encode() + b"\t" + signature


FORGERIES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a packet left out": lambda lines: [
        edited(lines[0], lambda body: body | {"packets": body["packets"][1:]}),
        *lines[1:],
    ],
    "another time": lambda lines: [
        edited(lines[0], lambda b: b | {"at": "2020-01-01T00:00:00+00:00"}),
        lines[1],
    ],
    "the first line removed": lambda lines: lines[1:],
    "a line twice": lambda lines: [*lines, lines[1]],
    "lines exchanged": lambda lines: lines[::-1],
    "cut within a line": lambda lines: [lines[0], lines[1][:-9]],
    "not JSON": lambda lines: [b"{\t\n", *lines[1:]],
    "no signature": lambda lines: [lines[0].partition(b"\t")[0] + b"\t\n", lines[1]],
    "spaces": lambda lines: [lines[0].replace(b",", b", ", 1), lines[1]],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_changed_ledger_is_refused_and_gets_no_further_line(trip: Trip, forgery: str):
    trip.export()
    accept(trip.stick, hand=trip.courier, trust=trip.trust, at=NOW)
    path = trip.stick / LEDGER
    path.write_bytes(b"".join(FORGERIES[forgery](path.read_bytes().splitlines(keepends=True))))
    before = path.read_bytes()
    assert "custody.jsonl, line" in trip.check().fault
    put_packet(trip.outbox, PACKETS)
    assert isinstance(trip.export().fault, PacketFault)
    assert path.read_bytes() == before


def test_another_units_authority_brings_nothing_in(trip: Trip):
    trip.export()
    _, authority = courier("UNIT LAIN")
    assert "known anchor" in check(trip.stick, Trust((authority,))).fault


def test_foreign_files_are_passed_over_and_a_packet_nobody_signed_for_is_told(trip: Trip):
    (trip.stick / "LIBURAN.JPG").write_bytes(b"holiday")
    trip.export()
    packets = trip.stick / "packets"
    (packets / "System Volume Information").mkdir()
    (packets / "._x.ktp").write_bytes(b"")
    assert trip.check().sound
    (packets / f"{'ab' * 32}.ktp").write_bytes(b"smuggled")
    assert trip.check().stray == ("ab" * 32,)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (errno.ENOSPC, StickFault.FULL),
        (errno.EROFS, StickFault.READ_ONLY),
        (errno.EIO, StickFault.REMOVED),
        (errno.ENODEV, StickFault.REMOVED),
    ],
)
def test_a_full_read_only_or_pulled_stick_is_told_and_nothing_is_marked(trip: Trip, monkeypatch, code, fault):
    def broken(path: Path, data: bytes) -> None:
        raise OSError(code, "no")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.courier.stick.write_atomic", broken)
        done = trip.export()
    assert (done.packets, done.fault) == ((), fault)
    assert all(entry.handed_over_at is None for entry in trip.outbox.entries())
    assert set(trip.export().packets) == sent(trip)


def test_what_fits_on_a_stick_that_fills_up_is_handed_over(trip: Trip, monkeypatch):
    written = atomic.write_atomic

    def fills_up(path: Path, data: bytes) -> None:
        if len(list(path.parent.glob("*.ktp"))) == 2:
            raise OSError(errno.ENOSPC, "full")
        written(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.courier.stick.write_atomic", fills_up)
        done = trip.export()
    assert (len(done.packets), done.fault) == (2, StickFault.FULL)
    assert trip.check().sound
    assert {e.sha256 for e in trip.outbox.entries() if e.handed_over_at} == set(done.packets)
    assert set(trip.export().packets) == sent(trip) - set(done.packets)


class Pulled(BaseException):
    """The process dies with the power that the stick hung on."""


@pytest.mark.parametrize("moment", range(2 * (PACKETS + 1)))
def test_pulled_at_any_moment_both_sides_stay_right(trip: Trip, monkeypatch, moment: int):
    renamed, left = Path.replace, moment // 2

    def torn(path: Path, target: Path) -> Path:
        nonlocal left
        if trip.stick in path.parents:
            left -= 1
            if left < 0:
                if moment % 2:
                    renamed(path, target)
                raise Pulled
        return renamed(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", torn)
        with pytest.raises(Pulled):
            trip.export()
    custody = trip.check()
    assert not custody.fault
    assert custody.missing == ()
    named = {sha256 for one in custody.hand_overs for sha256 in one.packets}
    marked = {entry.sha256 for entry in trip.outbox.entries() if entry.handed_over_at}
    assert marked <= named
    trip.export()
    assert trip.check().sound
    assert {sha256 for one in trip.check().hand_overs for sha256 in one.packets} == sent(trip)
    assert trip.outbox.count(PacketState.SEALED) == PACKETS


def test_a_stick_that_keeps_other_bytes_is_found_at_once(trip: Trip, monkeypatch):
    written = atomic.write_atomic
    monkeypatch.setattr("kiosk.courier.stick.write_atomic", lambda path, data: written(path, data[:-1] + b"?"))
    assert trip.export().fault is StickFault.MISWRITTEN


def test_a_rotten_packet_stays_and_is_named(trip: Trip, tmp_path: Path):
    rotten = trip.outbox.pending()[0].sha256
    (tmp_path / "outbox" / f"{rotten}.ktp").write_bytes(b"rotten")
    done = trip.export()
    assert done.damaged == (rotten,)
    assert set(done.packets) == sent(trip) - {rotten}


def test_no_folder_is_a_stick_that_was_pulled(trip: Trip):
    trip.stick = trip.stick / "gone"
    assert trip.export().fault is StickFault.REMOVED
    assert not trip.stick.exists()


def test_forged_foreign_and_stale_receipts_are_refused(trip: Trip):
    first, second, third, _ = trip.export().packets
    stranger, _ = courier("PUSAT PALSU")
    trip.answer(first, signer=stranger)
    trip.answer(second)
    packets = trip.stick / "packets"
    (packets / f"{second}.receipt").replace(packets / f"{third}.receipt")
    trip.answer("cd" * 32)
    assert [(one.sha256, bool(one.fault)) for one in trip.receipts()] == [(first, True), (third, True)]
    assert trip.outbox.count(PacketState.SEALED) == PACKETS


def test_a_receipt_from_before_the_sealing_is_refused_where_the_clock_was_vouched_for(trip: Trip):
    contents = replace(made_contents(finger_size=(48, 64)), sealed_at=NOW)
    packet = seal(contents, signer=trip.keys.device, recipients=[trip.keys.recipient])
    vouched, unvouched = (
        trip.outbox.put(
            sealed_by_clock(packet.data, trip.keys, trust),
            enrollment_id=f"E-{trust}",
            nik_hash=packet.nik_hash,
            sealed_at=packet.sealed_at,
        )
        for trust in (ClockTrust.NETWORK, ClockTrust.UNTRUSTED)
    )
    trip.export()
    for sha256 in (vouched, unvouched):
        trip.answer(sha256, after=dt.timedelta(minutes=-1))
    taken = {one.sha256: one for one in trip.receipts()}
    assert "or later" in taken[vouched].fault
    assert trip.outbox.entry(vouched).state is PacketState.SEALED
    assert trip.outbox.entry(unvouched).state is PacketState.RECEIVED


def test_the_receiver_answers_the_stick_itself(trip: Trip, keys_folder: Path):
    contents = replace(made_contents(), sealed_at=NOW)
    packet = seal(contents, signer=trip.keys.device, recipients=[trip.keys.recipient])
    trip.outbox.put(packet.data, enrollment_id="E", nik_hash=packet.nik_hash, sealed_at=packet.sealed_at)
    trip.export()
    # the made-up ones are refused, and that too is an answer
    assert main(["receive", "--store", f"file://{trip.stick}", "--keys", str(keys_folder), "--once"]) == 1
    taken = {one.sha256: one for one in trip.receipts()}
    assert len(taken) == PACKETS + 1
    assert [one.sha256 for one in taken.values() if one.accepted] == [packet.sha256]
    assert trip.check().sound


def test_the_commands_and_openssl_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    provision_development(tmp_path / "var" / "keys")
    config = tmp_path / "kiosk.toml"
    config.write_text(f'[paths]\ndata = "{tmp_path}/var"\nkeys = "{tmp_path}/var/keys"\n')
    with closing(Outbox(DataFolder(tmp_path / "var").outbox)) as outbox:
        put_packet(outbox, 1)
    stick = tmp_path / "stick"
    stick.mkdir()
    with_config = ("--config", str(config), "--json")
    assert main(["export", str(stick), "--to", "KURIR CONTOH", *with_config]) == 0
    assert len(json.loads(capsys.readouterr().out)["packets"]) == 1
    assert '"event":"exported"' in (tmp_path / "var" / "audit.jsonl").read_text()

    body, _, signature = (stick / LEDGER).read_bytes().rstrip(b"\n").partition(b"\t")
    (tmp_path / "line").write_bytes(body)
    (tmp_path / "line.p7s").write_bytes(base64.b64decode(signature))
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "line.p7s", "-content", "line"]
    anchors = tmp_path / "var" / "keys" / "ca" / "device_ca.pem"
    command = [*verify, "-CAfile", str(anchors), "-purpose", "any", "-out", "/dev/null"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert main(["export", "accept", str(stick), *with_config]) == 2
    assert main(["export", "carry", str(stick), *with_config]) == 2
    receiver = tmp_path / "var" / "keys" / "receiver"
    signing = ("--key", str(receiver / "key.pem"), "--certificate", str(receiver / "certificate.pem"))
    assert main(["export", "accept", str(stick), *signing, *with_config]) == 0  # not this name's
    capsys.readouterr()
    assert main(["export", "check", str(stick), *with_config]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["open"], told["sound"]) == ([1], True)
    assert main(["export", "receipts", str(stick), *with_config]) == 0
    assert main(["export", "check", str(stick / "gone"), "--config", str(config)]) == 1
