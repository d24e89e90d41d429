"""The reference receiver: one accepted packet for each person, and a signed answer to everything."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.receipts import CentralStatus
from kiosk.packet.seal import SealedPacket
from kiosk.security.keys import provision_development
from kiosk.storage.outbox import PacketState
from kiosk.uplink.receiver import Broken, Judgement, Unread
from kiosk.uplink.store import LARGEST_PACKET_BYTES
from tests.packet.made_packets import read_keys
from tests.uplink.conftest import Line
from tests.uplink.stores import Choosy


def answers(line: Line) -> dict[str, Judgement]:
    told = line.receiver().run_once()
    return {answer.receipt.packet_sha256: answer for answer in told if isinstance(answer, Judgement)}


def deliver(line: Line, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    line.store.put_packet(sha256, data)
    return sha256


def test_a_second_recording_of_a_person_is_refused(line: Line, packet: SealedPacket, seal_for):
    deliver(line, packet.data)
    assert answers(line)[packet.sha256].receipt.status.accepts
    second = seal_for(4)
    line.put(second)
    line.send()
    receipt = answers(line)[second.sha256].receipt
    assert receipt.status is CentralStatus.DUPLICATE_RECORD
    assert packet.sha256 in receipt.detail
    line.send()
    assert line.outbox.entry(second.sha256).state is PacketState.REJECTED


def test_a_deletion_letter_brings_a_second_recording_before_a_person(
    line: Line, packet: SealedPacket, seal_for
):
    deliver(line, packet.data)
    answers(line)
    second = seal_for(5, deletion_letter="470/12/2026")
    deliver(line, second.data)
    assert answers(line)[second.sha256].receipt.status is CentralStatus.ADJUDICATE_RECORD


def test_two_people_are_no_duplicates(line: Line, packet: SealedPacket, seal_for):
    other = seal_for(6, nik="3503111708010006")
    for each in (packet, other):
        deliver(line, each.data)
    assert all(answer.receipt.status.accepts for answer in answers(line).values())


def test_two_receivers_answer_once(line: Line, packet: SealedPacket):
    deliver(line, packet.data)
    first, second = line.receiver().run_once(), line.receiver().run_once()
    assert [len(list(each)) for each in (first, second)] == [1, 0]


def test_a_receiver_that_died_before_its_receipt_answers_the_same_again(line: Line, packet: SealedPacket):
    deliver(line, packet.data)
    line.receiver().judge(packet.sha256, packet.data)
    assert answers(line)[packet.sha256].receipt.status is CentralStatus.RECEIVED_AT_CENTRAL


def test_a_packet_the_store_does_not_give_holds_up_no_others(line: Line, seal_for, tmp_path):
    """Its volume is lost, say. Its unit keeps it until there is a receipt."""
    packets = sorted((seal_for(50 + n, nik=f"350311170801005{n}") for n in range(3)), key=lambda p: p.sha256)
    for each in packets:
        deliver(line, each.data)
    first = packets[0].sha256
    receiver = replace(line.receiver(), store=Choosy(tmp_path / "store", {first}))
    unread, *answered = receiver.run_once()
    assert unread == Unread(first, "503")
    assert all(isinstance(each, Judgement) and each.receipt.status.accepts for each in answered)
    assert len(answered) == 2
    assert list(receiver.run_once()) == [Unread(first, "503")]
    assert list(answers(line)) == [first]


def test_parts_that_cannot_be_joined_hold_up_no_others(line: Line, packet: SealedPacket, seal_for, tmp_path):
    in_parts = seal_for(60, nik="3503111708010060")
    half = len(in_parts.data) // 2
    for number, part in ((1, in_parts.data[:half]), (2, in_parts.data[half:])):
        line.store.put_part(in_parts.sha256, number, 2, part)
    deliver(line, packet.data)
    receiver = replace(line.receiver(), store=Choosy(tmp_path / "store", {in_parts.sha256}))
    unread, answered = receiver.run_once()
    assert unread == Unread(in_parts.sha256, "503")
    assert isinstance(answered, Judgement)
    assert list(answers(line)) == [in_parts.sha256]


def test_a_damaged_packet_gets_a_signed_refusal_that_names_the_damage(line: Line, packet: SealedPacket):
    sha256 = deliver(line, packet.data[:5000])
    receipt = answers(line)[sha256].receipt
    assert receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
    assert "the end after 5000 bytes" in receipt.detail


def test_bytes_that_are_not_the_packet_they_are_named_as_get_no_receipt(line: Line, packet: SealedPacket):
    """A broken line left them. There is nothing to sign for, and the unit's own bytes may still come."""
    line.store.put_packet(packet.sha256, packet.data[:9000])
    assert list(line.receiver().run_once()) == [Broken(packet.sha256, "9000 bytes of another hash")]
    assert line.store.receipt(packet.sha256) is None
    line.put(packet)
    line.send()
    assert answers(line)[packet.sha256].receipt.status.accepts


def test_a_unit_cannot_speak_for_another(line: Line, tmp_path, seal_for):
    """Its certificate holds, but under a name that is not its own."""
    provision_development(tmp_path / "other", unit_id="KIOS-02")
    other = read_keys(tmp_path / "other")
    packet = seal_for(9, signer=other.device)
    trusting = replace(line.receiver(), device_anchors=other.device_anchors)
    judgement = trusting.judge(packet.sha256, packet.data)
    assert judgement.receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
    assert judgement.receipt.detail == "the certificate is KIOS-02's, not KIOS-01's"


def test_an_object_larger_than_any_packet_is_not_read(line: Line, tmp_path):
    (tmp_path / "store/packets").mkdir(parents=True)
    with (tmp_path / f"store/packets/{'ab' * 32}.ktp").open("wb") as sparse:
        sparse.truncate(40_000_000_000)
    (broken,) = line.receiver().run_once()
    assert broken == Broken("ab" * 32, f"40000000000 bytes; allowed: {LARGEST_PACKET_BYTES}")


def test_a_zip_bomb_is_refused_as_the_bytes_it_is(line: Line):
    """Nothing in a packet is compressed: what inflates to 200 times its size is no archive, and stays small."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("payload.age", bytes(20_000_000))
    assert len(bomb.getvalue()) < 100_000
    sha256 = deliver(line, bomb.getvalue())
    receipt = answers(line)[sha256].receipt
    assert receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
    assert line.store.receipt(sha256) is not None
    assert list(line.receiver().run_once()) == []


def test_a_header_that_claims_gigabytes_is_held_against_what_is_there(line: Line):
    """The bomb of an uncompressed archive: 8 GB less one byte announced (ustar: eleven octal digits)."""
    whole = bytearray(write_archive({"payload.age": b"x"}))
    whole[124:136] = b"77777777777\0"
    whole[148:156] = b" " * 8
    whole[148:156] = b"%06o\0 " % sum(whole[:512])
    sha256 = deliver(line, bytes(whole))
    receipt = answers(line)[sha256].receipt
    assert receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
    assert "payload.age to end at byte 8589935103" in receipt.detail


def test_a_packet_sealed_to_the_last_recipient_opens_after_the_rotation(line: Line, packet: SealedPacket):
    deliver(line, packet.data)
    after = replace(line.receiver(), identities=(type(line.keys.identity).generate(), line.keys.identity))
    (judgement,) = after.run_once()
    assert isinstance(judgement, Judgement)
    assert judgement.receipt.status is CentralStatus.RECEIVED_AT_CENTRAL


def test_a_claim_that_broke_off_is_taken_over(line: Line, packet: SealedPacket, tmp_path):
    """A receiver died while it wrote: nobody has this person's place."""
    deliver(line, packet.data)
    (tmp_path / "store/accepted").mkdir()
    (tmp_path / f"store/accepted/{packet.nik_hash}").write_text(packet.sha256[:20])
    assert answers(line)[packet.sha256].receipt.status is CentralStatus.RECEIVED_AT_CENTRAL


def test_a_receipt_that_broke_off_is_written_again(line: Line, packet: SealedPacket, tmp_path):
    deliver(line, packet.data)
    (tmp_path / f"store/packets/{packet.sha256}.receipt").write_bytes(bytes(700))
    assert answers(line)[packet.sha256].receipt.status.accepts
    assert list(line.receiver().run_once()) == []


def test_a_payload_for_another_centre_is_refused(line: Line, packet: SealedPacket, tmp_path):
    stranger = replace(line.receiver(), identities=(type(line.keys.identity).generate(),))
    judgement = stranger.judge(packet.sha256, packet.data)
    assert judgement.receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
    assert judgement.receipt.detail.startswith("payload.age: ")


def test_false_contents_are_refused_with_the_checks_names_only(line: Line, packet: SealedPacket):
    """The receipt lies in the store for others to read; what exactly is wrong stays with the centre."""
    suspicious = replace(line.receiver(), nik_hash=lambda _nik: "0" * 64)
    judgement = suspicious.judge(packet.sha256, packet.data)
    assert judgement.receipt.detail == "failed: nik_hash"
    assert [check.name for check in judgement.checks if not check.passed] == ["nik_hash"]


def test_a_refused_packet_does_not_take_the_persons_place(line: Line, packet: SealedPacket):
    replace(line.receiver(), nik_hash=lambda _nik: "0" * 64).judge(packet.sha256, packet.data)
    assert line.store.claim(packet.nik_hash, "ab" * 32) == "ab" * 32


def test_other_objects_in_the_store_are_left_alone(line: Line, packet: SealedPacket, tmp_path):
    deliver(line, packet.data)
    (tmp_path / "store/packets/notes.txt").write_text("x")
    (tmp_path / "store/packets/ABC.ktp").write_text("x")
    assert list(answers(line)) == [packet.sha256]


def test_the_header_cannot_be_swapped_for_another_persons(line: Line, packet: SealedPacket, seal_for):
    other = seal_for(7, nik="3503111708010007")
    members, others = (read_archive(p.data, where="packet") for p in (packet, other))
    assert isinstance(members, dict)
    assert isinstance(others, dict)
    sha256 = deliver(line, write_archive(members | {"header.json": others["header.json"]}))
    assert answers(line)[sha256].receipt.status is CentralStatus.ENROLL_FAILURE_AT_CENTRAL
