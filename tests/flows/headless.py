"""Presses a view's buttons without a window: the same controller, rooms and devices, no Kivy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from kiosk.app.controller import Controller
from kiosk.app.views import Action, GalleryBody, KeypadBody, TableBody, View

FRAME_S = 0.01


class HeadlessHands:
    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def settle(self, frames: int = 2) -> None:
        for _ in range(frames):
            self._controller.tick()
            time.sleep(FRAME_S)

    def press(self, action_id: str) -> None:
        action = next((a for a in actions_of(self._controller.view()) if a.id == action_id), None)
        assert action is not None, f"no {action_id} on {self._controller.view().screen}"
        self._controller.dispatch(action.event)

    def screenshot(self, path: Path) -> None:
        """There is no window to picture."""


def actions_of(view: View) -> Iterator[Action]:
    yield from view.actions
    yield from view.corner
    match view.body:
        case KeypadBody(rows=rows):
            for row in rows:
                yield from row
        case TableBody(rows=rows):
            for row in rows:
                yield row.action
        case GalleryBody(thumbnails=thumbnails):
            yield from (thumbnail.action for thumbnail in thumbnails if thumbnail.action is not None)
        case _:
            pass
