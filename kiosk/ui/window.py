"""Between the port and the widgets: asks for the view each frame, shows it, hands touches and keys on.

Imported only after `environment.prepare`.
"""

from __future__ import annotations

from typing import Any

from kivy.base import EventLoop, runTouchApp, stopTouchApp
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.metrics import Metrics
from kivy.uix.widget import Widget

from kiosk.app.views import Action, View
from kiosk.i18n import translate
from kiosk.ui.focus import Direction, Spot, following, towards
from kiosk.ui.port import Port
from kiosk.ui.screens.body import Context
from kiosk.ui.screens.screen import Screen, shape_of
from kiosk.ui.theme import Theme
from kiosk.ui.widgets.button import Target
from kiosk.ui.widgets.preview import Previews

_ARROWS = {273: Direction.UP, 274: Direction.DOWN, 275: Direction.RIGHT, 276: Direction.LEFT}
_TAB = 9
_ENTER = (13, 271, 32)


class KioskWindow(Widget):
    """The root widget. `screen` is what is on show."""

    def __init__(self, port: Port) -> None:
        super().__init__(size=Window.size)
        self.port = port
        self.screen: Screen | None = None
        self._view: View | None = None
        self._shape: object = None
        self.previews = Previews(port.frame)
        self._focus = ""

    def open(self) -> None:
        Window.clearcolor = (0, 0, 0, 1)
        # On KMS, SDL makes its surface anew in the first flip: what was drawn until then is lost.
        Window.flip()
        Window.bind(on_key_down=self._key)
        runTouchApp(self, embedded=True)
        self.size = Window.size
        Clock.schedule_interval(self._frame, 0)

    def close(self) -> None:
        Clock.unschedule(self._frame)
        Window.unbind(on_key_down=self._key)
        stopTouchApp()

    @property
    def closed(self) -> bool:
        return bool(EventLoop.quit) or EventLoop.status != "started"

    @staticmethod
    def step() -> None:
        """One frame: input, the clock, drawing, the window's own events."""
        EventLoop.idle()
        if EventLoop.window:
            EventLoop.window.mainloop()

    @property
    def shown(self) -> Screen:
        """The screen on show. Raises LookupError before the first frame."""
        if self.screen is None:
            raise LookupError("nothing is drawn yet")
        return self.screen

    @property
    def view(self) -> View | None:
        return self._view

    @property
    def focused(self) -> str:
        """Id of the target the keypad stands on, empty before the first key."""
        return self._focus

    def refresh(self) -> None:
        """What happens before each drawn frame: asks for the view and arranges it."""
        self.port.tick()
        view = self.port.view()
        if view is not self._view:
            self._show(view)
        if self.screen is not None:
            self.screen.refresh()

    def _frame(self, _: float) -> None:
        self.refresh()

    def _show(self, view: View) -> None:
        before, self._view = self._view, view
        shape = shape_of(view)
        if self.screen is not None and shape == self._shape:
            self.screen.update(view)
            return
        same_screen = before is not None and before.screen is view.screen and before.title == view.title
        if not same_screen:
            self._focus = ""
            self.previews.forget()
        page = self.screen.page if self.screen is not None and same_screen else 0
        if self.screen is not None:
            self.screen.retire()
        self.clear_widgets()
        self._shape = shape
        self.screen = Screen(view=view, context=self._context_of(view), page=page, size=self.size, pos=self.pos)
        if not view.display.dark:
            self.add_widget(self.screen)
        self._mark_focus()

    def _context_of(self, view: View) -> Context:
        display = view.display
        return Context(
            theme=Theme(Metrics.dpi / 25.4, display.text_step, display.high_contrast),
            words=lambda text: translate(text, display.language),
            press=self._press,
            port=self.port,
            previews=self.previews,
        )

    def _press(self, action: Action) -> None:
        self.port.dispatch(action.event)

    def on_touch_down(self, touch: Any) -> bool:
        """A touch on a dark screen wakes it and does nothing else."""
        dark = self._view is not None and self._view.display.dark
        self.port.activity(touched=True)
        if dark:
            touch.grab(self)
            return True
        self._focus = ""
        self._mark_focus()
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is self:
            touch.ungrab(self)
            return True
        return bool(super().on_touch_up(touch))

    def _key(self, _: object, key: int, *__: object) -> bool:
        self.port.activity(touched=False)
        targets = {target.target_id: target for target in self._enabled()}
        if not targets:
            return True
        ids = list(targets)
        if key in _ARROWS:
            spots = [Spot(name, target.center_x, target.center_y) for name, target in targets.items()]
            self._move_to(targets[towards(spots, self._focus, _ARROWS[key])])
        elif key == _TAB:
            self._move_to(targets[following(ids, self._focus, 1)])
        elif key in _ENTER and self._focus in targets:
            targets[self._focus].fire()
        return True

    def _enabled(self) -> tuple[Target, ...]:
        return tuple(t for t in self.screen.targets() if t.enabled) if self.screen is not None else ()

    def _move_to(self, target: Target) -> None:
        self._focus = target.target_id
        self._mark_focus()
        self.port.announce(target.spoken)

    def _mark_focus(self) -> None:
        for target in self.screen.targets() if self.screen is not None else ():
            target.focused = target.target_id == self._focus
