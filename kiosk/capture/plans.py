"""Which plan, on which device, for each task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, DeviceKind, Devices, Fault, FaultCode, Frame
from kiosk.capture.face_plan import FacePlan
from kiosk.capture.iris_plan import IrisPlan
from kiosk.capture.plan import Look, Plan, RawSample
from kiosk.capture.signature_plan import Ink, SignaturePlan
from kiosk.capture.slap_plan import SlapPlan
from kiosk.enrollment.effects import Purpose, StartCapture
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.face_identity import MATCHER, compare_faces
from kiosk.quality.face_identity_network import load_network, recogniser_file
from kiosk.quality.face_networks import FaceEngine

_SLAP_SETS: Mapping[CaptureStep, CaptureSet] = MappingProxyType(
    {
        CaptureStep.RIGHT_FOUR: CaptureSet.RIGHT_SLAP,
        CaptureStep.LEFT_FOUR: CaptureSet.LEFT_SLAP,
        CaptureStep.THUMBS: CaptureSet.THUMBS,
    }
)


class AbsentDevice:
    """The plan of a step whose device this unit does not have: its fault, until an officer excepts it."""

    def __init__(self, kind: DeviceKind) -> None:
        self._fault = Fault(FaultCode.NOT_CONNECTED, kind, f"no URL is configured for devices.{kind}")

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def preview(self) -> Frame | None:
        return None

    def look(self) -> Look | Fault | None:
        return self._fault

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        return self._fault


class Plans:
    """screen_ink, clear_screen: the touch screen's strokes, beside or instead of a pad's."""

    def __init__(
        self, devices: Devices, *, screen_ink: Callable[[], Ink], clear_screen: Callable[[], None]
    ) -> None:
        self._devices = devices
        self._screen_ink = screen_ink
        self._clear_screen = clear_screen

    def warm(self) -> None:
        """Loads the face networks, on the thread that will use them and before a resident waits for them.

        Raises ModelsMissingError or RecogniserMissingError.
        """
        _ = self._face_engine
        recogniser_file()

    @cached_property
    def _face_engine(self) -> FaceEngine:
        return FaceEngine()

    def compare_faces(
        self, probe: NDArray[np.uint8], first: NDArray[np.uint8]
    ) -> tuple[float, bool, str] | None:
        """Score, decision and matcher name; None when a picture shows no face.

        The network is read for each comparison and let go again: two or three in an enrollment.
        """
        likeness = compare_faces(probe, first, engine=self._face_engine, network=load_network())
        return None if likeness is None else (likeness.score, likeness.same_person, MATCHER)

    def plan_for(self, task: StartCapture) -> Plan:
        devices = self._devices
        match task.step:
            case CaptureStep.PHOTO:
                if devices.face is None:
                    return AbsentDevice(DeviceKind.FACE_CAMERA)
                cloth = task.background if task.purpose is Purpose.ENROLL else None
                return FacePlan(devices.face, self._face_engine, background=cloth)
            case CaptureStep.SIGNATURE:
                return SignaturePlan(
                    devices.signature, screen_ink=self._screen_ink, clear_screen=self._clear_screen
                )
            case CaptureStep.IRISES:
                if devices.iris is None:
                    return AbsentDevice(DeviceKind.IRIS_CAMERA)
                return IrisPlan(devices.iris, CaptureSet.BOTH_IRISES, task=task)
            case _:
                if devices.slap is None:
                    return AbsentDevice(DeviceKind.SLAP_SCANNER)
                return SlapPlan(devices.slap, _SLAP_SETS[task.step], task=task)
