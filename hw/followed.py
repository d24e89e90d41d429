"""URLs that name a USB model where others name a node: any unit of it serves, whichever is plugged in.

`serial:///usb/0c2e:0200?proto=code` becomes the URL of a link that `DeviceLinks` keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from hw.api import DeviceKind
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.hotplug import DeviceLinks, UsbModel

PREFIX = "/usb/"
SUBSYSTEMS: Mapping[str, str] = MappingProxyType(
    {"serial": "tty", "epad": "hidraw", "v4l2": "video4linux", "escpos": "usbmisc"}
)
"""The kernel's name for the nodes that a scheme opens."""


def follow(
    urls: Mapping[DeviceKind, str], folder: Path, *, dev: Path = Path("/dev")
) -> tuple[Mapping[DeviceKind, str], DeviceLinks]:
    """The URLs to open, and the links some of them lead over, not started. Raises DeviceUrlError.

    folder: for the links alone. dev: where the device nodes are.
    """
    wanted = {kind: model for kind, text in urls.items() if (model := _model(DeviceUrl.parse(text)))}
    links = DeviceLinks(folder, {kind.value: model for kind, model in wanted.items()}, dev=dev)
    followed = {kind: _led_over(urls[kind], links.path(kind.value)) for kind in wanted}
    return MappingProxyType({**urls, **followed}), links


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


def _led_over(text: str, link: Path) -> str:
    head, question, parameters = text.partition("?")
    return f"{head.partition(':')[0]}://{quote(str(link))}{question}{parameters}"
