"""The driver of a touch pad or pen display of its own: Linux input events from its node.

Not for the kiosk's own screen, whose touches mean buttons, too: there the signing field takes the strokes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

from hw import udev
from hw.api import (
    DeviceInfo,
    DeviceKind,
    Fault,
    FaultCode,
    PadGeometry,
    PenPoint,
    SelfTest,
    SelfTestCode,
    SignaturePad,
)
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.signature.ink import Ink
from hw.signature.input_events import Axis, PadState
from hw.signature.input_node import InputNode
from hw.signature.pen_tracker import PenTracker
from hw.worker import Session, SessionEnded, WorkedDevice

AXES = ("x", "y", "pressure")
_AXIS = re.compile(r"(-?[0-9]{1,9}):(-?[0-9]{1,9})(?::([0-9]{1,6}))?")
_UNKNOWN = PadGeometry(width=1, height=1, max_pressure=1, units_per_mm=1.0)


class TouchSignaturePad(WorkedDevice):
    """See `hw.api.SignaturePad`. geometry: known from the first READY on."""

    def __init__(self, path: Path, *, url: str, axes: Mapping[str, Axis]) -> None:
        """axes: by name, instead of what the node says of itself."""
        super().__init__(DeviceKind.SIGNATURE_PAD, url)
        self._path = path
        self._told = dict(axes)
        self._geometry = _UNKNOWN
        self._ink = Ink()

    @property
    def geometry(self) -> PadGeometry:
        return self._geometry

    def info(self) -> DeviceInfo | Fault:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        return udev.identify(self._path, kind=self.kind, url=self._url)

    def _forget(self) -> None:
        self.clear()

    def points(self) -> tuple[PenPoint, ...] | Fault:
        """Ink written before the pad was unplugged is still there when it returns, until `clear`."""
        return self._worker.standing.fault or self._ink.points()

    def clear(self) -> None:
        self._ink.clear()

    def self_test(self) -> tuple[SelfTest, ...]:
        """Opens the pad and asks for its size; whether it writes can only be seen by writing on it."""
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.PAD_MEASURED),)

    def _serve(self, session: Session) -> None:
        with contextlib.closing(InputNode(self._path)) as node:
            if (axes := node.axes(self._told)) is None:
                raise SessionEnded(
                    FaultCode.NOT_READY,
                    "the pad does not tell its units per mm: add x=MIN:MAX:UNITS&y=MIN:MAX:UNITS to its URL",
                )
            self._geometry = axes.geometry()
            tracker = PenTracker(axes)
            if (state := node.state()) is not None:
                self._keep(tracker.resume(state))
            session.ready()
            while not session.stopped:
                for told in node.events():
                    self._keep(tracker.resume(told) if isinstance(told, PadState) else tracker.feed(told))

    def _keep(self, points: tuple[PenPoint, ...]) -> None:
        for point in points:
            self._ink.add(point)


def open_url(url: DeviceUrl) -> SignaturePad:
    axes = {name: _axis(url, name) for name in AXES if name in url.parameters}
    return TouchSignaturePad(url.device_path(), url=url.text, axes=axes)


def _axis(url: DeviceUrl, name: str) -> Axis:
    text = url.parameters[name]
    match = _AXIS.fullmatch(text)
    if match is None or int(match[1]) >= int(match[2]):
        raise DeviceUrlError(url.text, f"parameter {name}", text, ["MIN:MAX", "MIN:MAX:UNITS_PER_MM"])
    return Axis(int(match[1]), int(match[2]), int(match[3] or 0))
