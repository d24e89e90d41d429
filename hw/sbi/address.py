"""The scanner's URL: `sbi://127.0.0.1:4501?type=slap&ca=/path/ca.pem&env=Production`.

Without a port the driver asks every port of 4501..4600. `ca` holds the device CAs' certificates (PEM):
the only trust anchors. The service is on this host by specification, so only loopback is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hw.api import DeviceKind
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.sbi.dialect import ENVIRONMENTS

_TYPES: Final = {DeviceKind.SLAP_SCANNER: "slap", DeviceKind.IRIS_CAMERA: "iris"}
_PARAMETERS: Final = ("type", "ca", "env")
_LOOPBACK: Final = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class SbiAddress:
    kind: DeviceKind
    port: int | None
    anchors: Path | None
    environment: str


def read_address(url: DeviceUrl, *, kind: DeviceKind) -> SbiAddress:
    """DeviceUrlError names the part that is wrong and what is allowed."""
    if url.scheme != "sbi":
        raise DeviceUrlError(url.text, "scheme", url.scheme, ["sbi"])
    if url.host not in _LOOPBACK:
        raise DeviceUrlError(url.text, "host", url.host, _LOOPBACK)
    for name in url.parameters:
        if name not in _PARAMETERS:
            raise DeviceUrlError(url.text, "parameter", name, _PARAMETERS)
    url.choice("type", [_TYPES[kind]], default="")
    return SbiAddress(
        kind=kind,
        port=url.port,
        anchors=Path(url.parameters["ca"]) if "ca" in url.parameters else None,
        environment=url.choice("env", sorted(ENVIRONMENTS), default="Production"),
    )
