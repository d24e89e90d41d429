"""What slap scanner and iris camera share: a preview to look at, one capture for all positions."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod

from hw.api import CapturedSample, CaptureRequest, CaptureSet, DeviceInfo, Fault, FaultCode, Frame, Scanner
from kiosk.capture.plan import Look, RawSample
from kiosk.enrollment.effects import StartCapture
from kiosk.enrollment.positions import Position, position_of
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Capturer
from kiosk.quality.workspace import Workspace

CAPTURE_TIMEOUT_S = 10.0
"""A good placement was just seen: a device that takes longer is not going to answer."""


class ScannerPlan(ABC):
    """The task's positions are taken; the rest of its step is told to the device as exceptions."""

    def __init__(self, scanner: Scanner, capture_set: CaptureSet, *, task: StartCapture) -> None:
        self._scanner = scanner
        self._capture_set = capture_set
        self._step = task.step
        self._positions = task.positions
        self._transaction_id = f"{task.enrollment_id}-{task.task}"
        self._previous_hash = task.previous_hash
        self._sequence = -1
        self._workspace = Workspace()

    def start(self) -> None:
        self._sequence = -1
        self._scanner.start_preview(self._capture_set)

    def stop(self) -> None:
        self._scanner.stop_preview()

    def preview(self) -> Frame | None:
        latest = self._scanner.latest()
        return latest if isinstance(latest, Frame) else None

    def look(self) -> Look | Fault | None:
        frame = self._scanner.latest()
        if frame is None or isinstance(frame, Fault):
            return frame
        if frame.sequence == self._sequence:
            return None
        self._sequence = frame.sequence
        return self._judge(frame)

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        others = tuple(
            position.iso_code for position in self._step.positions if position not in self._positions
        )
        request = CaptureRequest(
            self._capture_set,
            positions=tuple(position.iso_code for position in self._positions),
            exceptions=others,
            transaction_id=self._transaction_id,
            previous_hash=self._previous_hash,
            timeout_s=CAPTURE_TIMEOUT_S,
        )
        answer = self._scanner.capture(request)
        if isinstance(answer, Fault):
            if answer.code in (FaultCode.NO_BIOMETRIC, FaultCode.TIMED_OUT):
                return Defect.NOTHING_PRESENT
            if answer.code is FaultCode.WRONG_POSITIONS:
                return Defect.FINGERS_MISSING
            return answer
        if answer.samples:
            self._previous_hash = answer.samples[-1].chain_hash
        capturer = capturer_of(answer.device)
        return tuple(self._raw(sample, capturer) for sample in answer.samples)

    def _raw(self, sample: CapturedSample, capturer: Capturer) -> RawSample:
        position = position_of(self._step.modality, sample.position)
        return self._assessed(position, sample, capturer, hashlib.sha256(sample.record).hexdigest())

    @abstractmethod
    def _judge(self, frame: Frame) -> Look: ...

    @abstractmethod
    def _assessed(
        self, position: Position, sample: CapturedSample, capturer: Capturer, record_sha256: str
    ) -> RawSample: ...


def capturer_of(info: DeviceInfo | Fault) -> Capturer:
    if isinstance(info, Fault):
        return Capturer("", "", "")
    return Capturer(info.make, info.model, info.serial)
