"""Links, and drivers on them, while units come and go. Each scene has a process of its own.

`umockdev-wrapper python -m tests.hw.hotplug.scenes NAME`; `test_hotplug.py` plays them all.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hw import udev
from hw.api import DeviceInfo, DeviceKind, DeviceState, Fault, FaultCode, PenPoint
from hw.code.serial_scanner import SerialCodeScanner
from hw.commands import capture, doctor, probe
from hw.device_url import DeviceUrl
from hw.followed import follow
from hw.hotplug import DeviceLinks, PluggedUnit, UsbModel, plugged_units
from hw.recording.tape import Event, read_tape
from hw.registry import open_device
from hw.signature.epad import EpadSignaturePad
from hw.signature.epad_report import EpadReport
from hw.sim.signature import encode
from tests.hw.holdings import leaving_nothing
from tests.hw.hotplug.testbed import CameraUnit, SerialUnit, Testbed
from tests.hw.support import eventually

MODEL = UsbModel.parse("tty", "0c2e:0200")
BY_MODEL = "serial:///usb/0c2e:0200?proto=code"
FIRST, SPARE = SerialUnit("S0001"), SerialUnit("S0002", place=1)


@dataclass(frozen=True)
class Stage:
    bed: Testbed
    links: DeviceLinks

    def holds(self, name: str, unit: SerialUnit | None) -> bool:
        linked = self.links.linked.get(name)
        if unit is None:
            return linked is None and not self.links.path(name).is_symlink()
        return (
            linked == PluggedUnit(unit.node, int(unit.vendor, 16), int(unit.product, 16), unit.serial)
            and self.links.path(name).readlink() == self.bed.dev / unit.node.name
        )


@contextlib.contextmanager
def stage(**wanted: UsbModel) -> Iterator[Stage]:
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        links = DeviceLinks(Path(folder) / "devices", wanted or {"code": MODEL}, dev=bed.dev, rescan_s=0.5)
        links.start()
        try:
            yield Stage(bed, links)
        finally:
            links.stop()
            assert not any(links.path(name).is_symlink() for name in wanted)


@contextlib.contextmanager
def code_scanner(path: Path) -> Iterator[SerialCodeScanner]:
    driver = open_device(f"serial://{path}?proto=code")
    assert isinstance(driver, SerialCodeScanner)
    driver.start()
    try:
        yield driver
    finally:
        driver.stop()


def reads(scanner: SerialCodeScanner, code: str) -> None:
    eventually(lambda: scanner.read() == code, what=f"{code} is read")


def ready(driver: SerialCodeScanner | EpadSignaturePad) -> None:
    eventually(lambda: driver.state() is DeviceState.READY, what="ready")


def lost(driver: SerialCodeScanner | EpadSignaturePad) -> None:
    eventually(lambda: driver.state() is DeviceState.LOST, what="lost")
    fault = driver.info()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED


def it_appears_is_served_and_vanishes() -> None:
    with stage() as now, code_scanner(now.links.path("code")) as scanner:
        lost(scanner)
        now.bed.plug(FIRST)
        eventually(lambda: now.holds("code", FIRST))
        ready(scanner)
        now.bed.send(FIRST, b"A-014\r")
        reads(scanner, "A-014")
        now.bed.unplug(FIRST)
        eventually(lambda: now.holds("code", None))
        lost(scanner)


def it_returns_at_another_node() -> None:
    with stage() as now, code_scanner(now.links.path("code")) as scanner:
        now.bed.plug(FIRST)
        ready(scanner)
        now.bed.unplug(FIRST)
        lost(scanner)
        elsewhere = SerialUnit(FIRST.serial, place=3)
        now.bed.plug(elsewhere)
        ready(scanner)
        assert now.holds("code", elsewhere)
        now.bed.send(elsewhere, b"A-015\r")
        reads(scanner, "A-015")


def a_unit_swapped_in_mid_code_goes_on() -> None:
    with stage() as now, code_scanner(now.links.path("code")) as scanner:
        now.bed.plug(FIRST)
        ready(scanner)
        now.bed.send(FIRST, b"35031101")
        now.bed.unplug(FIRST)
        lost(scanner)
        now.bed.plug(SPARE)
        ready(scanner)
        assert now.holds("code", SPARE)
        now.bed.send(SPARE, b"A-016\r")
        reads(scanner, "A-016")


def a_pad_swapped_in_mid_signature_keeps_its_ink() -> None:
    first, second = (PenPoint(x=100 + place, y=200, t_ns=0, pressure=40) for place in (0, 1))
    with stage(pad=MODEL) as now:
        path = now.links.path("pad")
        pad = EpadSignaturePad(path, url=DeviceUrl.parse(f"epad://{path}").text)
        pad.start()
        for unit, point in ((FIRST, first), (SPARE, second)):
            now.bed.plug(unit)
            ready(pad)
            now.bed.send(unit, encode(EpadReport(x=point.x, y=point.y, pressure=40, touch=True, in_range=True)))
            eventually(lambda: ink(pad)[-1:] == [point.x], what="the point is kept")  # noqa: B023
            if unit is FIRST:
                now.bed.unplug(unit)
                lost(pad)
        assert ink(pad) == [first.x, second.x]
        pad.stop()


def ink(pad: EpadSignaturePad) -> list[int]:
    points = pad.points()
    return [] if isinstance(points, Fault) else [point.x for point in points]


def another_model_is_left_alone() -> None:
    with stage(code=MODEL, reader=UsbModel.parse("tty", "1a86:7523")) as now:
        reader = SerialUnit("R1", vendor="1a86", product="7523", place=1)
        now.bed.plug(reader)
        eventually(lambda: now.holds("reader", reader))
        assert now.holds("code", None)
        now.bed.plug(FIRST)
        eventually(lambda: now.holds("code", FIRST))
        assert now.holds("reader", reader)


def a_second_unit_waits_for_the_first_to_go() -> None:
    second = SerialUnit("S0000", place=2)
    with stage() as now:
        first = SerialUnit("S0001", place=5)
        now.bed.plug(first)
        eventually(lambda: now.holds("code", first))
        now.bed.plug(second)
        eventually(lambda: len(plugged_units(MODEL)) == 2)
        third = SerialUnit("R1", vendor="1a86", product="7523", place=7)
        now.bed.plug(third)
        assert now.holds("code", first), "the unit in use stays, though the other comes first by name"
        now.bed.unplug(first)
        eventually(lambda: now.holds("code", second))


def a_unit_wanted_by_serial_number_is_no_other() -> None:
    with stage(code=UsbModel.parse("tty", "0c2e:0200:S0002")) as now:
        now.bed.plug(FIRST)
        eventually(lambda: len(plugged_units(MODEL)) == 1)
        now.bed.plug(SPARE)
        eventually(lambda: now.holds("code", SPARE))


def what_was_plugged_in_before_is_found() -> None:
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        bed.plug(FIRST)
        links = DeviceLinks(Path(folder), {"code": MODEL}, dev=bed.dev)
        links.start()
        eventually(lambda: Stage(bed, links).holds("code", FIRST))
        links.stop()


def a_lost_announcement_is_made_up_for() -> None:
    with stage(code=MODEL, reader=UsbModel.parse("tty", "1a86:7523")) as now:
        reader = SerialUnit("R1", vendor="1a86", product="7523", place=1)
        now.bed.plug(reader)
        eventually(lambda: now.holds("reader", reader), what="the links are followed")
        now.bed.plug(FIRST, announced=False)
        eventually(lambda: now.holds("code", FIRST))


def a_url_by_model_follows_whichever_unit_is_there() -> None:
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        url = "serial:///usb/0c2e:0200?proto=code&baud=9600"
        urls, links = follow({DeviceKind.CODE_SCANNER: url}, Path(folder), dev=bed.dev)
        driver = open_device(urls[DeviceKind.CODE_SCANNER])
        links.start()
        driver.start()
        try:
            for unit in (FIRST, SPARE):
                bed.plug(unit)
                eventually(lambda: driver.state() is DeviceState.READY)
                info = driver.info()
                assert isinstance(info, DeviceInfo)
                bed.unplug(unit)
                eventually(lambda: driver.state() is DeviceState.LOST)
        finally:
            driver.stop()
            links.stop()


def the_kernel_is_asked_for_its_identity() -> None:
    with Testbed() as bed:
        bed.plug(FIRST)
        assert udev.identify(FIRST.node, kind=DeviceKind.CODE_SCANNER, url="serial:x") == DeviceInfo(
            DeviceKind.CODE_SCANNER, "serial:x", "CONTOH", "Scanner", "S0001", firmware="0102"
        )


def a_camera_is_chosen_by_identity_and_never_its_metadata() -> None:
    right, left = CameraUnit("R-1"), CameraUnit("L-1", place=1)
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        bed.add(right)
        bed.add(left)
        for wanted, unit in (("", right), (":R-1", right), (":L-1", left)):
            model = UsbModel.parse("video4linux", f"0c2e:0c41{wanted}")
            assert plugged_units(model)[0].node == unit.node
        url = "v4l2:///usb/0c2e:0c41:L-1?exposure=157"
        urls, links = follow({DeviceKind.FACE_CAMERA: url}, Path(folder), dev=bed.dev)
        link = links.path("face")
        assert urls[DeviceKind.FACE_CAMERA] == f"v4l2://{link}?exposure=157"
        links.start()
        eventually(lambda: link.is_symlink() and link.readlink() == bed.dev / "video3")
        links.stop()


def a_pair_of_cameras_is_followed_eye_by_eye() -> None:
    right, left = CameraUnit("R-1"), CameraUnit("L-1", place=1)
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        bed.add(left)
        bed.add(right)
        url = "nir:?right=v4l2:///usb/0c2e:0c41:R-1&left=v4l2:///usb/0c2e:0c41:L-1"
        _, links = follow({DeviceKind.IRIS_CAMERA: url}, Path(folder), dev=bed.dev)
        links.start()
        assert links.path("iris-right").readlink() == bed.dev / right.node.name
        assert links.path("iris-left").readlink() == bed.dev / left.node.name
        links.stop()


def what_is_plugged_in_is_linked_when_start_returns() -> None:
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        bed.plug(FIRST)
        links = DeviceLinks(Path(folder), {"code": MODEL}, dev=bed.dev)
        links.start()
        assert Stage(bed, links).holds("code", FIRST)
        links.stop()


def the_commands_find_a_device_by_its_model() -> None:
    with Testbed() as bed:
        bed.plug(FIRST)
        (found,) = probe.probe([BY_MODEL], dev=bed.dev)
        assert (found.url, found.state, found.fault) == (BY_MODEL, DeviceState.READY, "")
        ((url, tests),) = doctor.examine([BY_MODEL], dev=bed.dev)
        assert url == BY_MODEL
        assert all(test.passed for test in tests)
        (absent,) = probe.probe(["serial:///usb/1a86:7523?proto=code"], dev=bed.dev)
        assert absent.state is not DeviceState.READY


def a_recording_goes_on_when_its_device_is_swapped() -> None:
    with Testbed() as bed, tempfile.TemporaryDirectory() as folder:
        tape, told = Path(folder) / "code.hwrec", threading.Event()
        bed.plug(FIRST)
        recorder = threading.Thread(
            target=capture.capture,
            args=(BY_MODEL,),
            kwargs={"path": tape, "seconds": 600, "through": False, "told": told, "dev": bed.dev},
        )
        recorder.start()

        def recorded() -> bytes:
            return b"".join(entry.data for entry in read_tape(tape).entries)

        def openings() -> int:
            return sum(entry.event is Event.OPENED for entry in read_tape(tape).entries)

        eventually(lambda: tape.exists() and openings() == 1)
        bed.send(FIRST, b"A-014\r")
        eventually(lambda: recorded() == b"A-014\r")
        bed.unplug(FIRST)
        bed.plug(SPARE)
        eventually(lambda: openings() == 2)
        bed.send(SPARE, b"A-015\r")
        eventually(lambda: recorded() == b"A-014\rA-015\r")
        told.set()
        recorder.join()
        assert read_tape(tape).url == BY_MODEL


def stopped_it_holds_nothing() -> None:
    with stage() as now:
        now.bed.plug(FIRST)
        eventually(lambda: now.holds("code", FIRST))
        now.links.stop()
        with leaving_nothing():
            for _ in range(5):
                now.links.start()
                now.links.start()
                eventually(lambda: now.holds("code", FIRST))
                now.links.stop()
                now.links.stop()
                assert now.holds("code", None)


def coming_and_going_holds_nothing() -> None:
    with stage() as now, code_scanner(now.links.path("code")) as scanner:

        def come_and_go(place: int) -> None:
            unit = SerialUnit("S0001", place=place)
            now.bed.plug(unit)
            ready(scanner)
            now.bed.unplug(unit)
            lost(scanner)

        come_and_go(0)
        come_and_go(1)
        with leaving_nothing():
            for place in range(2, 5):
                come_and_go(place)


SCENES: dict[str, Callable[[], None]] = {
    scene.__name__: scene
    for scene in (
        it_appears_is_served_and_vanishes,
        it_returns_at_another_node,
        a_unit_swapped_in_mid_code_goes_on,
        a_pad_swapped_in_mid_signature_keeps_its_ink,
        another_model_is_left_alone,
        a_second_unit_waits_for_the_first_to_go,
        a_unit_wanted_by_serial_number_is_no_other,
        what_was_plugged_in_before_is_found,
        a_lost_announcement_is_made_up_for,
        a_url_by_model_follows_whichever_unit_is_there,
        the_kernel_is_asked_for_its_identity,
        a_camera_is_chosen_by_identity_and_never_its_metadata,
        a_pair_of_cameras_is_followed_eye_by_eye,
        what_is_plugged_in_is_linked_when_start_returns,
        the_commands_find_a_device_by_its_model,
        a_recording_goes_on_when_its_device_is_swapped,
        stopped_it_holds_nothing,
        coming_and_going_holds_nothing,
    )
}

if __name__ == "__main__":
    SCENES[sys.argv[1]]()
