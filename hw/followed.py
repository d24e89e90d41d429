"""URLs that name a USB model where others name a node: any unit of it serves, whichever is plugged in.

`serial:///usb/0c2e:0200?proto=code` becomes the URL of a link that `DeviceLinks` keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote, urlencode

from hw.device_url import DeviceUrl, DeviceUrlError
from hw.hotplug import DeviceLinks, UsbModel

PREFIX = "/usb/"
SUBSYSTEMS: Mapping[str, str] = MappingProxyType(
    {"serial": "tty", "epad": "hidraw", "v4l2": "video4linux", "escpos": "usbmisc"}
)
"""The kernel's name for the nodes that a scheme opens."""

PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType({"nir": ("right", "left")})
"""Schemes of two devices, whose URLs are these parameters."""

Name = TypeVar("Name", bound=str)


def follow(
    urls: Mapping[Name, str], folder: Path, *, dev: Path = Path("/dev")
) -> tuple[Mapping[Name, str], DeviceLinks]:
    """The URLs to open, and the links some of them lead over, not started. Raises DeviceUrlError.

    folder: for the links alone, which are named as the URLs are. dev: where the device nodes are.
    """
    wanted: dict[str, UsbModel] = {}
    followed = {name: _followed(DeviceUrl.parse(text), folder / name, wanted) for name, text in urls.items()}
    return MappingProxyType(followed), DeviceLinks(folder, wanted, dev=dev)


def _followed(url: DeviceUrl, link: Path, wanted: dict[str, UsbModel]) -> str:
    """wanted: takes the models that the URL names, by the names of their links."""
    if url.scheme in PAIRS:
        return _followed_pair(url, link, wanted)
    if (model := _model(url)) is None:
        return url.text
    wanted[link.name] = model
    _, question, parameters = url.text.partition("?")
    return f"{url.scheme}://{quote(str(link))}{question}{parameters}"


def _followed_pair(url: DeviceUrl, link: Path, wanted: dict[str, UsbModel]) -> str:
    names = [name for name in PAIRS[url.scheme] if url.parameters.get(name)]
    parts = {name: DeviceUrl.parse(url.parameters[name]) for name in names}
    models: dict[str, UsbModel | None] = {}
    for name, part in parts.items():
        try:
            models[name] = _model(part)
        except DeviceUrlError as error:
            raise DeviceUrlError(url.text, f"parameter {name}", error.value, error.allowed) from None
    if not any(models.values()):
        return url.text
    for name, model in models.items():
        partners = [models[other] for other in names if other != name]
        if model is not None and not all(_is_another(model, partner) for partner in partners):
            allowed = (
                f"{PREFIX}VVVV:PPPP:SERIAL of another unit than its partner, so that they keep their places"
            )
            raise DeviceUrlError(url.text, f"parameter {name}", parts[name].text, [allowed])
    own = {name: _followed(part, link.with_name(f"{link.name}-{name}"), wanted) for name, part in parts.items()}
    return f"{url.scheme}:?{urlencode({**url.parameters, **own}, safe='/:', quote_via=quote)}"


def _is_another(model: UsbModel, partner: UsbModel | None) -> bool:
    """Whether no unit can be meant by both."""
    if partner is None:
        return bool(model.serial)
    if (model.vendor_id, model.product_id) != (partner.vendor_id, partner.product_id):
        return True
    return bool(model.serial and partner.serial) and model.serial != partner.serial


def _model(url: DeviceUrl) -> UsbModel | None:
    if not url.path.startswith(PREFIX) or url.host:
        return None
    subsystem = SUBSYSTEMS.get(url.scheme)
    if subsystem is None:
        raise DeviceUrlError(url.text, "path", url.path, [f"{PREFIX} with {', '.join(SUBSYSTEMS)}"])
    model = url.path.removeprefix(PREFIX)
    try:
        return UsbModel.parse(subsystem, model)
    except ValueError:
        raise DeviceUrlError(
            url.text, "USB model", model, ["VVVV:PPPP", "VVVV:PPPP:SERIAL, as lsusb -v writes them"]
        ) from None
