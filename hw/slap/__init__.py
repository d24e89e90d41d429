"""Ten-print slap scanners: `sbi://127.0.0.1:4501?type=slap&ca=/path/device-ca.pem`."""

from __future__ import annotations

from hw.api import DeviceKind
from hw.device_url import DeviceUrl
from hw.sbi.scanner import SbiScanner


def open_url(url: DeviceUrl) -> SbiScanner:
    """Not started. DeviceUrlError when the URL is wrong or names another kind of device."""
    return SbiScanner(url, kind=DeviceKind.SLAP_SCANNER)
