"""A URL may name a USB model; what is opened then is a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.api import DeviceKind
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.followed import follow
from hw.iris.nir_pair import NirPairScanner
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


BY_PATH = "v4l2:///dev/v4l/by-path/platform-1-video-index0"


def test_each_eye_of_a_pair_becomes_a_link_of_its_own(tmp_path: Path) -> None:
    right, left = "v4l2:///usb/046d:085e:R-1%3Fexposure%3D157", "v4l2:///usb/046d:085e:L-1"
    urls, links = follow({DeviceKind.IRIS_CAMERA: f"nir:?right={right}&left={left}"}, tmp_path / "van 7")
    url = DeviceUrl.parse(urls[DeviceKind.IRIS_CAMERA])
    assert (url.scheme, set(url.parameters)) == ("nir", {"right", "left"})
    eyes = {eye: DeviceUrl.parse(url.parameters[eye]) for eye in ("right", "left")}
    assert {eye: each.device_path() for eye, each in eyes.items()} == {
        eye: links.path(f"iris-{eye}") for eye in eyes
    }
    assert dict(eyes["right"].parameters) == {"exposure": "157"}
    assert isinstance(open_device(url.text), NirPairScanner)


@pytest.mark.parametrize(
    ("right", "left"),
    [
        ("v4l2:///usb/046d:085e", "v4l2:///usb/046d:0825"),
        ("v4l2:///usb/046d:085e:R-1", BY_PATH),
        (BY_PATH, "v4l2:///usb/046d:085e:L-1"),
    ],
)
def test_a_pair_whose_units_cannot_be_confused_is_followed(right: str, left: str, tmp_path: Path) -> None:
    urls, _ = follow({DeviceKind.IRIS_CAMERA: f"nir:?right={right}&left={left}"}, tmp_path)
    assert isinstance(open_device(urls[DeviceKind.IRIS_CAMERA]), NirPairScanner)


@pytest.mark.parametrize(
    ("right", "left", "wrong"),
    [
        ("v4l2:///usb/046d:085e", "v4l2:///usb/046d:085e", "right"),
        ("v4l2:///usb/046d:085e:R-1", "v4l2:///usb/046d:085e", "right"),
        ("v4l2:///usb/046d:085e:R-1", "v4l2:///usb/046d:085e:R-1", "right"),
        (BY_PATH, "v4l2:///usb/046d:085e", "left"),
        (BY_PATH, "v4l2:///usb/046D:085e:L-1", "left"),
        ("http:///usb/046d:085e", BY_PATH, "right"),
    ],
)
def test_eyes_that_could_change_places_are_refused(right: str, left: str, wrong: str, tmp_path: Path) -> None:
    """Any unit of a model may be the partner's, too."""
    url = f"nir:?right={right}&left={left}"
    with pytest.raises(DeviceUrlError, match=f"parameter {wrong}") as refusal:
        follow({DeviceKind.IRIS_CAMERA: url}, tmp_path)
    assert refusal.value.url == url


def test_a_pair_without_models_stays_as_it_is(tmp_path: Path) -> None:
    urls = {DeviceKind.IRIS_CAMERA: f"nir:?right={BY_PATH}&left={BY_PATH}2"}
    followed, _ = follow(urls, tmp_path)
    assert followed == urls
