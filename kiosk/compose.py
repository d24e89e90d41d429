"""The only module that names concrete drivers: configuration in, a wired kiosk out."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.api import DeviceKind, Devices
from hw.followed import follow
from hw.hotplug import DeviceLinks
from hw.registry import DeviceUrlError, open_devices
from kiosk import __version__
from kiosk.app.clock import Clock, no_receiver
from kiosk.app.controller import Controller
from kiosk.app.ink import ScreenInk
from kiosk.app.recovery import left_behind, recover
from kiosk.app.scrub import Scrub
from kiosk.app.sealing import Sealer
from kiosk.app.services import Services, Voice
from kiosk.capture.plans import Plans
from kiosk.capture.worker import CaptureWorker, Rooms
from kiosk.config import Config
from kiosk.courier.office_stick import folder_as_stick, stick
from kiosk.enrollment import flow
from kiosk.enrollment.events import Event
from kiosk.enrollment.screens import Kiosk
from kiosk.i18n import translate
from kiosk.matching.compare import MATCHER, compare
from kiosk.packet.cms import verify_detached
from kiosk.packet.contents import UnitInfo
from kiosk.packet.envelope import vouched_sealed_at
from kiosk.packet.faults import PacketFault
from kiosk.packet.receipts import Receipt, verify_receipt
from kiosk.quality.minutiae import extract
from kiosk.security.audit import AuditEvent, AuditLog
from kiosk.security.key_store import KeyStore, open_store
from kiosk.security.keys import DeviceKeys, load_device_keys
from kiosk.security.nik_hash import nik_hash
from kiosk.security.officers import Officers
from kiosk.speech import EspeakSpeaker, SilentSpeaker
from kiosk.storage.blobs import BlobStore
from kiosk.storage.gallery import TemplateGallery
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from kiosk.storage.roster import Roster
from kiosk.storage.sent import SentRegister


@dataclass(frozen=True, slots=True)
class Unit:
    """One running kiosk. stop: ends threads and devices in order, idempotent."""

    controller: Controller
    devices: Devices
    stop: Callable[[], None]


def assemble(config: Config, *, on_step: Callable[[Kiosk, Event], None] = lambda _kiosk, _event: None) -> Unit:
    """Opens storage, keys and devices, replays the journal, starts capture.

    Raises ConfigError for a device URL, KeyFileError, DatabaseDamagedError or FactError for what is
    on the disk.
    """
    devices, links = open_configured(config, links=config.data / "devices")
    keys = load_keys(config)
    folder = DataFolder(config.data)
    position = devices.position
    satellite_time = position.satellite_time if position is not None else no_receiver
    clock = Clock(satellite_time=satellite_time)
    ink, events = ScreenInk(), deque[Event]()
    journal = Journal(folder.journal, wrapping_key=keys.wrapping_key)
    blobs = BlobStore(folder.blobs, keys.wrapping_key)
    gallery = TemplateGallery(folder.gallery, keys.wrapping_key)
    outbox, roster = Outbox(folder.outbox), Roster(folder.roster)
    sent = SentRegister(folder.sent, hash_nik=lambda nik: nik_hash(nik, key=keys.nik_hash_key))
    audit = AuditLog(folder.audit, nik_key=keys.nik_hash_key)
    unit = UnitInfo(config.unit_id, config.office, __version__)
    plans = Plans(devices, screen_ink=ink.read, clear_screen=ink.clear)
    rooms = Rooms(
        plans.plan_for,
        store=blobs.put,
        load=blobs.get,
        compare=_compared,
        compare_faces=plans.compare_faces,
        post=events.append,
        warm=plans.warm,
    )
    worker = CaptureWorker(rooms, config.policy)
    services = Services(
        clock=clock,
        journal=journal,
        blobs=blobs,
        outbox=outbox,
        roster=roster,
        officers=Officers(folder.officers, monotonic_s=clock.monotonic_s),
        audit=audit,
        sealer=Sealer(journal, blobs, outbox, sent, gallery, keys, unit),
        capture=worker,
        voice=_voice(config),
        recorded_before=sent.knows,
        check_receipt=_receipt_check(keys, outbox),
        data=config.data,
        open_stick=folder_as_stick(config.stick) if config.stick is not None else stick,
        devices=devices.all(),
        printer=devices.printer,
        panel=devices.panel,
        code=devices.code,
        card=devices.card,
        power=devices.power,
    )
    pictured = blobs.enrollments()
    recovered = recover(journal, known=(outbox.last_enrollment(), *pictured))
    for enrollment_id in left_behind(recovered, pictured):
        blobs.destroy(enrollment_id)
        audit.record(AuditEvent.IMAGES_DESTROYED, clock.now(), enrollment_id=enrollment_id)
    started = flow.restored(
        unit=config.unit_id,
        policy=config.policy,
        enrollments=recovered.enrollments,
        next_number=recovered.next_number,
        interrupted=recovered.interrupted,
        prints=devices.printer is not None,
    )
    links.start()
    for device in devices.all():
        if device is not devices.face:  # the photo step itself starts and stops the camera
            device.start()
    worker.start()
    scrub = Scrub(outbox, journal, audit, Clock(satellite_time=satellite_time), events.append)
    scrub.start()
    audit.record(AuditEvent.STARTED, clock.now(), details={"version": __version__})
    controller = Controller(services, started, office=config.office, ink=ink, events=events, on_step=on_step)

    def stop() -> None:
        worker.stop()
        scrub.stop()
        controller.stop()
        for device in devices.all():
            device.stop()
        links.stop()
        for store in (journal, outbox, roster, sent):
            store.close()

    return Unit(controller, devices, stop)


def load_keys(config: Config) -> DeviceKeys:
    """Raises KeyFileError, ConfigError for a passphrase file that cannot be read."""
    return load_device_keys(config.keys, store=configured_store(config), verify=verify_detached)


def configured_store(config: Config) -> KeyStore:
    settings = config.key_store
    try:
        passphrase = settings.passphrase_file.read_bytes().strip() if settings.passphrase_file else b""
    except OSError as error:
        found = f"{settings.passphrase_file} ({error.strerror})"
        raise config.problem("keys.passphrase_file", found=found, allowed="a file that can be read") from error
    return open_store(settings.kind, tpm=settings.tpm, passphrase=passphrase)


def open_configured(config: Config, *, links: Path) -> tuple[Devices, DeviceLinks]:
    """The devices of the configuration and the links to those that it names by USB model, neither started.

    links: a folder for them alone. Raises ConfigError for a wrong URL.
    """
    urls: Mapping[DeviceKind, str] = {DeviceKind(kind): url for kind, url in config.devices.items()}
    try:
        urls, kept = follow(urls, links)
        return open_devices(urls), kept
    except DeviceUrlError as error:
        kind = next((kind for kind, url in urls.items() if url == error.url), "devices")
        found = f"{error.part} {error.value!r} in {error.url!r}"
        raise config.problem(f"devices.{kind}", found=found, allowed=", ".join(error.allowed)) from error


def _voice(config: Config) -> Voice:
    if config.speech == "silent" or (config.speech == "auto" and shutil.which("espeak-ng") is None):
        return SilentSpeaker()
    return EspeakSpeaker(words=translate, prompts=config.prompts)


def _receipt_check(keys: DeviceKeys, outbox: Outbox) -> Callable[[bytes, str], Receipt | None]:
    def check(data: bytes, packet_sha256: str) -> Receipt | None:
        sealed_at = vouched_sealed_at(outbox.read_if_whole(packet_sha256), anchors=keys.anchors.devices)
        receipt = verify_receipt(
            data, packet_sha256=packet_sha256, anchors=keys.anchors.receivers, sealed_at=sealed_at
        )
        return None if isinstance(receipt, PacketFault) else receipt

    return check


def _compared(probe: NDArray[np.uint8], first: NDArray[np.uint8]) -> tuple[float, bool, str]:
    result = compare(extract(probe), extract(first))
    return result.score, result.matched, MATCHER
