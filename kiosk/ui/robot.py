"""Drives the screen as a person does: real touches and keys through Kivy's input, real pixels out.

For tests and the self-driving demonstration. All methods run on the window's thread and draw the
frames they need.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from kivy.base import EventLoop
from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels
from kivy.input.motionevent import MotionEvent
from kivy.input.provider import MotionEventProvider
from numpy.typing import NDArray

from kiosk.app.views import View
from kiosk.ui.widgets.button import Target
from kiosk.ui.widgets.ink import InkPad
from kiosk.ui.widgets.preview import Picture
from kiosk.ui.widgets.words import Words
from kiosk.ui.window import KioskWindow

_KEYS = {"up": 273, "down": 274, "right": 275, "left": 276, "tab": 9, "enter": 13, "escape": 27}


class NotOnScreenError(LookupError):
    """No enabled button of this id is on the screen now."""


class _Finger(MotionEvent):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("is_touch", True)
        kwargs.setdefault("type_id", "touch")
        super().__init__(*args, **kwargs)

    def depack(self, args: Any) -> None:
        self.profile = ("pos",)
        self.sx, self.sy = args
        super().depack(args)


class _Fingers(MotionEventProvider):
    """An input device of Kivy's whose events are put in by hand."""

    def __init__(self) -> None:
        super().__init__("robot", "")
        self.waiting: deque[tuple[str, _Finger, tuple[float, float]]] = deque()

    def update(self, dispatch_fn: Callable[[str, MotionEvent], None]) -> None:
        if self.waiting:
            phase, finger, place = self.waiting.popleft()
            if phase == "update":
                finger.move(place)
            dispatch_fn(phase, finger)


def _share_of_window(point: tuple[float, float]) -> tuple[float, float]:
    width, height = Window.size
    return point[0] / (width - 1), point[1] / (height - 1)


class Robot:
    def __init__(self, window: KioskWindow) -> None:
        self.window = window
        self._fingers = _Fingers()
        self._touches = 0
        self._finger = _Finger("robot", 0, (0.0, 0.0))
        EventLoop.add_input_provider(self._fingers)

    @property
    def view(self) -> View:
        """The view on show."""
        if self.window.view is None:
            self.settle()
        assert self.window.view is not None  # noqa: S101 - settle has drawn one
        return self.window.view

    def settle(self, frames: int = 2) -> None:
        """Draws frames."""
        for _ in range(frames):
            self.window.step()

    def until(self, held: Callable[[], bool], *, frames: int = 1800) -> None:
        """Draws frames until the condition holds. Raises TimeoutError after so many of them."""
        for _ in range(frames):
            if held():
                return
            self.window.step()
        raise TimeoutError(f"not reached within {frames} frames; on screen: {self.view.screen}")

    def targets(self) -> tuple[Target, ...]:
        screen = self.window.screen
        return screen.targets() if screen is not None else ()

    def find(self, action_id: str) -> Target:
        """The enabled button of this id. Raises NotOnScreenError."""
        for target in self.targets():
            if target.target_id == action_id and target.enabled:
                return target
        raise NotOnScreenError(
            f"{action_id} is not on {self.view.screen}: {[t.target_id for t in self.targets()]}"
        )

    def press(self, action_id: str) -> None:
        """Touches the middle of a button and lifts again."""
        target = self.find(action_id)
        self.stroke([(target.center_x, target.center_y)])

    def stroke(self, points: Sequence[tuple[float, float]]) -> None:
        """One touch along points in window pixels, origin bottom left."""
        self.finger_down(points[0])
        for point in points[1:]:
            self._send("update", point)
        self.finger_up()

    def finger_down(self, point: tuple[float, float]) -> None:
        """A touch begins and stays."""
        self._touches += 1
        self._finger = _Finger("robot", self._touches, _share_of_window(point))
        self._send("begin", point)

    def finger_up(self) -> None:
        """The touch that `finger_down` began ends where it is."""
        width, height = Window.size
        self._send("end", (self._finger.sx * (width - 1), self._finger.sy * (height - 1)))
        self.settle(1)

    def _send(self, phase: str, point: tuple[float, float]) -> None:
        self._fingers.waiting.append((phase, self._finger, _share_of_window(point)))
        self.window.step()

    def draw(self, strokes: Iterable[Sequence[tuple[float, float]]]) -> None:
        """Strokes on the signing field, points as shares of its width and height from the top left."""
        pad = next((w for w in self.window.walk() if isinstance(w, InkPad)), None)
        if pad is None:
            raise NotOnScreenError(f"no signing field on {self.view.screen}")
        for points in strokes:
            self.stroke([(pad.x + x * pad.width, pad.top - y * pad.height) for x, y in points])

    def texts(self) -> list[str]:
        """All words on the screen, as shown."""
        return [widget.text for widget in self.window.walk() if isinstance(widget, Words) and widget.text]

    def picture(self) -> Picture:
        """The live picture on the screen. Raises NotOnScreenError."""
        found = next((widget for widget in self.window.walk() if isinstance(widget, Picture)), None)
        if found is None:
            raise NotOnScreenError(f"no picture on {self.view.screen}")
        return found

    def key(self, name: str) -> None:
        """A key of the 5-key keypad: up, down, left, right, enter (or tab)."""
        Window.dispatch("on_key_down", _KEYS[name], 0, None, [])
        self.settle(1)

    def pixels(self) -> NDArray[np.uint8]:
        """The window as RGB (height, width, 3)."""
        self.settle(1)
        Window.dispatch("on_draw")
        width, height = Window.size
        raw = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
        return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1])

    def screenshot(self, path: Path) -> None:
        """Writes the window as PNG."""
        if not cv2.imwrite(str(path), cv2.cvtColor(self.pixels(), cv2.COLOR_RGB2BGR)):
            raise OSError(f"could not write {path}")

    def close(self) -> None:
        """Ends the window's loop."""
        EventLoop.quit = True
