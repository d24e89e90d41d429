"""One simulated SBI service with one device."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, DeviceKind
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.capture import Asked, Shown, answer_capture, choose, mirrored, read_request, touch
from hw.sim.sbi.faults import FaultPlan, ScannerFault
from hw.sim.sbi.hold import Hold, RefusedError
from hw.sim.sbi.iso_records import FingerCoding
from hw.sim.sbi.signing import base64url, sign
from hw.sim.sbi.stream import FRAME_INTERVAL_S, send_stream
from hw.sim.sbi.unit import (
    FIRMWARE,
    MODELS,
    SERVICE_VERSION,
    SPEC_VERSION,
    Occupancy,
    digital_id,
)
from hw.sim.sbi.wire import Connection, LoopbackListener, Request, listen, response
from hw.sim.subject import Subject

PORTS: Final = range(4501, 4601)
_TYPES: Final = {DeviceKind.SLAP_SCANNER: "slap", DeviceKind.IRIS_CAMERA: "iris"}


class SbiService:
    """Satisfies `hw.sim.device.SimulatedDevice`. `start` and `stop` are those of the vendor's service;
    `plug` and `unplug` those of the device's cable, while the service goes on answering.

    capture_delay_s: from RCAPTURE to the picture, the time a hand needs to lie still.
    frame_interval_s: between two pictures of a stream.
    """

    def __init__(
        self,
        subject: Subject,
        *,
        authority: DeviceAuthority,
        kind: DeviceKind = DeviceKind.SLAP_SCANNER,
        port: int | None = None,
        finger_coding: FingerCoding = FingerCoding.JPEG_2000_LOSSLESS,
        capture_delay_s: float = 0.5,
        frame_interval_s: float = FRAME_INTERVAL_S,
    ) -> None:
        self._kind = kind
        self._model = MODELS[kind]
        self._authority = authority
        self._port = port
        self._coding = finger_coding
        self._capture_delay_s = capture_delay_s
        self._frame_interval_s = frame_interval_s
        self._plan = FaultPlan()
        self._occupancy = Occupancy()
        self._lock = threading.Lock()
        self._listener: LoopbackListener | None = None
        self._plugged = True
        self._subject = subject
        self._met_s = time.monotonic()
        self.swap(f"{self._model.name}-0001")

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(ScannerFault)

    @property
    def kind(self) -> DeviceKind:
        return self._kind

    @property
    def port(self) -> int:
        """RuntimeError before the first start, when no port was given."""
        if self._port is None:
            raise RuntimeError("the service takes its port when it starts")
        return self._port

    @property
    def url(self) -> str:
        query = urlencode({"type": _TYPES[self._kind], "ca": str(self._authority.certificate_path)})
        return f"sbi://127.0.0.1:{self.port}?{query}"

    @property
    def plugged(self) -> bool:
        return self._plugged and self._listener is not None

    def start(self) -> None:
        with self._lock:
            if self._listener is None:
                self._listener = LoopbackListener(listen(PORTS, preferred=self._port), self._handle)
                self._port = self._listener.port

    def stop(self) -> None:
        with self._lock:
            if self._listener is not None:
                self._listener.close()
                self._listener = None

    def plug(self) -> None:
        self._plugged = True

    def unplug(self) -> None:
        self._plugged = False

    def swap(self, serial: str) -> None:
        """Another device of the same model, with its own key."""
        device = self._authority.device(serial)
        self._identity = (serial, device)

    def fail(self, fault: str, *, count: int = 1) -> None:
        self._plan.arm(fault, count)

    def meet(self, subject: Subject) -> None:
        self._subject, self._met_s = subject, time.monotonic()

    def _handle(self, connection: Connection) -> None:
        request = connection.read_request()
        verbs = {
            ("MOSIPDISC", "/device"): self._discover,
            ("MOSIPDINFO", "/info"): self._describe,
            ("RCAPTURE", "/capture"): self._capture,
            ("STREAM", "/stream"): self._stream,
        }
        verb = verbs.get((request.method, request.path)) if request is not None else None
        if request is None or verb is None:
            connection.send(response([{"error": _error(500)}], status="405 OK"))
        else:
            verb(request, connection)

    def _discover(self, request: Request, connection: Connection) -> None:
        wanted = request.body.get("type") if isinstance(request.body, dict) else None
        if wanted not in (self._model.bio_type, "Biometric Device"):
            code = 503 if wanted in ("Finger", "Face", "Iris") else 502
            connection.send(response([{"error": _error(code)}]))
        elif not self._plugged:
            connection.send(response([{"error": _error(202)}]))
        else:
            connection.send(response([self._announcement()]))

    def _announcement(self) -> dict[str, Any]:
        serial, _ = self._identity
        return {
            **self._common(self._status()),
            "callbackId": f"http://127.0.0.1:{self._port}/",
            "digitalId": base64url(json.dumps(digital_id(self._model, serial)).encode()),
            "error": None,
        }

    def _describe(self, _: Request, connection: Connection) -> None:
        if not self._plugged:
            connection.send(response([{"error": _error(106)}]))
            return
        serial, device = self._identity
        info = {
            **self._common("Busy" if self._occupancy.busy else "Ready"),
            "firmware": FIRMWARE,
            "env": "Developer",
            "callbackId": f"http://127.0.0.1:{self._port}/",
            "digitalId": sign(digital_id(self._model, serial), device),
        }
        connection.send(response([{"deviceInfo": sign(info, device), "error": _error(0)}]))

    def _common(self, status: str) -> dict[str, Any]:
        serial, _ = self._identity
        return {
            "deviceId": self._model.device_id,
            "deviceStatus": status,
            "certification": "L0",
            "serviceVersion": SERVICE_VERSION,
            "deviceSubId": list(self._model.sets),
            "deviceCode": f"sim-{serial}",
            "purpose": "Registration",
            "specVersion": [SPEC_VERSION],
        }

    def _status(self) -> str:
        if self._plan.use(ScannerFault.NOT_REGISTERED):
            return "Not Registered"
        if self._plan.use(ScannerFault.NOT_READY):
            return "Not Ready"
        return "Busy" if self._occupancy.busy or self._plan.use(ScannerFault.BUSY) else "Ready"

    def _refusal(self) -> int:
        """The error of a device that cannot serve now, 0 when it can."""
        if not self._plugged:
            return 605
        if self._plan.use(ScannerFault.NOT_REGISTERED):
            return 100
        if self._plan.use(ScannerFault.NOT_READY):
            return 110
        return 111 if self._plan.use(ScannerFault.BUSY) else 0

    def _stream(self, request: Request, connection: Connection) -> None:
        fields = request.body if isinstance(request.body, dict) else {}
        placement = self._model.sets.get(str(fields.get("deviceSubId")))
        if fields.get("deviceId") != self._model.device_id or placement is None:
            connection.send(response(_error(605)))
            return
        timeout = str(fields.get("timeout") or "0")
        if not timeout.isdecimal():
            connection.send(response(_error(123)))
            return
        code = self._refusal()
        ended = self._occupancy.begin_stream() if code == 0 else None
        if ended is None:
            connection.send(response(_error(code or 111)))
            return
        try:
            began_s = time.monotonic()
            send_stream(
                connection,
                frame=lambda elapsed_s: self._frame(placement[0], began_s, elapsed_s),
                ended=ended,
                timeout_s=int(timeout) / 1000 or math.inf,
                interval_s=self._frame_interval_s,
                plugged=lambda: self._plugged,
                faults=self._plan,
            )
        finally:
            self._occupancy.end_stream(ended)

    def _frame(self, capture_set: CaptureSet, began_s: float, elapsed_s: float) -> NDArray[np.uint8]:
        """While a hand is armed to be the wrong one, it is what the preview shows."""
        since_met_s = min(elapsed_s, began_s + elapsed_s - self._met_s)
        swapped = self._plan.armed(ScannerFault.HANDS_SWAPPED) or self._plan.armed(ScannerFault.WRONG_HAND)
        shown = mirrored(capture_set) if swapped else capture_set
        pixels = self._subject.preview(shown, since_met_s)
        if swapped and shown is capture_set:
            return np.roll(pixels, pixels.shape[1] // 2, axis=1)
        return pixels

    def _capture(self, request: Request, connection: Connection) -> None:
        try:
            answer: Any = self._take(request, connection)
        except RefusedError as refused:
            element = {"specVersion": SPEC_VERSION, "data": "", "hash": "", "error": _error(refused.code)}
            answer = {"biometrics": [element]}
        self._send_answer(connection, answer)

    def _take(self, request: Request, connection: Connection) -> dict[str, Any]:
        asked = read_request(request.body, self._model)
        if code := self._refusal():
            raise RefusedError(705 if code == 605 else code)
        if not self._occupancy.begin_capture():
            raise RefusedError(703)
        try:
            shown, pictures = self._wait_for_the_hand(asked, connection)
            serial, device = self._identity
            return answer_capture(
                asked,
                shown,
                pictures,
                model=self._model,
                serial=serial,
                authority=self._authority,
                device=device,
                faults=self._plan,
                coding=self._coding,
            )
        finally:
            self._occupancy.end_capture()

    def _wait_for_the_hand(
        self, asked: Asked, connection: Connection
    ) -> tuple[list[Shown], list[NDArray[np.uint8]]]:
        """Until all that is asked for lies still, whoever's it is. RefusedError when something comes first."""
        hangs = self._plan.use(ScannerFault.CAPTURE_HANGS)
        never = hangs or self._plan.use(ScannerFault.CAPTURE_TIMEOUT)
        hold = Hold(
            connection,
            timeout_s=math.inf if hangs else asked.timeout_s,
            plugged=lambda: self._plugged,
            streaming_on=self._occupancy.streaming_on,
        )
        while never or hold.elapsed_s < self._capture_delay_s:
            hold.moment()
        self._refuse_by_plan()
        shown = choose(asked, self._model, self._plan)
        while (pictures := touch(self._subject, shown)) is None:
            hold.moment()
        return shown, pictures

    def _refuse_by_plan(self) -> None:
        for fault, code in (
            (ScannerFault.COUNT_REFUSED, 109),
            (ScannerFault.NO_BIOMETRIC, 708),
            (ScannerFault.VENDOR_ERROR, 551),
        ):
            if self._plan.use(fault):
                raise RefusedError(code)

    def _send_answer(self, connection: Connection, answer: Any) -> None:
        if self._plan.use(ScannerFault.NOT_JSON):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops")
            return
        whole = response(answer)
        if self._plan.use(ScannerFault.TRAILING_BYTES):
            whole = response(answer, trailing=b"\r\n\r\n" + bytes(range(256)) * 64)
        if self._plan.use(ScannerFault.CAPTURE_CUT):
            connection.send(whole[: len(whole) // 2])
        elif self._plan.use(ScannerFault.SLOW_DRIP):
            connection.drip(whole)
        else:
            connection.send(whole)


def _error(code: int) -> dict[str, str]:
    return {"errorCode": str(code), "errorInfo": "Success" if code == 0 else f"Error {code}"}
