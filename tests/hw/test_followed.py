"""A URL may name a USB model; what is opened then is a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.api import DeviceKind
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.followed import follow
from hw.registry import kind_of, open_device

SCANNER = "serial:///usb/0c2e:0200?proto=code&baud=9600"


def test_a_model_becomes_a_link_and_keeps_its_parameters(tmp_path: Path) -> None:
    folder = tmp_path / "van 7"
    urls, links = follow({DeviceKind.CODE_SCANNER: SCANNER}, folder)
    url = DeviceUrl.parse(urls[DeviceKind.CODE_SCANNER])
    assert url.device_path() == links.path("code") == folder / "code"
    assert dict(url.parameters) == {"proto": "code", "baud": "9600"}
    assert kind_of(url.text) is DeviceKind.CODE_SCANNER
    assert open_device(url.text).kind is DeviceKind.CODE_SCANNER


@pytest.mark.parametrize(
    "url", ["v4l2:///usb/046d:085e", "epad:///usb/04df:0012:S-1", "escpos:///usb/04b8:0202?columns=32"]
)
def test_each_scheme_of_usb_nodes_may(url: str, tmp_path: Path) -> None:
    kind = kind_of(url)
    urls, links = follow({kind: url}, tmp_path)
    assert DeviceUrl.parse(urls[kind]).device_path() == links.path(kind.value)


def test_others_stay_as_they_are(tmp_path: Path) -> None:
    urls = {DeviceKind.PRINTER: "escpos:///dev/usb/lp0", DeviceKind.POWER: "nut://127.0.0.1/ups"}
    followed, links = follow(urls, tmp_path / "links")
    assert followed == urls
    links.start()
    links.stop()
    assert not (tmp_path / "links").exists()


@pytest.mark.parametrize(
    ("url", "part"), [("serial:///usb/0C2E:0200?proto=code", "USB model"), ("pkcs11:///usb/04e6:5116", "path")]
)
def test_what_is_no_model_is_refused_with_what_would_do(url: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceUrlError) as refusal:
        follow({DeviceKind.CODE_SCANNER: url}, tmp_path)
    assert refusal.value.part == part
    assert refusal.value.allowed
    assert refusal.value.url == url
