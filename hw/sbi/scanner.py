"""The driver of one SBI scanner: finds it, watches it, previews, captures, and heals itself."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from hw.api import (
    CapturedSample,
    CaptureRequest,
    CaptureSet,
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    Frame,
    PixelFormat,
    ScannerCapture,
    SelfTest,
)
from hw.device_url import DeviceUrl
from hw.sbi.address import read_address
from hw.sbi.cancel import Cancel
from hw.sbi.capture import CheckedSample, check_request
from hw.sbi.client import SbiClient
from hw.sbi.delays import SbiDelays
from hw.sbi.device import DescribedDevice, require_ready
from hw.sbi.dialect import PLACEMENTS, SBI_0_9_5, Dialect
from hw.sbi.failure import SbiFailure
from hw.sbi.imagery import decode_preview
from hw.sbi.self_test import self_test
from hw.worker import DeviceWorker, Session, SessionEnded

_PLATEN_INCHES: Final = 3.2
"""Width of a FAP 60 ten-print platen (FBI EBTS, appendix F): the stream names no scale, and a service may
send its preview reduced; 1600 pixels are 500 ppi."""


@dataclass(frozen=True, slots=True, eq=False)
class _Preview:
    """One preview from its wish to its end. cancel: ends its stream from any thread."""

    capture_set: CaptureSet
    cancel: Cancel


class SbiScanner:
    """Satisfies `hw.api.Scanner`.

    One thread, the worker's, owns discovery, health and the preview; `capture` runs on its caller's
    thread over a second connection, as the protocol wants it. What both share is guarded by one lock.
    """

    def __init__(
        self,
        url: DeviceUrl,
        *,
        kind: DeviceKind,
        dialect: Dialect = SBI_0_9_5,
        delays: SbiDelays | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """DeviceUrlError when the URL is wrong. now: wall clock, aware, for certificates and timestamps."""
        self._url = url.text
        self._delays = delays or SbiDelays()
        self._client = SbiClient(read_address(url, kind=kind), dialect, self._delays, now)
        self._worker = DeviceWorker(
            kind=self.kind, serve=self._serve, stop_timeout_s=self._delays.connect_s + 5.0
        )
        self._changed = threading.Condition()
        self._cancel = Cancel()
        self._cancel.cancel()
        self._device: DescribedDevice | None = None
        self._stale = True
        self._last_fault = Fault(FaultCode.NOT_CONNECTED, self.kind, "not found yet")
        self._preview: _Preview | None = None
        self._latest: Frame | Fault | None = None
        self._capturing = False
        self._captured_preview: _Preview | None = None
        self._sequence = 0

    @property
    def kind(self) -> DeviceKind:
        return self._client.address.kind

    @property
    def url(self) -> str:
        return self._url

    def info(self) -> DeviceInfo | Fault:
        with self._changed:
            device = self._device
        return self._fault() if device is None else self._device_info(device)

    def state(self) -> DeviceState:
        with self._changed:
            if self._capturing:
                return DeviceState.CAPTURING
        return self._worker.standing.state

    def start(self) -> None:
        with self._changed:
            if self._cancel.is_cancelled():
                self._cancel = Cancel()
                self._sequence = 0
        self._worker.start()

    def stop(self) -> None:
        """Ends a preview and a capture under way. RuntimeError when the thread does not end."""
        with self._changed:
            self._cancel.cancel()
            for preview in (self._preview, self._captured_preview):
                if preview is not None:
                    preview.cancel.cancel()
            self._replace_preview(None)
        self._worker.stop()
        with self._changed:
            self._device = None
            self._stale = True
            self._changed.wait_for(lambda: not self._capturing, timeout=self._delays.connect_s)

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._changed:
            in_use = self._capturing or self._preview is not None
        return self_test(self._client, in_use=in_use)

    def start_preview(self, capture_set: CaptureSet) -> None:
        """ValueError for a set this kind of scanner cannot see."""
        placement = PLACEMENTS.get(capture_set)
        if placement is None or placement.bio_type != self._client.bio_type:
            raise ValueError(f"a {self.kind} scanner has no preview of {capture_set}")
        with self._changed:
            if self._preview is not None and self._preview.capture_set is capture_set:
                return
            self._replace_preview(_Preview(capture_set, Cancel()))

    def stop_preview(self) -> None:
        with self._changed:
            self._replace_preview(None)

    def latest(self) -> Frame | Fault | None:
        with self._changed:
            if self._latest is not None:
                return self._latest
        standing = self._worker.standing
        return None if standing.state is DeviceState.CONNECTING else standing.fault

    def capture(self, request: CaptureRequest) -> ScannerCapture | Fault:
        """One placement; ends a running preview, whether it succeeds or not.

        minimum_score: the caller's floor. A sample under it makes the whole answer a NO_BIOMETRIC
        fault that names score and position; with 0 every sample is given and the caller judges.
        """
        if not request.transaction_id:
            request = replace(request, transaction_id=str(uuid.uuid4()))
        try:
            check_request(request, bio_type=self._client.bio_type)
            device, cancel = self._begin_capture()
        except SbiFailure as failure:
            return self._as_fault(failure)
        held = False
        try:
            checked = self._client.capture(device, request, cancel=cancel)
            held = True
        except SbiFailure as failure:
            self._last_fault = self._as_fault(failure)
            return self._last_fault
        finally:
            self._end_capture(look_afresh=not held)
        return ScannerCapture(tuple(self._as_sample(one, device) for one in checked), self._device_info(device))

    def _begin_capture(self) -> tuple[DescribedDevice, Cancel]:
        """Waits a little for a device that is just being found again."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._capturing or not self._stale or self._cancel.is_cancelled(),
                timeout=self._delays.relink_s,
            )
            if self._capturing:
                raise SbiFailure(FaultCode.BUSY, "a capture is under way")
            if self._device is None or self._stale:
                fault = self._fault()
                raise SbiFailure(fault.code, fault.detail)
            self._capturing = True
            self._captured_preview = self._preview
            return self._device, self._cancel

    def _end_capture(self, *, look_afresh: bool) -> None:
        with self._changed:
            self._capturing = False
            self._stale = self._stale or look_afresh
            ended, self._captured_preview = self._captured_preview, None
            if ended is not None:
                ended.cancel.cancel()
            self._replace_preview(self._preview if self._preview is not ended else None)

    def _replace_preview(self, preview: _Preview | None) -> None:
        """A stream that a capture came with must stay open until the capture has ended (error 700)."""
        replaced = self._preview
        if replaced is not None and replaced is not preview and replaced is not self._captured_preview:
            replaced.cancel.cancel()
        self._preview = preview
        self._latest = None
        self._changed.notify_all()

    def _serve(self, session: Session) -> None:
        """One connection's life: `DeviceWorker` calls it again after a failure."""
        cancel = self._cancel
        try:
            while not (session.stopped or cancel.is_cancelled()):
                if self._device is None or self._stale:
                    self._connect(session, cancel)
                preview = self._next_job(cancel)
                if preview is not None:
                    self._run_preview(preview, cancel)
                else:
                    self._check_health(cancel)
        except SbiFailure as failure:
            self._lose(failure)
            if not cancel.is_cancelled():
                raise SessionEnded(failure.code, failure.detail) from failure

    def _connect(self, session: Session, cancel: Cancel) -> None:
        device = self._client.connect(cancel=cancel)
        session.ready()
        with self._changed:
            self._device = device
            self._stale = False
            self._changed.notify_all()

    def _next_job(self, cancel: Cancel) -> _Preview | None:
        """The preview that is wanted; None when it is time to look after an idle device."""
        with self._changed:

            def awake() -> bool:
                return (
                    cancel.is_cancelled() or self._stale or (self._preview is not None and not self._capturing)
                )

            self._changed.wait_for(awake, timeout=self._delays.health_s)
            return None if self._capturing or self._stale else self._preview

    def _check_health(self, cancel: Cancel) -> None:
        device = self._device
        if device is None or not self._is_idle():
            return
        found = self._client.discover(device.endpoint, cancel=cancel)
        if found.digital_id != device.digital_id:
            self._stale = True
        elif self._is_idle():
            require_ready(found.status)

    def _is_idle(self) -> bool:
        with self._changed:
            return not (self._capturing or self._stale) and self._preview is None

    def _run_preview(self, preview: _Preview, cancel: Cancel) -> None:
        device = self._device
        if device is None or cancel.is_cancelled():
            return
        shown = 0
        try:
            with self._client.stream(
                device,
                preview.capture_set,
                may_pause=lambda: self._carries_capture(preview),
                cancel=preview.cancel,
            ) as pictures:
                for jpeg in pictures:
                    if cancel.is_cancelled() or not self._show(preview, jpeg, device):
                        return
                    shown += 1
        except SbiFailure as failure:
            if preview.cancel.is_cancelled() or self._was_ended_by_capture(preview):
                return
            if failure.code is not FaultCode.TIMED_OUT:  # the stream's own time-out: open the next
                raise
        if not (shown or preview.cancel.is_cancelled() or self._was_ended_by_capture(preview)):
            raise SbiFailure(FaultCode.STALLED, "the stream ended without a picture")

    def _show(self, preview: _Preview, jpeg: bytes, device: DescribedDevice) -> bool:
        """False when the stream is of no more use: its preview is not wanted, and no capture needs it."""
        captured_ns = time.monotonic_ns()
        try:
            pixels = decode_preview(jpeg)
        except SbiFailure:
            if self._carries_capture(preview):
                return True
            raise
        dpi = round(pixels.shape[1] / _PLATEN_INCHES) if self.kind is DeviceKind.SLAP_SCANNER else None
        with self._changed:
            if self._preview is not preview:
                return self._carries_capture(preview)
            self._latest = Frame(
                pixels, PixelFormat.GRAY8, dpi, self._next_sequence(), captured_ns, device.digital_id.serial
            )
            return True

    def _carries_capture(self, preview: _Preview) -> bool:
        """Then nothing wrong with its pictures may close the stream: the capture would go with it."""
        with self._changed:
            return self._captured_preview is preview

    def _was_ended_by_capture(self, preview: _Preview) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: not self._capturing)
            return self._preview is not preview

    def _lose(self, failure: SbiFailure) -> None:
        with self._changed:
            self._device = None
            self._stale = True
            self._last_fault = self._as_fault(failure)
            if self._preview is not None:
                self._latest = self._last_fault
            self._changed.notify_all()

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def _as_sample(self, checked: CheckedSample, device: DescribedDevice) -> CapturedSample:
        with self._changed:
            sequence = self._next_sequence()
        frame = Frame(
            checked.pixels,
            PixelFormat.GRAY8,
            checked.dpi,
            sequence,
            time.monotonic_ns(),
            device.digital_id.serial,
        )
        return CapturedSample(checked.position, frame, checked.record, checked.score, checked.chain_hash)

    def _device_info(self, device: DescribedDevice) -> DeviceInfo:
        known = device.digital_id
        return DeviceInfo(self.kind, self._url, known.make, known.model, known.serial, device.firmware)

    def _fault(self) -> Fault:
        return self._worker.standing.fault or self._last_fault

    def _as_fault(self, failure: SbiFailure) -> Fault:
        return Fault(failure.code, self.kind, failure.detail)
