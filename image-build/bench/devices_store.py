"""An S3 server on the host for the unit's packets, and the centre behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from bench.devices_relay import HOST
from kiosk.children import child
from kiosk.security.certificates import make_authority
from tests.uplink.proxy import running
from tests.uplink.seaweed import BUCKET, seaweed_server
from tests.uplink.tls_door import make_server_pem, tls_door

_LIFETIME = dt.timedelta(days=2)
_LOOK_S = "1"


@dataclass(frozen=True, slots=True)
class Centre:
    """url: of the store, for the host. unit_url: for the unit, over TLS. ca: who certified the server.
    credentials: an AWS shared credentials file. log: what the receiver said."""

    url: str
    unit_port: int
    ca: Path
    credentials: Path
    log: Path

    def unit_url(self, *, credentials: str) -> str:
        return f"s3://{BUCKET}?endpoint=https://{HOST}:{self.unit_port}&credentials={credentials}"


@contextmanager
def centre(folder: Path, keys: Path) -> Iterator[Centre]:
    """keys: the office's, of which the receiver reads its own and the centre's. Everything is on 127.0.0.1."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        server = stack.enter_context(seaweed_server(folder))
        _certify(folder)
        door = tls_door(server.s3_port, folder / "server.pem")
        stack.enter_context(running(door))
        log = folder / "receive.log"
        words = ["-m", "kiosk", "receive", "--store", server.url, "--keys", str(keys)]
        stack.enter_context(child([*words, "--interval", _LOOK_S, "--json"], log=log))
        yield Centre(server.url, door.port, folder / "ca.pem", server.credentials, log)


def _certify(folder: Path) -> None:
    """ca.pem, and server.pem for the host's address as the unit sees it."""
    now = dt.datetime.now(dt.UTC)
    authority_key, authority = make_authority("CONTOH store authority", now=now, lifetime=_LIFETIME)
    shown = make_server_pem(authority_key, authority, host=HOST, now=now, lifetime=_LIFETIME)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(shown)
