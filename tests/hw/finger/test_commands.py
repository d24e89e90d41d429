"""Every command of the module, asked for by name and answered by the simulated module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hw.api import DeviceState, Fault, FaultCode, Finger, Frame, PixelFormat
from hw.finger.api import Buffer, Confirmation, LightColour, LightEffect, Match, Refused
from hw.finger.r30x import R30xFingerModule
from hw.sim.finger import SimulatedFingerModule
from hw.sim.finger.module import on_platen
from tests.hw.finger.support import WavyFingers, opened
from tests.hw.support import eventually


def take(simulated: SimulatedFingerModule, module: R30xFingerModule, finger: Finger, buffer: Buffer) -> None:
    simulated.place(finger)
    assert module.capture_image() is None
    assert module.extract_features(buffer=buffer) is None


def enroll(simulated: SimulatedFingerModule, module: R30xFingerModule, finger: Finger, *, page: int) -> None:
    for buffer in Buffer:
        take(simulated, module, finger, buffer)
    assert module.combine_buffers() is None
    assert module.store(buffer=Buffer.ONE, page=page) is None


def test_an_officers_finger_is_enrolled_and_found_again(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    enroll(simulated, module, Finger.RIGHT_INDEX, page=4)
    enroll(simulated, module, Finger.LEFT_THUMB, page=299)
    take(simulated, module, Finger.LEFT_THUMB, Buffer.ONE)
    for high_speed in (False, True):
        found = module.search(buffer=Buffer.ONE, high_speed=high_speed)
        assert isinstance(found, Match)
        assert found.page == 299
        assert found.score > 0
    assert module.search(buffer=Buffer.ONE, page_count=299) == Refused(Confirmation.NOT_FOUND)
    assert (module.template_count(), module.occupied_pages()) == (2, (4, 299))


def test_a_stranger_is_not_found(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    enroll(simulated, module, Finger.RIGHT_INDEX, page=0)
    simulated.meet(WavyFingers(name="BUDI CONTOH"))
    take(simulated, module, Finger.RIGHT_INDEX, Buffer.ONE)
    assert module.search(buffer=Buffer.ONE) == Refused(Confirmation.NOT_FOUND)


def test_two_touches_match_and_two_fingers_do_not(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    take(simulated, module, Finger.RIGHT_THUMB, Buffer.ONE)
    take(simulated, module, Finger.RIGHT_THUMB, Buffer.TWO)
    score = module.match_buffers()
    assert isinstance(score, int)
    assert score > 0
    take(simulated, module, Finger.RIGHT_LITTLE, Buffer.TWO)
    assert module.match_buffers() == Refused(Confirmation.NO_MATCH)
    assert module.combine_buffers() == Refused(Confirmation.CANNOT_COMBINE)


def test_without_a_finger_there_is_no_picture(module: R30xFingerModule) -> None:
    assert module.capture_image() == Refused(Confirmation.NO_FINGER)
    assert module.extract_features(buffer=Buffer.ONE) == Refused(Confirmation.NO_VALID_IMAGE)
    assert module.read_image() == Refused(Confirmation.IMAGE_UPLOAD_FAILED)


@pytest.mark.parametrize("data_bytes", [32, 64, 128, 256])
def test_a_picture_arrives_at_every_packet_size(
    simulated: SimulatedFingerModule, module: R30xFingerModule, data_bytes: int
) -> None:
    assert module.set_packet_size(data_bytes=data_bytes) is None
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    frame = module.read_image()
    assert isinstance(frame, Frame)
    assert (frame.pixel_format, frame.dpi, frame.sequence) == (PixelFormat.GRAY8, 500, 1)
    again = WavyFingers().sample(None, Finger.RIGHT_INDEX)  # type: ignore[arg-type]
    assert np.array_equal(frame.pixels, on_platen(again) // 16 * 17)


def test_a_picture_put_in_comes_out_and_has_features(module: R30xFingerModule) -> None:
    pixels = np.arange(288 * 256, dtype=np.uint32).reshape(288, 256).astype(np.uint8) // 16 * 17
    assert module.write_image(pixels=pixels.astype(np.uint8)) is None
    frame = module.read_image()
    assert isinstance(frame, Frame)
    assert np.array_equal(frame.pixels, pixels)
    assert module.extract_features(buffer=Buffer.TWO) is None


def test_a_template_is_moved_to_another_module(
    simulated: SimulatedFingerModule, module: R30xFingerModule, tmp_path: Path
) -> None:
    take(simulated, module, Finger.RIGHT_RING, Buffer.ONE)
    template = module.read_template(buffer=Buffer.ONE)
    assert isinstance(template, bytes)
    (tmp_path / "other").mkdir()
    second = SimulatedFingerModule(WavyFingers(), folder=tmp_path / "other", data_bytes=32)
    second.start()
    other = opened(second.url)
    assert other.write_template(buffer=Buffer.TWO, template=template) is None
    take(second, other, Finger.RIGHT_RING, Buffer.ONE)
    assert isinstance(other.match_buffers(), int)
    other.stop()
    second.stop()


def test_a_template_of_another_maker_is_not_kept(module: R30xFingerModule) -> None:
    fault = module.write_template(buffer=Buffer.ONE, template=bytes(498))
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.BAD_ANSWER


def test_an_empty_buffer_has_no_template(module: R30xFingerModule) -> None:
    assert module.read_template(buffer=Buffer.TWO) == Refused(Confirmation.TEMPLATE_UPLOAD_FAILED)


def test_pages_are_loaded_deleted_and_emptied(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    for page in range(3):
        enroll(simulated, module, Finger(page + 1), page=page)
    assert module.load(buffer=Buffer.TWO, page=1) is None
    assert module.load(buffer=Buffer.TWO, page=9) == Refused(Confirmation.LOAD_FAILED)
    assert module.delete(first_page=0, page_count=2) is None
    assert module.occupied_pages() == (2,)
    assert module.delete(first_page=299, page_count=2) == Refused(Confirmation.DELETE_FAILED)
    assert module.empty() is None
    assert module.template_count() == 0


def test_a_page_beyond_the_library_is_refused(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    take(simulated, module, Finger.RIGHT_INDEX, Buffer.ONE)
    assert module.store(buffer=Buffer.ONE, page=300) == Refused(Confirmation.BAD_PAGE)


def test_it_tells_how_it_is_set(module: R30xFingerModule) -> None:
    assert module.set_security(level=5) is None
    told = module.parameters()
    assert not isinstance(told, Fault | Refused)
    assert (told.capacity, told.security, told.data_bytes, told.baud) == (300, 5, 128, 57600)
    assert told.address == 0xFFFFFFFF


def test_the_driver_follows_a_new_address_baud_and_password(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    assert module.set_address(address=0x00C0FFEE) is None
    assert module.set_baud(baud=115200) is None
    assert module.set_password(password=0x1234ABCD) is None
    told = module.parameters()
    assert not isinstance(told, Fault | Refused)
    assert (told.address, told.baud) == (0x00C0FFEE, 115200)
    assert (simulated.settings.baud, simulated.settings.password) == (115200, 0x1234ABCD)
    module.stop()
    module.start()
    eventually(lambda: module.state() is DeviceState.READY)
    assert module.verify_password() is None


def test_random_numbers_differ(module: R30xFingerModule) -> None:
    assert len({module.random() for _ in range(4)}) == 4


def test_what_only_an_r503_has(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    assert module.echo() is None
    assert module.light(effect=LightEffect.FLASH, colour=LightColour.PURPLE, speed=60, cycles=3) is None
    assert simulated.light == (2, 60, 3, 3)
    take(simulated, module, Finger.RIGHT_INDEX, Buffer.ONE)
    assert module.soft_reset() is None
    assert module.read_template(buffer=Buffer.ONE) == Refused(Confirmation.TEMPLATE_UPLOAD_FAILED)


@pytest.mark.parametrize(
    ("fault", "confirmation"),
    [
        ("image_failed", Confirmation.IMAGE_FAILED),
        ("image_messy", Confirmation.IMAGE_MESSY),
        ("few_features", Confirmation.TOO_FEW_FEATURES),
        ("flash_error", Confirmation.FLASH_ERROR),
        ("image_upload_failed", Confirmation.IMAGE_UPLOAD_FAILED),
    ],
)
def test_the_modules_own_reason_is_passed_on(
    simulated: SimulatedFingerModule, module: R30xFingerModule, fault: str, confirmation: Confirmation
) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    simulated.fail(fault)
    outcomes = [
        module.capture_image(),
        module.extract_features(buffer=Buffer.ONE),
        module.read_image(),
        module.store(buffer=Buffer.ONE, page=0),
    ]
    assert Refused(confirmation) in outcomes
    assert module.capture_image() is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda module: module.store(buffer=Buffer.ONE, page=-1),
        lambda module: module.delete(first_page=0, page_count=0),
        lambda module: module.set_baud(baud=1200),
        lambda module: module.set_packet_size(data_bytes=100),
        lambda module: module.set_security(level=6),
        lambda module: module.set_password(password=1 << 32),
        lambda module: module.write_template(buffer=Buffer.ONE, template=b""),
    ],
)
def test_what_cannot_be_sent_is_a_callers_mistake(module: R30xFingerModule, wrong: object) -> None:
    with pytest.raises(ValueError, match=r" is "):
        wrong(module)  # type: ignore[operator]


def test_a_stopped_module_answers_a_fault(simulated: SimulatedFingerModule) -> None:
    driver = opened(simulated.url)
    driver.stop()
    fault = driver.capture_image()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED
