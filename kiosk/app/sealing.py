"""From a finalised enrollment to a packet in the outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import DataApproved, StepCaptured
from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.record import Enrollment, ImageRef, Stamp
from kiosk.matching.iso19794_2 import FingerRecord, encode
from kiosk.packet.cms import DeviceSigner
from kiosk.packet.contents import PacketContents, UnitInfo
from kiosk.packet.parts import SealError, grey_pixels
from kiosk.packet.seal import seal
from kiosk.quality.minutiae import extract
from kiosk.security.key_faults import KeyStoreError
from kiosk.security.keys import DeviceKeys
from kiosk.security.nik_hash import nik_hash
from kiosk.storage.blobs import BlobStore
from kiosk.storage.gallery import GalleryEntry, TemplateGallery
from kiosk.storage.journal import Journal, JournalEvent
from kiosk.storage.outbox import Outbox
from kiosk.storage.sent import SentRegister


@dataclass(frozen=True, slots=True)
class Sealer:
    """Reads images back, seals, and puts the packet into the outbox; putting it twice changes nothing.

    The fingers' templates stay in the gallery until the packet is purged.
    """

    journal: Journal
    blobs: BlobStore
    outbox: Outbox
    sent: SentRegister
    gallery: TemplateGallery
    keys: DeviceKeys
    unit: UnitInfo

    def seal(self, enrollment: Enrollment, now: Stamp) -> str:
        """The packet's SHA-256. Raises SealError or a storage error; nothing is lost then.

        Outside the time of certificate and list nothing is sealed: the record waits in the journal.

        A packet that a power cut left in the outbox before the journal knew of it is the one: sealing
        again would make other bytes, and two packets of one resident.
        """
        assert enrollment.person is not None  # noqa: S101 - only finalised records are sealed
        hashed = nik_hash(enrollment.person.nik, key=self.keys.nik_hash_key)
        kept = self.outbox.of_enrollment(enrollment.id)
        if kept is not None and kept.nik_hash == hashed:
            self.sent.add(enrollment.person.nik, packet_sha256=kept.sha256, sealed_at=kept.sealed_at)
            return kept.sha256
        if refusal := self.keys.out_of_time(now.at):
            raise SealError(str(refusal))
        events = self.journal.events(enrollment.id)
        blobs = {ref.sha256: self.blobs.get(enrollment.id, ref.sha256) for ref in stored_images(enrollment)}
        contents = PacketContents(
            enrollment=enrollment,
            blobs=blobs,
            unit=self.unit,
            sealed_at=now,
            nik_hash=hashed,
            journal_digest=events[-1].digest,
            timings=timings(events),
            captured_at=captured_at(events),
            templates=templates(enrollment, blobs),
            deletion_letter=self.sent.letter(enrollment.person.nik),
        )
        try:
            packet = seal(
                contents,
                signer=DeviceSigner(self.keys.key, self.keys.chain),
                recipients=self.keys.recipients,
            )
        except KeyStoreError as error:
            raise SealError(f"the device key does not sign: {error}") from error
        entry = gallery_entry(contents.templates, nik_hash=contents.nik_hash)
        self.gallery.put(enrollment.id, entry)  # before the packet: once that is kept, nothing comes here
        self.outbox.put(
            packet.data,
            enrollment_id=packet.enrollment_id,
            nik_hash=packet.nik_hash,
            sealed_at=packet.sealed_at,
        )
        self.sent.add(enrollment.person.nik, packet_sha256=packet.sha256, sealed_at=packet.sealed_at)
        return packet.sha256


def stored_images(enrollment: Enrollment) -> tuple[ImageRef, ...]:
    """Everything of this enrollment that lies in the blob store and belongs in the packet."""
    samples = (*enrollment.samples, *((enrollment.approval,) if enrollment.approval else ()))
    return tuple(ref for sample in samples for ref in (sample.image, sample.strokes) if ref is not None)


def templates(enrollment: Enrollment, blobs: Mapping[str, bytes]) -> Mapping[Position, Template]:
    """The minutiae of each captured finger, from its stored picture. Raises SealError."""
    found: dict[Position, Template] = {}
    for sample in enrollment.samples:
        if sample.position.modality is Modality.FINGERPRINT:
            found[sample.position] = extract(grey_pixels(blobs, sample.image))
    return found


def gallery_entry(fingers: Mapping[Position, Template], *, nik_hash: str) -> GalleryEntry:
    """What the unit keeps to know these fingers again. Raises ValueError beyond what a record holds."""
    return GalleryEntry(nik_hash, encode(*(FingerRecord(t, position) for position, t in fingers.items())))


def timings(events: Sequence[JournalEvent]) -> Mapping[str, float]:
    """Seconds from the fact before to each fact, by the fact's name and, for captures, its step.

    Monotonic readings count within one power-on; across a restart the wall clock has to serve.
    """
    spent: dict[str, float] = {}
    for before, after in pairwise(events):
        fact = fact_from_line(after.event)
        name = f"{type(fact).__name__}:{fact.step}" if isinstance(fact, StepCaptured) else type(fact).__name__
        monotonic_s = (after.stamp.monotonic_ns - before.stamp.monotonic_ns) / 1e9
        wall_s = (after.stamp.at - before.stamp.at).total_seconds()
        spent[name] = round(spent.get(name, 0.0) + (monotonic_s if monotonic_s >= 0 else wall_s), 3)
    return spent


def captured_at(events: Sequence[JournalEvent]) -> Mapping[Position, dt.datetime]:
    """When each kept sample was journaled; a later capture of a position replaces an earlier one."""
    times: dict[Position, dt.datetime] = {}
    for event in events:
        fact = fact_from_line(event.event)
        if isinstance(fact, StepCaptured):
            times |= {sample.position: event.stamp.at for sample in fact.samples}
        elif isinstance(fact, DataApproved):
            times.setdefault(Position.SIGNATURE, event.stamp.at)
    return times
