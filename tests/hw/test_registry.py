"""URLs choose drivers; a wrong one is refused with the part that is wrong and what would do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hw.api import DeviceKind, Devices, DeviceState
from hw.device_url import DeviceUrl
from hw.registry import SCHEMES, DeviceUrlError, kind_of, open_device, open_devices

SET = {
    DeviceKind.FACE_CAMERA: "v4l2:///dev/video0",
    DeviceKind.SLAP_SCANNER: "sbi://127.0.0.1:4501?type=slap",
    DeviceKind.IRIS_CAMERA: "sbi://127.0.0.1:4502?type=iris",
    DeviceKind.SIGNATURE_PAD: "epad:///dev/hidraw0",
    DeviceKind.CODE_SCANNER: "serial:///dev/ttyUSB0?proto=code",
    DeviceKind.PRINTER: "escpos:///dev/usb/lp0",
    DeviceKind.PANEL: "gpio:?factory=mock",
    DeviceKind.FINGER_MODULE: "serial:///dev/ttyUSB1?proto=r30x",
    DeviceKind.POWER: "nut://127.0.0.1/ups",
    DeviceKind.POSITION: "gpsd://127.0.0.1",
    DeviceKind.CARD: "pkcs11:///usr/lib/opensc-pkcs11.so?slot=0",
}


def test_a_whole_kiosk_is_opened_and_nothing_is_touched() -> None:
    devices = open_devices(SET)
    assert [device.kind for device in devices.all()] == list(DeviceKind)
    assert [device.url for device in devices.all()] == list(SET.values())
    assert {device.state() for device in devices.all()} == {DeviceState.STOPPED}


def test_what_is_not_configured_is_none() -> None:
    assert open_devices({}) == Devices()
    only = open_devices({DeviceKind.PANEL: "gpio:?factory=mock"})
    assert only.face is None
    assert only.panel is not None


@pytest.mark.parametrize("example", [route.example for routes in SCHEMES.values() for route in routes])
def test_every_example_in_the_table_opens(example: str) -> None:
    assert open_device(example).kind is kind_of(example)


def refused(url: str) -> DeviceUrlError:
    with pytest.raises(DeviceUrlError) as refusal:
        open_device(url)
    assert refusal.value.url == url
    assert refusal.value.allowed
    return refusal.value


def test_an_unknown_scheme_names_the_known_ones() -> None:
    error = refused("usb:///dev/video0")
    assert (error.part, error.value) == ("scheme", "usb")
    assert "v4l2" in error.allowed


def test_an_unknown_parameter_names_the_known_ones() -> None:
    error = refused("escpos:///dev/usb/lp0?width=80")
    assert (error.part, error.value, error.allowed) == ("parameter", "width", ("columns", "qr"))


def test_a_parameter_where_none_is_allowed_is_refused() -> None:
    assert refused("epad:///dev/hidraw0?baud=9600").allowed == ("none",)


def test_an_unknown_value_names_the_known_ones() -> None:
    error = refused("gpio:?factory=pigpio")
    assert (error.part, error.value, error.allowed) == ("parameter factory", "pigpio", ("lgpio", "mock"))


def test_a_number_out_of_range_names_the_range() -> None:
    error = refused("serial:///dev/ttyUSB0?proto=code&baud=1")
    assert (error.part, error.allowed) == ("parameter baud", ("1200 to 921600",))


def test_a_number_that_is_none_is_refused() -> None:
    assert refused("serial:///dev/ttyUSB0?proto=code&baud=fast").value == "fast"


def test_a_parameter_given_twice_is_refused() -> None:
    assert refused("serial:///dev/ttyUSB0?proto=code&proto=code").value == "proto"


def test_a_serial_port_must_say_what_is_behind_it() -> None:
    error = refused("serial:///dev/ttyUSB0")
    assert (error.part, error.value, error.allowed) == ("parameter proto", "", ("code", "escpos", "r30x"))


@pytest.mark.parametrize("url", ["epad:", "epad:///", "v4l2://dev/video0", "video:film.avi"])
def test_a_device_path_is_absolute(url: str) -> None:
    assert refused(url).part in ("path", "host")


@pytest.mark.parametrize("url", ["escpos+tcp://127.0.0.1", "escpos+tcp://:9100"])
def test_a_network_printer_has_host_and_port(url: str) -> None:
    assert refused(url).part in ("host", "port")


@pytest.mark.parametrize("url", ["escpos+tcp://127.0.0.1:99999", "escpos+tcp://127.0.0.1:x"])
def test_a_port_is_a_port(url: str) -> None:
    assert refused(url).part == "port"


@pytest.mark.parametrize("url", ["", "/dev/video0"])
def test_a_path_alone_is_no_url(url: str) -> None:
    assert refused(url).part == "scheme"


def test_a_pad_is_no_printer() -> None:
    with pytest.raises(DeviceUrlError) as refusal:
        open_devices({DeviceKind.PRINTER: "epad:///dev/hidraw0"})
    assert refusal.value.part == "kind of device"
    assert "escpos:///dev/usb/lp0" in refusal.value.allowed


def test_a_module_for_one_finger_is_no_slap_scanner() -> None:
    with pytest.raises(DeviceUrlError) as refusal:
        open_devices({DeviceKind.SLAP_SCANNER: "serial:///dev/ttyUSB0?proto=r30x"})
    assert refusal.value.part == "kind of device"


def test_an_escaped_path_is_unescaped() -> None:
    assert str(DeviceUrl.parse("video:///my%20films/a.avi").device_path()) == "/my films/a.avi"


def test_a_driver_is_imported_only_when_chosen() -> None:
    program = (
        "import sys, hw.registry as r; r.open_device('epad:///dev/hidraw0');"
        "print(*(m for m in ('cv2', 'escpos', 'gpiozero', 'serial', 'hw.sim') if m in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
