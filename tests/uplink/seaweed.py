"""A real S3 server for tests: SeaweedFS from its wheel, on free ports of this machine only."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import unused_port

BUCKET = "ktp-el"
ACCESS_KEY, SECRET_KEY = "contoh", "rahasia-contoh"
START_TIMEOUT_S = 90.0


@dataclass(frozen=True)
class Seaweed:
    """credentials: an AWS shared credentials file. prefix: what names in the bucket begin with."""

    s3_port: int
    credentials: Path
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}?endpoint=http://127.0.0.1:{self.s3_port}&credentials={self.credentials}" + (
            f"&prefix={self.prefix}" if self.prefix else ""
        )


def weed_binary() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


class SeaweedProcess:
    """One server on ports and data of its own, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = [unused_port(neighbours=(10_000,)) for _ in range(4)]  # gRPC listens 10,000 above each
        self._process: subprocess.Popen[bytes] | None = None
        identity = {
            "name": "kiosk",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (folder / "data").mkdir()
        (folder / "store.ini").write_text(
            f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
        )

    @property
    def address(self) -> Seaweed:
        return Seaweed(self._ports[3], self._folder / "store.ini")

    def start(self) -> None:
        """Returns once it takes requests."""
        folder, (master, volume, filer, s3) = self._folder, self._ports
        binary = weed_binary()
        assert binary is not None
        command = [binary, "server", "-s3", f"-s3.config={folder / 's3.json'}", f"-dir={folder / 'data'}"]
        command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=60", "-master.volumeSizeLimitMB=64"]
        command += [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]  # table catalogues, on ports that are always the same
        command += ["-master.telemetry=false"]  # nothing leaves this machine
        command += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, f"-s3.port={s3}"], stdout=log, stderr=subprocess.STDOUT)
        _wait_until_ready(self._process, filer=filer, s3=s3, log=folder / "log")

    def kill(self) -> None:
        """At once: it takes over ten seconds to end politely."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def seaweed_server(folder: Path) -> Iterator[Seaweed]:
    """Runs until the block ends; the server is ended by its pid."""
    server = SeaweedProcess(folder)
    try:
        server.start()
        yield server.address
    finally:
        server.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], *, filer: int, s3: int, log: Path) -> None:
    """Ready once the filer takes the bucket's folder, what is written can be read, and the S3 port answers.

    A volume server tells all its volumes at once: when one can be written, those of before are there too.
    """
    probe = f"http://127.0.0.1:{filer}/probe"
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        made = _answers("POST", f"http://127.0.0.1:{filer}/buckets/{BUCKET}/")
        kept = made and _answers("PUT", probe, b"kept") and _answers("GET", probe)
        if kept and _answers("GET", f"http://127.0.0.1:{s3}/"):
            return
        time.sleep(0.25)
    raise AssertionError(f"SeaweedFS did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _answers(method: str, url: str, body: bytes | None = None) -> bool:
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - 127.0.0.1 only
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
