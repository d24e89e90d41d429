"""A simulation seen from the outside: started as a process of its own, and told what shall happen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any

from hw.api import DeviceKind, Finger

REQUEST_TIMEOUT_S = 60.0
"""A person who was never called before is made first."""

CLOSE_TIMEOUT_S = 10.0


class SimulationError(RuntimeError):
    """The simulation refused, with its reason, or could not be started."""


class SimulationClient:
    """Methods raise SimulationError for a refusal and OSError when the simulation is gone."""

    def __init__(self, url: str) -> None:
        self.url = url

    def state(self) -> Mapping[str, Any]:
        return self._get("/state")

    def people(self) -> tuple[str, ...]:
        """Names by index, empty for people not made yet."""
        return tuple(one["name"] for one in self._get("/people")["people"])

    def person(self, index: int, *, cloth: str | None = None) -> str:
        """Somebody steps before the kiosk; their name. cloth: red, blue or orange is hung behind them."""
        body = {"index": index} if cloth is None else {"index": index, "cloth": cloth}
        return str(self._post("/person", **body)["name"])

    def leave(self) -> None:
        self._post("/leave")

    def sign(self, *, speed: float = 1.0) -> None:
        """The person begins to sign, at the pace of a hand times `speed`; `state()["signing"]` ends with it."""
        self._post("/sign", speed=speed)

    def scan(self, code: str) -> None:
        self._post("/scan", code=code)

    def switch(self, **switches: bool) -> None:
        """presence, officer_key, tamper: as in `hw.api.PanelInputs`."""
        self._post("/switch", **switches)

    def finger(self, finger: Finger | None) -> None:
        """The person lays one finger on the single-finger module; None lifts it."""
        self._post("/finger", position=0 if finger is None else int(finger))

    def supply(self, status: str, *, charge_percent: int) -> None:
        """status: the UPS's tokens in NUT's words: "OL" on mains, "OB DISCHRG LB" at a low battery's end."""
        self._post("/supply", status=status, charge_percent=charge_percent)

    def drive(self, *, latitude_deg: float, longitude_deg: float) -> None:
        self._post("/drive", latitude_deg=latitude_deg, longitude_deg=longitude_deg)

    def card_certificate(self) -> bytes | None:
        """DER, of the simulated officer's card; None where SoftHSM is not installed."""
        card = self.state()["card"]
        return None if card is None else Path(card["certificate"]).read_bytes()

    def fault(self, device: DeviceKind, fault: str, *, count: int = 1) -> None:
        """Arms a fault for the next `count` occasions, 0 ends it; `state()` lists each device's faults."""
        self._post("/fault", device=device.value, fault=fault, count=count)

    def unplug(self, device: DeviceKind) -> None:
        self._post("/unplug", device=device.value)

    def replug(self, device: DeviceKind) -> None:
        self._post("/replug", device=device.value)

    def slips(self) -> int:
        """How many slips have been printed."""
        return int(self._get("/slips")["count"])

    def slip(self, number: int) -> Mapping[str, Any]:
        """{"text": lines, "qr": payload} of one slip, the first is 0."""
        return self._get(f"/slips/{number}.json")

    def slip_png(self, number: int) -> bytes:
        return self._ask(urllib.request.Request(f"{self.url}/slips/{number}.png"))  # noqa: S310 - the loopback

    def _get(self, path: str) -> Mapping[str, Any]:
        return self._object(urllib.request.Request(self.url + path))  # noqa: S310

    def _post(self, path: str, **body: Any) -> Mapping[str, Any]:
        data = json.dumps(body).encode()
        return self._object(urllib.request.Request(self.url + path, data=data, method="POST"))  # noqa: S310

    def _object(self, request: urllib.request.Request) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = json.loads(self._ask(request))
        return answer

    def _ask(self, request: urllib.request.Request) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT_S) as answer:
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError as error:
            with error:
                raise SimulationError(json.loads(error.read())["error"]) from None


class Simulation:
    """A running simulation; closing it ends its process, and only that."""

    def __init__(self, process: subprocess.Popen[bytes], announcement: Mapping[str, Any]) -> None:
        self._process = process
        self.client = SimulationClient(announcement["control"])
        self.urls: Mapping[DeviceKind, str] = MappingProxyType(
            {DeviceKind(kind): url for kind, url in announcement["urls"].items()}
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        _end(self._process)

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spawn_simulation(
    *, people: Path | None = None, seed: int = 1, control_port: int = 0, log: IO[bytes] | int | None = None
) -> Simulation:
    """Starts `python -m hw sim` and waits until its devices are up.

    log: where its standard error goes, as for `subprocess.Popen`; None: to ours.
    Raises SimulationError when it ends before it is up.
    """
    command = [sys.executable, "-m", "hw", "sim", "--seed", str(seed), "--control-port", str(control_port)]
    if people is not None:
        command += ["--people", str(people)]
    search = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]  # the same hw as ours
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
    )
    line = process.stdout.readline() if process.stdout is not None else b""
    if not line:
        _end(process)
        raise SimulationError(f"the simulation ended with status {process.returncode} before it was up")
    return Simulation(process, json.loads(line))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(CLOSE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
