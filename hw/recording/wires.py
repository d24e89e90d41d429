"""Which wire a device's URL means, and the URL of another end of the same kind of wire."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from hw.device_url import DeviceUrl, DeviceUrlError
from hw.position.gpsd_locator import PORT as GPSD_PORT
from hw.power.nut_ups import PORT as NUT_PORT
from hw.signature.input_node import axes_of


class Wire(StrEnum):
    """TERMINAL: bytes of a device node, played on a pseudo-terminal. TCP: of connections. PICTURES: one JPEG an
    entry, from cameras whose wire only the kernel sees; played as motion JPEG over HTTP."""

    TERMINAL = "terminal"
    TCP = "tcp"
    PICTURES = "pictures"


WIRES: Mapping[str, Wire] = MappingProxyType(
    {
        "serial": Wire.TERMINAL,
        "epad": Wire.TERMINAL,
        "evdev": Wire.TERMINAL,
        "escpos": Wire.TERMINAL,
        "escpos+tcp": Wire.TCP,
        "nut": Wire.TCP,
        "gpsd": Wire.TCP,
        "sbi": Wire.TCP,
        "http": Wire.TCP,
        "v4l2": Wire.PICTURES,
        "video": Wire.PICTURES,
    }
)
"""Not here: gpio and max17043, which have no stream of bytes, and pkcs11, whose stream holds the PIN."""

HTTP_SCHEMES = ("sbi", "http")
_PORTS: Mapping[str, int] = MappingProxyType({"nut": NUT_PORT, "gpsd": GPSD_PORT, "http": 80})


def wire_of(url: DeviceUrl) -> Wire:
    """Raises DeviceUrlError for a device that cannot be recorded, or a URL that does not say where it is."""
    if url.scheme not in WIRES:
        raise DeviceUrlError(url.text, "scheme for a recording", url.scheme, WIRES)
    wire = WIRES[url.scheme]
    if wire is Wire.TCP:
        address_of(url)
    else:
        url.device_path()
    return wire


def described(url: DeviceUrl) -> DeviceUrl:
    """The URL with what a driver asks the kernel beside the wire, so that it need not ask a recording: the axes
    of an input device."""
    if url.scheme != "evdev":
        return url
    missing = {name: axis for name, axis in axes_of(url.device_path()).items() if name not in url.parameters}
    told = [f"{name}={axis.minimum}:{axis.maximum}:{axis.resolution}" for name, axis in missing.items()]
    joint = "&" if "?" in url.text else "?"
    return DeviceUrl.parse(url.text + joint * bool(told) + "&".join(told))


def address_of(url: DeviceUrl) -> tuple[str, int]:
    """Of a TCP wire; raises DeviceUrlError when neither the URL nor its scheme names a port."""
    port = url.port or _PORTS.get(url.scheme)
    if not url.host or port is None:
        return url.address()
    return url.host, port


def at_node(url: DeviceUrl, node: Path) -> str:
    """The same device, reached over another node."""
    return f"{url.scheme}://{quote(str(node))}{_question(url)}"


def at_port(url: DeviceUrl, port: int) -> str:
    """The same device, reached over a port of the loopback."""
    return f"{url.scheme}://127.0.0.1:{port}{quote(url.path)}{_question(url)}"


def _question(url: DeviceUrl) -> str:
    _, question, parameters = url.text.partition("?")
    return question + parameters
