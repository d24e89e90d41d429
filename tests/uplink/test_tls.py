"""The store is believed by the authority that the configuration names, and by no other."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from kiosk.packet.seal import SealedPacket
from kiosk.security.certificates import make_authority
from kiosk.uplink.tls import trust_only
from tests.uplink.conftest import Line
from tests.uplink.proxy import running
from tests.uplink.seaweed import Seaweed
from tests.uplink.test_s3 import lines_of, receive, uplink
from tests.uplink.tls_door import make_server_pem, tls_door

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Secured:
    """The S3 server behind TLS. ca: who certified it; other_ca: who did not."""

    url: str
    ca: Path
    other_ca: Path


@pytest.fixture(scope="module")
def secured(one_seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    now = dt.datetime.now(dt.UTC)
    for name in ("ca", "other_ca"):
        key, authority = make_authority(f"CONTOH {name}", now=now, lifetime=DAY)
        (folder / f"{name}.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        if name == "ca":
            shown = make_server_pem(key, authority, host="127.0.0.1", now=now, lifetime=DAY)
            (folder / "server.pem").write_bytes(shown)
    proxy = tls_door(one_seaweed.s3_port, folder / "server.pem")
    with running(proxy):
        url = f"s3://ktp-el?endpoint=https://127.0.0.1:{proxy.port}&credentials={one_seaweed.credentials}"
        yield Secured(url, folder / "ca.pem", folder / "other_ca.pem")


def test_a_store_under_the_authority_is_used(secured: Secured, line: Line, seal_for, tmp_path: Path):
    packet = seal_for(41, nik="3503111708010041")
    line.put(packet)
    outbox = tmp_path / "outbox"
    (sent,) = lines_of(uplink(outbox, line.keys, secured.url, "--ca", str(secured.ca), "--once"), status=0)
    assert sent["outcome"] == "sent"
    ended = subprocess.run(
        [*receive(line.keys, secured.url), "--ca", str(secured.ca)], capture_output=True, text=True, check=False
    )
    assert packet.sha256 in ended.stdout


def test_a_store_under_another_authority_is_refused_though_the_system_believes_it(
    secured: Secured, line: Line, packet: SealedPacket, tmp_path: Path
):
    line.put(packet)
    command = uplink(tmp_path / "outbox", line.keys, secured.url, "--ca", str(secured.other_ca), "--once")
    system = os.environ | {"SSL_CERT_FILE": str(secured.ca)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=system)
    assert ended.returncode == 1
    assert '"outcome":"unreachable"' in ended.stdout
    assert (
        "the store's certificate is not believed (UnknownIssuer)" in line.outbox.entry(packet.sha256).last_fault
    )
    assert line.outbox.entry(packet.sha256).sent_at is None


def test_a_file_without_certificates_is_named(line: Line, secured: Secured, tmp_path: Path):
    (tmp_path / "empty.pem").write_text("nothing")
    command = uplink(tmp_path / "outbox", line.keys, secured.url, "--ca", str(tmp_path / "empty.pem"))
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == f"kiosk.uplink: {tmp_path}/empty.pem: no certificates in PEM\n"


def test_an_authority_that_is_not_there_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        trust_only(tmp_path / "nowhere.pem")
