"""What must hold when a reader is given any bytes at all: an answer that is right or names the fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.cms import verify_cosigned, verify_detached
from kiosk.packet.envelope import Envelope, check_envelope
from kiosk.packet.faults import PacketFault
from kiosk.packet.manifest import FORMAT, Manifest, document, read_document
from kiosk.packet.receipts import Receipt, verify_receipt
from kiosk.packet.records.codestream import Codec, ImageSize, image_size
from kiosk.packet.records.face import decode_face, encode_face
from kiosk.packet.records.finger import decode_finger, encode_finger
from kiosk.packet.records.iris import decode_iris, encode_iris
from kiosk.packet.records.minutiae import decode_template, encode_template
from kiosk.packet.records.reader import RecordFault
from kiosk.packet.records.signature import decode_signature, encode_signature
from kiosk.packet.records.transaction import decode_transaction, encode_transaction
from tests.fuzz.receiver import AnyStore
from tests.fuzz.seeds import CONTENT, Seeds
from tests.packet.made_packets import SEALED_AT

Target = Callable[[bytes], None]


@dataclass(frozen=True)
class Fuzzed:
    """seeds: inputs that read well, from which damaged ones are made."""

    target: Target
    seeds: tuple[bytes, ...]


def targets(seeds: Seeds) -> Mapping[str, Fuzzed]:
    readers: dict[str, Target] = {
        "finger": record_target(decode_finger, encode_finger),
        "iris": record_target(decode_iris, encode_iris),
        "face": record_target(decode_face, encode_face),
        "signature": record_target(decode_signature, encode_signature),
        "template": record_target(decode_template, encode_template),
        "transaction": record_target(decode_transaction, encode_transaction),
        "codestream": _any_codec,
        "archive": _archive,
        "manifest": _manifest,
        "cms": lambda data: _cms(data, seeds),
        "envelope": lambda data: _envelope(data, seeds),
        "receipt": lambda data: _receipt(data, seeds),
        "receiver": AnyStore(*seeds.of["envelope"], seeds.keys),
    }
    return {name: Fuzzed(target, seeds.of[name]) for name, target in readers.items()}


def together(fuzzed: Mapping[str, Fuzzed]) -> Fuzzed:
    """All of them as one: the first byte says whose the rest is."""
    members = tuple(fuzzed.values())

    def check(data: bytes) -> None:
        if data:
            members[data[0] % len(members)].target(data[1:])

    return Fuzzed(check, tuple(bytes((n,)) + seed for n, one in enumerate(members) for seed in one.seeds))


def record_target(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes]) -> Target:
    def check(data: bytes) -> None:
        read = decode(data)
        if isinstance(read, RecordFault):
            assert 0 <= read.offset <= len(data), read
            assert read.reason
        else:
            assert encode(read) == data

    return check


def _any_codec(data: bytes) -> None:
    for codec in Codec:
        size = image_size(data, codec)
        if isinstance(size, RecordFault):
            assert 0 <= size.offset <= len(data), size
        else:
            assert isinstance(size, ImageSize)


def _archive(data: bytes) -> None:
    read = read_archive(data, where="archive")
    if isinstance(read, PacketFault):
        assert read.offset is not None
        assert 0 <= read.offset <= len(data), read
    else:
        assert write_archive(read) == data


def _manifest(data: bytes) -> None:
    read = read_document(Manifest, data, where="manifest.json", format_name=FORMAT)
    if isinstance(read, PacketFault):
        _told(read)
    else:
        assert read_document(Manifest, document(read), where="", format_name=FORMAT) == read


def _cms(data: bytes, seeds: Seeds) -> None:
    anchors = seeds.keys.device_anchors
    signer = verify_detached(CONTENT, data, anchors=anchors, at=SEALED_AT, where="a.p7s")
    if isinstance(signer, PacketFault):
        _told(signer)
    else:
        assert signer == seeds.keys.device.chain[0]
    signers = verify_cosigned(CONTENT, data, where="a.p7s")
    if isinstance(signers, PacketFault):
        _told(signers)


def _envelope(data: bytes, seeds: Seeds) -> None:
    read = check_envelope(data, anchors=seeds.keys.device_anchors)
    if isinstance(read, Envelope):
        assert data in seeds.of["envelope"], "a packet that nobody sealed"
    else:
        _told(read)


def _receipt(data: bytes, seeds: Seeds) -> None:
    read = verify_receipt(data, packet_sha256="ab" * 32, anchors=seeds.keys.receiver_anchors)
    if isinstance(read, Receipt):
        assert data in seeds.of["receipt"], "a receipt that nobody signed"
    else:
        _told(read)


def _told(fault: PacketFault) -> None:
    assert fault.where
    assert fault.found
    assert fault.allowed
