"""The configuration chooses the devices; what is wrong in it is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.device_url import DeviceUrl
from kiosk.compose import open_configured
from kiosk.config import ConfigError, parse

WHOLE_SET = """
[devices]
face = "v4l2:///dev/video0"
slap = "sbi://127.0.0.1:4501?type=slap"
iris = "sbi://127.0.0.1:4502?type=iris"
signature = "epad:///usb/04df:0012"
code = "serial:///usb/0c2e:0200:S-1?proto=code"
printer = "escpos:///dev/usb/lp0"
panel = "gpio:?factory=mock"
finger = "serial:///dev/ttyUSB1?proto=r30x"
power = "nut://127.0.0.1/ups"
position = "gpsd://127.0.0.1"
card = "pkcs11:///usr/lib/opensc-pkcs11.so?counter=piv"
"""


def test_every_kind_of_device_is_chosen_by_its_key(tmp_path: Path) -> None:
    config = parse(WHOLE_SET, path=tmp_path / "kiosk.toml")
    devices, _ = open_configured(config, links=tmp_path / "links")
    assert [str(device.kind) for device in devices.all()] == list(config.devices)


def test_a_device_named_by_its_model_is_opened_over_a_link(tmp_path: Path) -> None:
    devices, links = open_configured(parse(WHOLE_SET, path=tmp_path / "kiosk.toml"), links=tmp_path / "links")
    for device in (devices.signature, devices.code):
        assert device is not None
        assert DeviceUrl.parse(device.url).device_path() == links.path(device.kind.value)


@pytest.mark.parametrize(
    ("key", "url", "found", "allowed"),
    [
        ("power", "nut://127.0.0.1", "path", "UPSNAME"),
        ("power", "gpsd://127.0.0.1", "kind of device", "nut://"),
        ("position", "gpsd:///dev/ttyUSB0", "host", "gpsd://host:port"),
        ("card", "pkcs11:///usr/lib/opensc-pkcs11.so?counter=x", "parameter counter", "piv"),
        ("finger", "serial:///dev/ttyUSB1?proto=code", "kind of device", "proto=r30x"),
        ("code", "serial:///usb/0C2E:0200?proto=code", "USB model", "VVVV:PPPP"),
    ],
)
def test_a_wrong_url_is_told_with_its_key_line_and_what_would_do(
    key: str, url: str, found: str, allowed: str, tmp_path: Path
) -> None:
    config = parse(f'[devices]\n{key} = "{url}"\n', path=tmp_path / "kiosk.toml")
    with pytest.raises(ConfigError) as wrong:
        open_configured(config, links=tmp_path / "links")
    (problem,) = wrong.value.problems
    assert (problem.line, problem.key) == (2, f"devices.{key}")
    assert found in problem.found
    assert url in problem.found
    assert allowed in problem.allowed
