"""One made-up enrollment with drawn images, and what is needed to seal and open it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyrage
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.enrollment.person import BloodType, Citizenship, MaritalStatus, Person, Religion, Sex
from kiosk.enrollment.positions import FINGERS, IRISES, Position
from kiosk.enrollment.quality_report import QualityReport
from kiosk.enrollment.record import (
    BiometricException,
    Capturer,
    ChainLink,
    ClockTrust,
    Enrollment,
    ExceptionReason,
    ImageRef,
    Language,
    Sample,
    Stage,
    Stamp,
    Verification,
)
from kiosk.packet.cms import DeviceSigner
from kiosk.packet.contents import PacketContents, UnitInfo
from kiosk.packet.envelope import Envelope, check_envelope, close_envelope
from kiosk.packet.open import read_identity
from kiosk.security.nik_hash import nik_hash

NIK = "3503115708010001"
NIK_KEY = bytes(range(32))
SEALED_AT = dt.datetime(2026, 3, 2, 3, 4, 5, tzinfo=dt.UTC)

PERSON = Person(
    nik=NIK,
    kk="3503110101100001",
    name="CONTOH SATU",
    birth_place="TRENGGALEK",
    birth_date=dt.date(2001, 8, 17),
    sex=Sex.FEMALE,
    religion=Religion.ISLAM,
    marital_status=MaritalStatus.BELUM_KAWIN,
    occupation="PELAJAR/MAHASISWA",
    citizenship=Citizenship.WNI,
    blood_type=BloodType.TIDAK_TAHU,
    address="JL. CONTOH NO. 1",
    rt="001",
    rw="002",
    region_code="35.03.11.1005",
)


def stamp(minute: int) -> Stamp:
    return Stamp(SEALED_AT + dt.timedelta(minutes=minute), ClockTrust.OFFICER, minute * 60_000_000_000)


def signer_of(folder: Path) -> DeviceSigner:
    """The signer of a folder that holds key.pem and certificate.pem."""
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    return DeviceSigner(key, tuple(x509.load_pem_x509_certificates((folder / "certificate.pem").read_bytes())))


@dataclass(frozen=True)
class Keys:
    folder: Path
    device: DeviceSigner
    receiver: DeviceSigner
    device_anchors: tuple[x509.Certificate, ...]
    receiver_anchors: tuple[x509.Certificate, ...]
    recipient: str
    identity: pyrage.x25519.Identity


def sealed_by_clock(data: bytes, keys: Keys, trust: ClockTrust) -> bytes:
    """The packet as it is when its clock was vouched for so, or by nobody."""
    envelope = check_envelope(data, anchors=keys.device_anchors)
    assert isinstance(envelope, Envelope)
    return close_envelope(replace(envelope.header, clock_trust=trust), envelope.ciphertext, signer=keys.device)


def read_keys(folder: Path) -> Keys:
    return Keys(
        folder=folder,
        device=signer_of(folder / "device"),
        receiver=signer_of(folder / "receiver"),
        device_anchors=tuple(x509.load_pem_x509_certificates((folder / "ca/device_ca.pem").read_bytes())),
        receiver_anchors=tuple(x509.load_pem_x509_certificates((folder / "ca/receiver_ca.pem").read_bytes())),
        recipient=(folder / "centre/recipient.txt").read_text().strip(),
        identity=read_identity((folder / "centre/identity.txt").read_text()),
    )


class Blobs(dict[str, bytes]):
    """Stored bytes by content; `png` and `json` add one and give its reference."""

    def png(self, pixels: np.ndarray, dpi: int | None) -> ImageRef:
        data = cv2.imencode(".png", pixels)[1].tobytes()
        return self._add(data, "image/png", pixels.shape[1], pixels.shape[0], dpi)

    def json(self, value: object) -> ImageRef:
        return self._add(json.dumps(value).encode(), "application/json", 724, 300, None)

    def _add(self, data: bytes, media_type: str, width: int, height: int, dpi: int | None) -> ImageRef:
        digest = hashlib.sha256(data).hexdigest()
        self[digest] = data
        return ImageRef(digest, media_type, width, height, dpi)


def ridges(seed: int, *, width: int = 160, height: int = 200) -> np.ndarray:
    """A grey picture of curved ridges nine pixels apart, as a finger has them at 500 ppi."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(seed)
    centre_x, centre_y = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.3, 0.7)
    waves = 128 + 90 * np.cos(2 * np.pi * np.hypot(x - centre_x, 0.7 * (y - centre_y)) / 9)
    return np.clip(waves + rng.normal(0, 6, waves.shape), 0, 255).astype(np.uint8)


def portrait() -> np.ndarray:
    picture = np.full((200, 150, 3), (40, 40, 200), np.uint8)
    cv2.ellipse(picture, (75, 100), (40, 55), 0, 0, 360, (120, 160, 200), -1)
    return picture


def strokes() -> dict[str, object]:
    points = [
        [100 + 20 * i, 400 + 7 * (i % 9), 5_000_000_000 + i * 7_500_000, 0 if i % 40 == 39 else 300 + i]
        for i in range(120)
    ]
    return {"width": 4000, "height": 2000, "max_pressure": 1023, "units_per_mm": 39.37, "points": points}


def scribble() -> np.ndarray:
    picture = np.full((300, 724), 255, np.uint8)
    cv2.line(picture, (40, 150), (650, 120), 0, 3, cv2.LINE_AA)
    return picture


def template(seed: int, *, width: int = 160, height: int = 200) -> Template:
    rng = np.random.default_rng(seed)
    minutiae = (
        Minutia(
            int(rng.integers(width)),
            int(rng.integers(height)),
            int(rng.integers(256)),
            MinutiaType(int(rng.integers(1, 3))),
            80 - number,
        )
        for number in range(30)
    )
    return Template(tuple(minutiae), width, height)


def report(position: Position, score: int | None = 61) -> QualityReport:
    return QualityReport(position.modality, position, score, "made-up/1", {"contrast_percent": 54.5})


def made_contents(
    *, finger_size: tuple[int, int] = (160, 200), missing: Position | None = None
) -> PacketContents:
    """A finalised enrollment: all positions, but the left little finger is excepted."""
    blobs = Blobs()
    samples: list[Sample] = []
    links: list[ChainLink] = []
    chain = hashlib.sha256(b"").digest()
    capturer = Capturer("Contoh", "SLAP-1", "0001")
    width, height = finger_size
    for position in (*FINGERS[:-1], *IRISES):
        dpi = 500 if position in FINGERS else None
        image = blobs.png(ridges(position.iso_code, width=width, height=height), dpi)
        record = hashlib.sha256(position.encode()).digest()
        chain = hashlib.sha256(chain + record).digest()
        links.append(ChainLink(position, record.hex(), chain.hex().upper()))
        samples.append(
            Sample(position, image, report(position), 1, False, capturer, record.hex(), chain.hex().upper())
        )
    face = blobs.png(portrait(), None)
    ink, path = blobs.png(scribble(), None), blobs.json(strokes())
    samples.append(Sample(Position.FACE, face, report(Position.FACE, None), 2, True, capturer))
    signature = Sample(Position.SIGNATURE, ink, report(Position.SIGNATURE), 1, False, capturer, strokes=path)
    enrollment = Enrollment(
        id="0190d7a0-0000-7000-8000-000000000001",
        language=Language.JAVANESE,
        stage=Stage.FINALISED,
        started=stamp(-9),
        notice_version="2026-1",
        person=PERSON,
        identified_by="ticket",
        pending=(),
        exceptions=(
            BiometricException(Position.LEFT_LITTLE, ExceptionReason.AMPUTATED, "P-17", "S-02", "SK/1/2026"),
        ),
        verifications=(Verification(Position.RIGHT_INDEX, 83.0, True, "made-up/1"),),
        links=tuple(links),
        approval=signature,
        officer="P-17",
        finalised=stamp(-1),
        override="wajah cukup jelas",
    ).with_samples(tuple(s for s in (*samples, signature) if s.position is not missing))
    return PacketContents(
        enrollment=enrollment,
        blobs=blobs,
        unit=UnitInfo("KIOS-01", "35.03", "0.1.0"),
        sealed_at=stamp(0),
        nik_hash=nik_hash(NIK, key=NIK_KEY),
        journal_digest=hashlib.sha256(b"journal").hexdigest(),
        timings={"capture": 214.5, "review": 31.0},
        templates={finger: template(finger.iso_code) for finger in FINGERS[:-1]},
        captured_at={Position.FACE: SEALED_AT - dt.timedelta(minutes=6)},
    )
