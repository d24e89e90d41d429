"""URL -> driver. The table below is all there is to choose from; a driver's module is imported when chosen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hw.api import Device, DeviceKind, Devices
from hw.device_url import DeviceUrl, DeviceUrlError

__all__ = ["SCHEMES", "DeviceUrlError", "Route", "kind_of", "open_device", "open_devices"]

_PANEL_PINS = ("red", "amber", "green", "ring", "buzzer", "presence", "officer_key", "tamper")


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of device behind one scheme.

    opener: "module:function", called with the DeviceUrl. parameters: the names it may carry, None for
    any. told_by: parameter values that tell this kind from the scheme's others, required there.
    """

    kind: DeviceKind
    opener: str
    example: str
    parameters: tuple[str, ...] | None = ()
    told_by: Mapping[str, str] = field(default_factory=dict)


def _camera(example: str, *parameters: str) -> tuple[Route, ...]:
    return (Route(DeviceKind.FACE_CAMERA, "hw.camera.face_camera:open_url", example, parameters),)


def _printer(example: str) -> tuple[Route, ...]:
    return (Route(DeviceKind.PRINTER, "hw.printer.slip_printer:open_url", example, ("columns", "qr")),)


SCHEMES: Mapping[str, tuple[Route, ...]] = MappingProxyType(
    {
        "v4l2": _camera(
            "v4l2:///dev/v4l/by-id/usb-MAKER_MODEL_SERIAL-video-index0?exposure=157&white_balance=4600",
            *("width", "height", "exposure", "white_balance"),
        ),
        "video": _camera("video:///path/of/film.avi"),
        "http": (
            Route(
                DeviceKind.FACE_CAMERA,
                "hw.camera.face_camera:open_url",
                "http://127.0.0.1:8080/face.mjpg",
                parameters=None,
            ),
        ),
        "sbi": (
            Route(
                DeviceKind.SLAP_SCANNER,
                "hw.slap:open_url",
                "sbi://127.0.0.1:4501?type=slap&ca=/path/device-ca.pem",
                ("type", "ca", "env"),
                told_by={"type": "slap"},
            ),
            Route(
                DeviceKind.IRIS_CAMERA,
                "hw.iris:open_url",
                "sbi://127.0.0.1:4502?type=iris&ca=/path/device-ca.pem",
                ("type", "ca", "env"),
                told_by={"type": "iris"},
            ),
        ),
        "nir": (
            Route(
                DeviceKind.IRIS_CAMERA,
                "hw.iris.nir_pair:open_url",
                "nir:?right=v4l2:///dev/v4l/by-id/usb-MAKER_MODEL_1-video-index0"
                "&left=v4l2:///dev/v4l/by-id/usb-MAKER_MODEL_2-video-index0",
                ("right", "left"),
            ),
        ),
        "epad": (Route(DeviceKind.SIGNATURE_PAD, "hw.signature.epad:open_url", "epad:///dev/hidraw0"),),
        "evdev": (
            Route(
                DeviceKind.SIGNATURE_PAD,
                "hw.signature.touch_pad:open_url",
                "evdev:///dev/input/by-id/usb-MAKER_MODEL_SERIAL-event-if00?x=0:4095:20&y=0:4095:35",
                ("x", "y", "pressure"),
            ),
        ),
        "serial": (
            Route(
                DeviceKind.CODE_SCANNER,
                "hw.code.serial_scanner:open_url",
                "serial:///dev/serial/by-id/usb-MAKER_MODEL_SERIAL-if00?proto=code",
                ("proto", "baud"),
                told_by={"proto": "code"},
            ),
            Route(
                DeviceKind.PRINTER,
                "hw.printer.slip_printer:open_url",
                "serial:///dev/serial/by-id/usb-MAKER_MODEL_SERIAL-if00?proto=escpos&baud=19200",
                ("proto", "baud", "columns", "qr"),
                told_by={"proto": "escpos"},
            ),
            Route(
                DeviceKind.FINGER_MODULE,
                "hw.finger.r30x:open_url",
                "serial:///dev/serial/by-id/usb-MAKER_MODEL_SERIAL-if00?proto=r30x&baud=57600",
                ("proto", "baud", "address", "password"),
                told_by={"proto": "r30x"},
            ),
        ),
        "escpos": _printer("escpos:///dev/usb/lp0"),
        "escpos+tcp": _printer("escpos+tcp://192.0.2.9:9100"),
        "gpio": (
            Route(
                DeviceKind.PANEL,
                "hw.panel.gpio_panel:open_url",
                "gpio:?factory=lgpio",
                ("factory", "port", *_PANEL_PINS),
            ),
        ),
        "nut": (Route(DeviceKind.POWER, "hw.power.nut_ups:open_url", "nut://127.0.0.1:3493/UPSNAME"),),
        "max17043": (
            Route(DeviceKind.POWER, "hw.power.max17043:open_url", "max17043:///dev/i2c-1?low=20", ("low",)),
        ),
        "gpsd": (Route(DeviceKind.POSITION, "hw.position.gpsd_locator:open_url", "gpsd://127.0.0.1:2947"),),
        "pkcs11": (
            Route(
                DeviceKind.CARD,
                "hw.card.pkcs11_card:open_url",
                "pkcs11:///usr/lib/x86_64-linux-gnu/opensc-pkcs11.so?slot=0&id=01&counter=piv",
                ("slot", "id", "counter", "conf"),
            ),
        ),
    }
)


def kind_of(text: str) -> DeviceKind:
    """The kind of device a URL means. Raises DeviceUrlError."""
    return _route(DeviceUrl.parse(text)).kind


def open_device(text: str) -> Device:
    """The driver for a URL, not started. Raises DeviceUrlError; touches no hardware."""
    url = DeviceUrl.parse(text)
    route = _route(url)
    _check_parameters(url, route)
    device: Device = _load(route)(url)
    return device


def open_devices(urls: Mapping[DeviceKind, str]) -> Devices:
    """The kiosk's set, not started. Raises DeviceUrlError, also for a URL that means another kind of device."""
    opened: dict[str, Any] = {}
    for kind, text in urls.items():
        route = _route(DeviceUrl.parse(text))
        if route.kind is not kind:
            raise DeviceUrlError(text, "kind of device", route.kind, _examples(kind))
        opened[kind.value] = open_device(text)
    return Devices(**opened)


def _route(url: DeviceUrl) -> Route:
    routes = SCHEMES.get(url.scheme)
    if routes is None:
        raise DeviceUrlError(url.text, "scheme", url.scheme, SCHEMES)
    for route in routes:
        if all(url.parameters.get(name) == value for name, value in route.told_by.items()):
            return route
    name = next(iter(routes[0].told_by))
    raise DeviceUrlError(
        url.text, f"parameter {name}", url.parameters.get(name, ""), [route.told_by[name] for route in routes]
    )


def _check_parameters(url: DeviceUrl, route: Route) -> None:
    if route.parameters is None:
        return
    for name in url.parameters:
        if name not in route.parameters:
            raise DeviceUrlError(url.text, "parameter", name, route.parameters or ["none"])


def _load(route: Route) -> Any:
    module, _, function = route.opener.partition(":")
    return getattr(importlib.import_module(module), function)


def _examples(kind: DeviceKind) -> Iterator[str]:
    for routes in SCHEMES.values():
        for route in routes:
            if route.kind is kind:
                yield route.example
