"""Input events of a touch pad or pen -> points of ink.

Source: Linux Documentation/input/event-codes.rst (SYN_DROPPED) and multi-touch-protocol.rst (type B).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hw.api import PenPoint
from hw.signature.input_events import Axes, Code, EventType, InputEvent, PadState, Touch

_TOLD_BY: Final[Mapping[int, str]] = MappingProxyType(
    {
        Code.ABS_X: "x",
        Code.ABS_Y: "y",
        Code.ABS_PRESSURE: "pressure",
        Code.ABS_MT_POSITION_X: "x",
        Code.ABS_MT_POSITION_Y: "y",
        Code.ABS_MT_PRESSURE: "pressure",
    }
)
_SINGLE: Final = (Code.ABS_X, Code.ABS_Y, Code.ABS_PRESSURE)


class PenTracker:
    """Follows one contact from touch to lift; a second finger, or the ball of the hand, writes nothing."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._touches: dict[int, Touch] = {}
        self._multi = False
        self._slot = 0
        self._pen: int | None = None
        self._lost = False
        self._writing = False
        self._last = (0, 0)

    def feed(self, event: InputEvent) -> tuple[PenPoint, ...]:
        """The point that this event completes, if any."""
        if event.kind == EventType.SYN:
            return self._synchronise(event)
        if not self._lost:
            if event.kind == EventType.ABS:
                self._move(event.code, event.value)
            elif event.kind == EventType.KEY and event.code == Code.BTN_TOUCH and not self._multi:
                self._touch(0, 0 if event.value else None)
        return ()

    def resume(self, state: PadState) -> tuple[PenPoint, ...]:
        """Goes on from what the kernel holds, after events were lost or before the first.

        A stroke under way ends where it was last seen, rather than run straight across what was lost; the pen
        that is down in `state` begins another.
        """
        lifted = self._lift(state.t_ns)
        self._pen = self._pen_in(state)
        self._touches = dict(enumerate(state.touches))
        self._multi, self._slot, self._lost = state.is_multi, state.slot, False
        return lifted + self._point(state.t_ns)

    def _pen_in(self, state: PadState) -> int | None:
        """The slot of the pen as it was; else of what touched first since. What lay there before is no pen."""
        now = {touch.contact: slot for slot, touch in enumerate(state.touches) if touch.contact is not None}
        pen = None if self._pen is None else self._touches[self._pen].contact
        if pen in now:
            return now[pen]
        new = now.keys() - {touch.contact for touch in self._touches.values()}
        return now[min(new)] if new else None

    def _synchronise(self, event: InputEvent) -> tuple[PenPoint, ...]:
        """SYN_DROPPED comes here from a node that cannot say how things stand, a recording's: what touches is
        not known until it touches anew, and all up to the next report is incomplete."""
        if event.code == Code.SYN_DROPPED:
            self._lost, self._pen = True, None
            self._touches = {slot: replace(touch, contact=None) for slot, touch in self._touches.items()}
            return ()
        if event.code != Code.SYN_REPORT:
            return ()
        self._lost = False
        return self._lift(event.t_ns) if self._pen is None else self._point(event.t_ns)

    def _lift(self, t_ns: int) -> tuple[PenPoint, ...]:
        lifted, self._writing = self._writing, False
        return (PenPoint(*self._last, t_ns, 0),) if lifted else ()

    def _point(self, t_ns: int) -> tuple[PenPoint, ...]:
        if self._pen is None:
            return ()
        touch = self._touches[self._pen]
        self._writing, self._last = True, self._axes.place(touch.x, touch.y)
        return (PenPoint(*self._last, t_ns, self._axes.force(touch.pressure)),)

    def _move(self, code: int, value: int) -> None:
        if code == Code.ABS_MT_SLOT:
            self._slot = value
        elif code == Code.ABS_MT_TRACKING_ID:
            self._hear_multi()
            self._touch(self._slot, value if value >= 0 else None)
        elif code in _TOLD_BY and not (code in _SINGLE and self._multi):
            slot = 0 if code in _SINGLE else self._slot
            self._touches[slot] = replace(self._touches.get(slot, Touch()), **{_TOLD_BY[code]: value})

    def _hear_multi(self) -> None:
        """Multi-touch devices speak for single-touch readers, too: those events are not heard any more."""
        if not self._multi:
            self._multi, self._pen = True, None
            self._touches.clear()

    def _touch(self, slot: int, contact: int | None) -> None:
        self._touches[slot] = replace(self._touches.get(slot, Touch()), contact=contact)
        if contact is not None and self._pen is None:
            self._pen = slot
        elif contact is None and slot == self._pen:
            self._pen = None
