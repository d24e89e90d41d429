"""After sealing the unit holds nothing of a resident that anyone on it could read, and no key to the packet."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyrage
import pytest
from PIL import Image

from kiosk.app.sealing import templates
from kiosk.compose import Unit, assemble, load_keys
from kiosk.config import Config, load
from kiosk.enrollment import facts as f
from kiosk.enrollment.events import ReceiptArrived
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.positions import FINGERS
from kiosk.enrollment.record import Enrollment, Stage
from kiosk.matching.iso19794_2 import decode
from kiosk.packet.archive import read_archive
from kiosk.packet.contents import PacketContents
from kiosk.packet.envelope import PAYLOAD
from kiosk.packet.parts import WSQ_FORMAT, make_parts
from kiosk.packet.profile import FormatProfile
from kiosk.packet.records.finger import Compression
from kiosk.packet.records.iris import ImageFormat
from kiosk.security.keys import provision_development
from kiosk.storage.gallery import GalleryDamaged, GalleryEntry, TemplateGallery
from kiosk.storage.layout import DataFolder
from tests.app.finalised_story import ENROLLMENT_ID, story
from tests.packet.made_packets import PERSON, made_contents, read_keys, stamp

WINDOW = 16
WHOLE_S = 60.0


@dataclass(frozen=True)
class Resident:
    config: Config
    contents: PacketContents

    def secrets(self) -> Mapping[str, bytes]:
        """Everything the packet tells of the resident, in every form the unit ever held it."""
        contents = replace(self.contents, templates=templates(self.contents.enrollment, self.contents.blobs))
        found = {f"blob {sha256}": data for sha256, data in contents.blobs.items()}
        lossless = FormatProfile("lossless", finger=Compression.PNG, iris=ImageFormat.PNG)
        for profile in (FormatProfile(), lossless):
            parts = make_parts(contents, profile)
            found |= {f"{profile.name} {part.path}": part.data for part in parts}
        for sample in contents.enrollment.samples:
            stored = np.frombuffer(contents.blobs[sample.image.sha256], np.uint8)
            pixels = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)
            found[f"pixels of {sample.position}"] = pixels.tobytes()
            if sample.position in FINGERS:
                buffer = io.BytesIO()
                Image.fromarray(pixels).save(buffer, WSQ_FORMAT)
                found[f"WSQ of {sample.position}"] = buffer.getvalue()
        return found


@pytest.fixture
def resident(tmp_path: Path) -> Resident:
    """A record that an officer finalised just before the power went."""
    provision_development(tmp_path / "keys")
    config = replace(
        load(), data=tmp_path / "data", keys=tmp_path / "keys", devices={}, speech="silent", unit_id="UNIT"
    )
    contents = made_contents()
    unit = assemble(config)
    services = unit.controller.services
    for data in contents.blobs.values():
        services.blobs.put(ENROLLMENT_ID, data)
    for number, fact in enumerate(story(contents.enrollment)):
        services.journal.append(ENROLLMENT_ID, fact_to_line(fact), stamp(number - 9))
    unit.stop()
    return Resident(config, contents)


def sealed(unit: Unit) -> Enrollment:
    end = time.monotonic() + WHOLE_S
    while time.monotonic() < end:
        unit.controller.tick()
        (enrollment,) = unit.controller.kiosk.enrollments
        if enrollment.stage is Stage.SEALED and not unit.controller.busy:
            return enrollment
        time.sleep(0.01)
    raise AssertionError(f"not sealed in {WHOLE_S} s")


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def windows(data: bytes) -> Iterator[bytes]:
    """Telling ones only: a run of one shade is in every file."""
    for start in range(0, len(data) - WINDOW + 1, WINDOW):
        window = data[start : start + WINDOW]
        if len(set(window)) >= WINDOW // 2:
            yield window


def leaks(files: Mapping[str, bytes], secrets: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Which file holds any window of which secret, at whatever offset."""
    owners = {window: name for name, data in secrets.items() for window in windows(data)}
    return {
        (path, owners[data[at : at + WINDOW]])
        for path, data in files.items()
        for at in range(len(data) - WINDOW + 1)
        if data[at : at + WINDOW] in owners
    }


def written_secrets() -> tuple[bytes, ...]:
    return tuple(text.encode() for text in (PERSON.nik, PERSON.kk, PERSON.name, PERSON.address, "amputated"))


def test_no_sample_and_no_name_is_readable_anywhere_on_the_disk(resident: Resident):
    data = resident.config.data
    secrets = resident.secrets()
    assert len(secrets) > 40
    for when in ("finalised", "sealed", "closed"):
        if when == "sealed":
            unit = assemble(resident.config)
            record = sealed(unit)
        elif when == "closed":
            unit.stop()
        files = files_of(data)
        assert {"journal.sqlite", "audit.jsonl"} <= set(files)
        assert leaks(files, secrets) == set(), when
        for path, held in files.items():
            assert not [text for text in written_secrets() if text in held], (when, path)
    assert any(record.packet_sha256 in path for path in files_of(data / "outbox"))
    assert not any((data / "blobs").iterdir()), "the images' key and the images go with the sealing"
    assert list(files_of(data / "gallery")) == [f"{ENROLLMENT_ID}.templates"], "the minutiae go with the purge"


def test_only_the_units_key_reads_the_minutiae_and_the_purge_removes_them(resident: Resident):
    unit = assemble(resident.config)
    record = sealed(unit)
    sealer = unit.controller.services.sealer
    entry = sealer.gallery.get(ENROLLMENT_ID)
    assert isinstance(entry, GalleryEntry)
    found = {finger.position: finger.template for finger in decode(entry.record)}
    whole = templates(record, resident.contents.blobs)
    assert {p: len(t.minutiae) for p, t in found.items()} == {p: len(t.minutiae) for p, t in whole.items()}
    stranger = TemplateGallery(resident.config.data / "gallery", bytes(32))
    assert stranger.get(ENROLLMENT_ID) == GalleryDamaged()
    unit.controller.services.outbox.attach_receipt(record.packet_sha256, b"as the centre signs it")
    unit.controller.dispatch(ReceiptArrived(ENROLLMENT_ID, "cd" * 32, "RECEIVED_AT_CENTRAL", accepted=True))
    end = time.monotonic() + WHOLE_S
    while unit.controller.kiosk.holds(ENROLLMENT_ID) and time.monotonic() < end:
        unit.controller.tick()
        time.sleep(0.01)
    unit.stop()
    assert files_of(resident.config.data / "gallery") == {}


def test_the_search_would_find_a_single_row_of_pixels(resident: Resident):
    secrets = resident.secrets()
    row = secrets["pixels of left_iris"][16_000:16_064]
    for offset in (0, 5):
        held = {"some.log": b"x" * offset + row}
        assert leaks(held, secrets) == {("some.log", "pixels of left_iris")}


def test_no_secret_on_the_unit_opens_the_packet(resident: Resident):
    unit = assemble(resident.config)
    record = sealed(unit)
    unit.stop()
    keys = resident.config.keys
    centre = read_keys(keys)
    centres_own = keys / "centre" / "identity.txt"
    centres_own.unlink()  # the development set holds the centre's secret too; a unit never does
    packet = next(
        path.read_bytes()
        for path in (resident.config.data / "outbox").rglob("*")
        if path.is_file() and record.packet_sha256 in path.name and path.stat().st_size > 100_000
    )
    members = read_archive(packet, where="packet")
    assert isinstance(members, dict)
    assert pyrage.decrypt(members[PAYLOAD], [centre.identity])
    device = load_keys(resident.config)
    scalar = device.key.private_numbers().private_value.to_bytes(32, "big")
    held = [device.wrapping_key, device.nik_hash_key, scalar]
    held += [data for data in files_of(keys).values() if len(data) == 32]
    for secret in held:
        identity = pyrage.x25519.Identity.from_str(as_identity(secret))
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(members[PAYLOAD], [identity])
    assert not [path for path, data in files_of(keys).items() if b"AGE-SECRET-KEY" in data]


def as_identity(secret: bytes) -> str:
    """32 bytes as an age identity: Bech32 (BIP 173) in capitals."""
    prefix, alphabet = "age-secret-key-", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = int.from_bytes(secret, "big") << 4
    data = [bits >> shift & 31 for shift in range(255, -1, -5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for value in expanded + data + [0] * 6:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    data += [(check ^ 1) >> 5 * (5 - place) & 31 for place in range(6)]
    return (prefix + "1" + "".join(alphabet[value] for value in data)).upper()


def test_after_the_purge_the_journal_tells_nothing_more(resident: Resident):
    unit = assemble(resident.config)
    record = sealed(unit)
    unit.stop()
    journal_path = DataFolder(resident.config.data).journal
    unit = assemble(resident.config)
    journal = unit.controller.services.journal
    assert journal.events(record.id)
    for fact in (f.ReceiptAccepted("ab" * 32, "RECEIVED_AT_CENTRAL"), f.PacketPurged()):
        journal.append(record.id, fact_to_line(fact), stamp(20))
    unit.stop()
    unit = assemble(resident.config)  # which finds that the power went before the journal forgot
    assert unit.controller.services.journal.events(record.id) == ()
    assert unit.controller.kiosk.enrollments == ()
    unit.stop()
    assert journal_path.exists()
