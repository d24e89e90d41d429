"""Any objects at all in the store, before the receiver: each is answered or told, none is accepted that no unit
sealed, and the others go on.

An input is read as objects one after another: a kind, three bytes of length, the content.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum
from functools import partial

import obstore
import pyrage
from obstore.store import MemoryStore

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.cms import sign_detached
from kiosk.packet.envelope import Envelope, check_envelope, close_envelope
from kiosk.packet.receipts import CentralStatus, verify_receipt
from kiosk.packet.seal import CONTENTS, CONTENTS_SIGNATURE
from kiosk.security.nik_hash import nik_hash
from kiosk.uplink.receiver import Broken, Judgement, Receiver
from kiosk.uplink.store import PacketStore
from tests.packet.made_packets import NIK_KEY, SEALED_AT, Keys

_HEAD_BYTES = 4
_MISNAMED = "ab" * 32
_NOW = SEALED_AT + dt.timedelta(hours=5)


class Kind(IntEnum):
    """What whoever can write to the store puts there; the signed ones are a unit's that went bad."""

    PACKET = 0
    IN_PARTS = 1
    MISNAMED = 2
    ODD_PART = 3
    STRAY = 4
    SIGNED_PAYLOAD = 5
    SIGNED_CONTENTS = 6


def framed(*objects: tuple[Kind, bytes]) -> bytes:
    """The input that is read as these."""
    return b"".join(bytes((kind,)) + len(data).to_bytes(3, "big") + data for kind, data in objects)


def receiver_seeds(sealed: bytes, keys: Keys) -> tuple[bytes, ...]:
    plain = pyrage.decrypt(_opened(sealed, keys).ciphertext, [keys.identity])
    inner = read_archive(plain, where="payload")
    assert isinstance(inner, dict)
    return (
        framed((Kind.PACKET, sealed)),
        framed((Kind.IN_PARTS, sealed), (Kind.ODD_PART, b"123")),
        framed((Kind.SIGNED_PAYLOAD, plain)),
        framed((Kind.SIGNED_CONTENTS, inner[CONTENTS])),
        framed(*((kind, b"x" * kind) for kind in Kind)),
    )


class AnyStore:
    """sealed: by the unit; accepted when it is among the objects."""

    def __init__(self, sealed: bytes, keys: Keys) -> None:
        self._keys = keys
        self._sealed = _opened(sealed, keys)
        strangers = (_to_a_stranger(self._sealed, keys, number) for number in range(2))
        self._others = {_digest(data): data for data in strangers}

    def __call__(self, data: bytes) -> None:
        self.answers(data)

    def answers(self, data: bytes) -> dict[str, CentralStatus]:
        """By SHA-256 of the packets that have one. Raises AssertionError for one that should not be."""
        store = MemoryStore()
        signed = {self._sealed.sha256} | _fill(store, data, self._sealed, self._keys)
        for sha256, other in self._others.items():
            obstore.put(store, f"packets/{sha256}.ktp", other)
        receiver = _receiver(PacketStore(store), self._keys)
        told = list(receiver.run_once())
        receipts = [each.receipt for each in told if isinstance(each, Judgement)]
        assert all(each == Broken(_MISNAMED, each.found) for each in told if not isinstance(each, Judgement)), (
            told
        )
        assert all(receipt.packet_sha256 in signed or not receipt.status.accepts for receipt in receipts), (
            receipts
        )
        assert set(receiver.store.unanswered()) <= {_MISNAMED}
        statuses = {receipt.packet_sha256: receipt.status for receipt in receipts}
        assert statuses.keys() >= self._others.keys(), "the others did not go on"
        for receipt in receipts:
            kept = receiver.store.receipt(receipt.packet_sha256)
            assert kept is not None
            anchors = self._keys.receiver_anchors
            assert verify_receipt(kept, packet_sha256=receipt.packet_sha256, anchors=anchors) == receipt
        return statuses


def _fill(store: MemoryStore, data: bytes, envelope: Envelope, keys: Keys) -> set[str]:
    """SHA-256 of the packets among the objects that the unit signed."""
    signed = set()
    for number, (kind, content) in enumerate(_objects(data)):
        if kind in (Kind.SIGNED_PAYLOAD, Kind.SIGNED_CONTENTS):
            packet = _closed(envelope, _payload(kind, content, keys), keys, keys.recipient)
            signed.add(_digest(packet))
            objects = {f"packets/{_digest(packet)}.ktp": packet}
        else:
            objects = _unsigned(kind, content, number)
        for path, put in objects.items():
            obstore.put(store, path, put)
    return signed


def _unsigned(kind: Kind, content: bytes, number: int) -> dict[str, bytes]:
    name, half = _digest(content), len(content) // 2
    match kind:
        case Kind.PACKET:
            return {f"packets/{name}.ktp": content}
        case Kind.IN_PARTS:
            first, second = content[:half], content[half:]
            return {f"parts/{name}/00002-00001": first, f"parts/{name}/00002-00002": second}
        case Kind.MISNAMED:
            return {f"packets/{_MISNAMED}.ktp": content}
        case Kind.ODD_PART:
            return {f"parts/{_MISNAMED}/{len(content) % 4:05}-{number % 5:05}": content}
        case _:
            folder = ("packets", "parts", "accepted")[number % 3]
            return {f"{folder}/{content[:40].hex() or number}": content}


def _payload(kind: Kind, content: bytes, keys: Keys) -> bytes:
    if kind is Kind.SIGNED_PAYLOAD:
        return content
    return write_archive({CONTENTS: content, CONTENTS_SIGNATURE: sign_detached(content, keys.device)})


def _objects(data: bytes) -> Iterator[tuple[Kind, bytes]]:
    while len(data) >= _HEAD_BYTES:
        end = _HEAD_BYTES + int.from_bytes(data[1:_HEAD_BYTES], "big")
        yield Kind(data[0] % len(Kind)), data[_HEAD_BYTES:end]
        data = data[end:]


def _closed(envelope: Envelope, plain: bytes, keys: Keys, recipient: str) -> bytes:
    ciphertext = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)])
    header = replace(envelope.header, ciphertext_sha256=_digest(ciphertext), ciphertext_bytes=len(ciphertext))
    return close_envelope(header, ciphertext, signer=keys.device)


def _to_a_stranger(envelope: Envelope, keys: Keys, number: int) -> bytes:
    """Soon refused, with a signed answer."""
    stranger = str(pyrage.x25519.Identity.generate().to_public())
    return _closed(envelope, b"%d" % number, keys, stranger)


def _receiver(store: PacketStore, keys: Keys) -> Receiver:
    return Receiver(
        store=store,
        identities=(keys.identity,),
        device_anchors=keys.device_anchors,
        signer=keys.receiver,
        receiver_id="PUSAT-CONTOH",
        now=lambda: _NOW,
        nik_hash=partial(nik_hash, key=NIK_KEY),
    )


def _opened(sealed: bytes, keys: Keys) -> Envelope:
    envelope = check_envelope(sealed, anchors=keys.device_anchors)
    assert isinstance(envelope, Envelope)
    return envelope


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
