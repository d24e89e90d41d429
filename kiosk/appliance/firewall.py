"""Letting the store's addresses through the packet filter: elements for the sets of firewall.nft.

The rules themselves are fixed in the image. A name's addresses come and go, so each element expires by itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

LIFETIME_MIN = 60
"""Twelve looks of five minutes: as long may the names be out of reach before a sender is cut off."""
_TABLE = "inet kiosk"


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int


def endpoint_of(store: str) -> Endpoint | None:
    """Where the store's URL (`uplink.store`) leads to; None for a folder or this machine itself."""
    parts = urlsplit(store)
    if parts.scheme != "s3":
        return None
    named = parse_qs(parts.query).get("endpoint", [])
    where = urlsplit(named[-1]) if named else urlsplit(f"https://{parts.netloc}.s3.amazonaws.com")
    host = where.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1", ""):
        return None
    return Endpoint(host, where.port or 443)


def elements(endpoint: Endpoint, addresses: Iterable[str]) -> str:
    """nft commands, one transaction: the old element goes and comes back with its whole lifetime.

    addresses: numeric, of either family. Raises ValueError for anything else.
    """
    lines = []
    for address in sorted({ipaddress.ip_address(text.partition("%")[0]) for text in addresses}, key=str):
        if address.is_multicast or address.is_unspecified or address.is_link_local:
            continue
        family = f"store{address.version}"
        element = f"{address} . {endpoint.port}"
        lines += [
            f"add element {_TABLE} {family} {{ {element} timeout {LIFETIME_MIN}m }}",
            f"delete element {_TABLE} {family} {{ {element} }}",
            f"add element {_TABLE} {family} {{ {element} timeout {LIFETIME_MIN}m }}",
        ]
    return "\n".join(lines) + "\n" if lines else ""
