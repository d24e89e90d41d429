"""Stories played in the real window by real touches and keys; each asserts as it goes.

They run in one process with a window of its own (`session.py`); `test_window.py` reports each by name.
Needs no Kivy to be imported.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kiosk.app.views import Action, CaptureBody, Display, FieldsBody, KeypadBody, Text, View
from kiosk.ui.samples import SamplePort, all_views

if TYPE_CHECKING:
    from kiosk.ui.robot import Robot

VIEWS = all_views()
LEFT_BUTTON, RIGHT_BUTTON = "not_correct", "yes_correct"
_sequences = itertools.count(100)


@dataclass(frozen=True)
class Stage:
    """The window, its robot, and a fresh port that remembers what came back."""

    port: SamplePort
    robot: Robot

    def show(self, view: View, **display: object) -> None:
        self.port.shown = replace(view, display=replace(Display(), **display))
        self.robot.window.refresh()

    def middle(self, action_id: str) -> tuple[float, float]:
        target = self.robot.find(action_id)
        return target.center_x, target.center_y


Scenario = Callable[[Stage], None]


def touch_that_begins_and_ends_on_a_button_fires_its_event(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    stage.robot.press(RIGHT_BUTTON)
    assert stage.port.events == [RIGHT_BUTTON]
    assert stage.port.touches == [True]


def touch_that_leaves_the_button_fires_nothing(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    x, y = stage.middle(RIGHT_BUTTON)
    stage.robot.stroke([(x, y), (x, y + 300)])
    assert stage.port.events == []


def touch_that_comes_from_elsewhere_fires_nothing(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    x, y = stage.middle(RIGHT_BUTTON)
    stage.robot.stroke([(x, y + 300), (x, y)])
    assert stage.port.events == []


def swipe_over_two_buttons_fires_neither(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    stage.robot.stroke([stage.middle(LEFT_BUTTON), stage.middle(RIGHT_BUTTON)])
    assert stage.port.events == []


def touch_that_leaves_and_returns_counts(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    x, y = stage.middle(RIGHT_BUTTON)
    stage.robot.stroke([(x, y), (x, y + 300), (x, y)])
    assert stage.port.events == [RIGHT_BUTTON]


def disabled_button_fires_nothing(stage: Stage) -> None:
    view = VIEWS["confirm_biodata"]
    stage.show(view)
    place = stage.middle(RIGHT_BUTTON)
    stage.show(replace(view, actions=(view.actions[0], replace(view.actions[1], enabled=False))))
    stage.robot.stroke([place])
    assert stage.port.events == []
    assert RIGHT_BUTTON in [target.target_id for target in stage.robot.targets()]


def corner_buttons_fire_on_every_resident_screen(stage: Stage) -> None:
    for name in ("notice", "identify_nik", "capture_photo", "review"):
        stage.show(VIEWS[name])
        stage.robot.press("help")
    assert stage.port.events == ["help"] * 4


def button_fires_the_event_of_the_newest_view(stage: Stage) -> None:
    view = VIEWS["confirm_biodata"]
    stage.show(view)
    before = stage.robot.find(RIGHT_BUTTON)
    newer = replace(view.actions[1], event="newer")
    stage.show(replace(view, actions=(view.actions[0], newer)))
    assert stage.robot.find(RIGHT_BUTTON) is before
    stage.robot.press(RIGHT_BUTTON)
    assert stage.port.events == ["newer"]


def touch_held_over_a_change_of_screen_fires_nothing(stage: Stage) -> None:
    stage.show(VIEWS["still_there"])
    target = stage.robot.find("i_am_here")
    stage.robot.finger_down((target.center_x, target.center_y))
    stage.show(VIEWS["confirm_biodata"])
    stage.robot.finger_up()
    assert stage.port.events == []


def key_of_a_keypad_fires(stage: Stage) -> None:
    stage.show(VIEWS["identify_nik"])
    stage.robot.press("key_7")
    stage.robot.press("delete")
    assert stage.port.events == ["7", "delete"]


def key_that_is_touched_while_the_one_before_is_written_still_fires(stage: Stage) -> None:
    view = VIEWS["identify_nik"]
    assert isinstance(view.body, KeypadBody)
    stage.show(replace(view, body=replace(view.body, entered="35")))
    before = stage.robot.pixels()
    target = stage.robot.find("key_7")
    stage.robot.finger_down((target.center_x, target.center_y))
    stage.show(replace(view, body=replace(view.body, entered="350")))
    stage.robot.finger_up()
    assert stage.port.events == ["7"]
    assert (stage.robot.pixels() != before).any(), "what is typed is written"


def row_of_a_table_fires(stage: Stage) -> None:
    stage.show(VIEWS["officer_queue"])
    stage.robot.press("open_1")
    assert stage.port.events == [1]


def dark_screen_shows_nothing(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"], dark=True)
    assert not stage.robot.pixels().any()


def touch_that_wakes_a_dark_screen_presses_nothing(stage: Stage) -> None:
    view = VIEWS["confirm_biodata"]
    stage.show(view)
    place = stage.middle(RIGHT_BUTTON)
    stage.show(view, dark=True)
    stage.robot.finger_down(place)
    assert stage.port.touches == [True]
    stage.show(view)
    stage.robot.finger_up()
    assert stage.port.events == []


def keypad_works_with_the_screen_dark(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"], dark=True)
    for _ in range(10):
        stage.robot.key("right")
        if stage.robot.window.focused == RIGHT_BUTTON:
            break
    stage.robot.key("enter")
    assert stage.port.events == [RIGHT_BUTTON]
    assert (Text(f"action.{RIGHT_BUTTON}"),) in stage.port.spoken
    assert not any(stage.port.touches)


def tab_reaches_every_button_once(stage: Stage) -> None:
    stage.show(VIEWS["identify_ticket"])
    ids = [target.target_id for target in stage.robot.targets()]
    seen = []
    for _ in ids:
        stage.robot.key("tab")
        seen.append(stage.robot.window.focused)
    assert sorted(seen) == sorted(ids)


def arrows_move_by_sight(stage: Stage) -> None:
    stage.show(VIEWS["identify_nik"])
    while stage.robot.window.focused != "key_5":
        stage.robot.key("tab")
    seen = []
    for key in ("up", "right", "down", "down", "left"):
        stage.robot.key(key)
        seen.append(stage.robot.window.focused)
    assert seen == ["key_2", "key_3", "key_6", "key_9", "key_8"]


def enter_without_focus_presses_nothing(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    stage.robot.key("enter")
    assert stage.port.events == []


def escape_does_not_close_the_kiosk(stage: Stage) -> None:
    stage.show(VIEWS["confirm_biodata"])
    stage.robot.key("escape")
    assert not stage.robot.window.closed


def every_field_is_on_exactly_one_page(stage: Stage) -> None:
    view = VIEWS["confirm_biodata"]
    assert isinstance(view.body, FieldsBody)
    values = [field.value for field in view.body.fields if field.value]
    for text_step in range(4):
        stage.show(VIEWS["attract"])
        stage.show(view, text_step=text_step)
        seen: list[str] = []
        while True:
            seen += [text for text in stage.robot.texts() if text in values]
            if not any(target.target_id == "page_on" and target.enabled for target in stage.robot.targets()):
                break
            stage.robot.press("page_on")
        assert sorted(seen) == sorted(values), text_step
    assert stage.port.events == []


def page_is_kept_while_the_screen_stays(stage: Stage) -> None:
    view = VIEWS["confirm_biodata"]
    stage.show(view, text_step=3)
    stage.robot.press("page_on")
    stage.show(view, text_step=3, high_contrast=True)
    assert "2/" in " ".join(stage.robot.texts())
    stage.show(VIEWS["notice"], text_step=3)
    assert "1/" in " ".join(stage.robot.texts())


def preview_keeps_its_texture_and_writes_new_frames_only(stage: Stage) -> None:
    stage.show(VIEWS["capture_irises"])
    first = stage.robot.window.previews.texture("iris")
    written = stage.robot.window.previews.written
    stage.robot.settle(3)
    assert stage.robot.window.previews.written == written
    stage.port.sequence = next(_sequences)
    stage.robot.settle(3)
    assert stage.robot.window.previews.written == written + 1
    assert stage.robot.window.previews.texture("iris") is first


def capture_screen_is_updated_without_being_built_anew(stage: Stage) -> None:
    view = VIEWS["capture_right_four"]
    stage.show(view)
    before = stage.robot.window.shown
    assert isinstance(view.body, CaptureBody)
    body = replace(view.body, advice=Text("advice.hold_still"), good=True, held=0.7, boxes=())
    stage.show(replace(view, body=body))
    assert stage.robot.window.shown is before
    assert "Tahan sebentar, jangan bergerak." in stage.robot.texts()


def previews_of_the_last_screen_are_forgotten(stage: Stage) -> None:
    stage.show(VIEWS["capture_photo"])
    first = stage.robot.window.previews.texture("face")
    stage.show(VIEWS["attract"])
    stage.show(VIEWS["capture_photo"])
    assert stage.robot.window.previews.texture("face") is not first


def face_preview_is_a_mirror(stage: Stage) -> None:
    """A white bar at the right edge of the middle of the picture is seen left of the middle."""
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[:, 700:760] = 255
    stage.port.pictures["face"] = pixels
    stage.port.sequence = next(_sequences)
    view = VIEWS["capture_photo"]
    stage.show(view)
    picture = stage.robot.picture()
    row = stage.robot.pixels()[int(800 - picture.center_y)]
    white = [x for x in range(int(picture.x), int(picture.right)) if row[x].min() > 240]
    left_half = [x for x in white if x < picture.center_x - 20]
    right_half = [x for x in white if picture.center_x + 20 < x < picture.center_x + 150]
    assert len(left_half) > 20
    assert len(right_half) < 15


def strokes_reach_the_port_in_hundredths_of_a_millimetre(stage: Stage) -> None:
    stage.show(VIEWS["capture_signature"])
    stage.robot.draw([[(0.25, 0.5), (0.5, 0.25), (0.75, 0.5)], [(0.5, 0.5), (0.5, 0.75)]])
    points, geometry = stage.port.points, stage.port.geometry
    assert geometry is not None
    assert [point.pressure for point in points] == [1, 1, 1, 0, 1, 1, 0]
    shares = [(round(p.x / geometry.width, 2), round(p.y / geometry.height, 2)) for p in points]
    assert shares == [(0.25, 0.5), (0.5, 0.25), (0.75, 0.5), (0.75, 0.5), (0.5, 0.5), (0.5, 0.75), (0.5, 0.75)]
    assert all(a.t_ns <= b.t_ns for a, b in itertools.pairwise(points))
    assert 50 < geometry.width / geometry.units_per_mm < 150


def ink_is_seen_and_wiped(stage: Stage) -> None:
    stage.show(VIEWS["capture_signature"])
    clean = stage.robot.pixels()
    stage.robot.draw([[(0.2, 0.5), (0.8, 0.5)]])
    assert (stage.robot.pixels() != clean).any()
    stage.robot.press("clear")
    assert stage.port.events == ["clear"]
    assert (stage.robot.pixels() == clean).all()


def ink_of_another_attempt_is_wiped(stage: Stage) -> None:
    view = VIEWS["capture_signature"]
    stage.show(view)
    stage.robot.draw([[(0.2, 0.5), (0.8, 0.5)]])
    drawn = stage.robot.pixels()
    assert isinstance(view.body, CaptureBody)
    stage.show(replace(view, body=replace(view.body, attempt=3)))
    again = stage.robot.pixels()
    assert (again != drawn).any()
    stage.robot.draw([[(0.2, 0.5), (0.8, 0.5)]])
    assert (stage.robot.pixels() != again).any()


def help_does_not_wipe_the_ink(stage: Stage) -> None:
    stage.show(VIEWS["capture_signature"])
    stage.robot.draw([[(0.2, 0.5), (0.8, 0.5)]])
    drawn = stage.robot.pixels()
    stage.robot.press("repeat")
    assert (stage.robot.pixels() == drawn).all()


def same_view_gives_the_same_pixels(stage: Stage) -> None:
    stage.show(VIEWS["review"])
    first = stage.robot.pixels()
    stage.show(VIEWS["attract"])
    stage.show(VIEWS["review"])
    assert (stage.robot.pixels() == first).all()


def busy_screen_moves(stage: Stage) -> None:
    stage.show(VIEWS["help_coming"])
    first = stage.robot.pixels()
    stage.robot.until(lambda: bool((stage.robot.pixels() != first).any()), frames=4000)


def picture_that_comes_late_is_shown_when_it_is_there(stage: Stage) -> None:
    stage.port.withheld.add("face")
    stage.show(VIEWS["approve"])
    without = stage.robot.pixels()
    stage.port.withheld.clear()
    stage.robot.settle()
    assert (stage.robot.pixels() != without).any()


def looking_for_a_button_that_is_not_there_names_those_that_are(stage: Stage) -> None:
    stage.show(VIEWS["still_there"])
    try:
        stage.robot.press("finalise")
    except LookupError as error:
        assert "i_am_here" in str(error)
    else:
        raise AssertionError("a button that is not on the screen was pressed")


def actions_of_a_view_are_all_on_the_screen(stage: Stage) -> None:
    for name, view in VIEWS.items():
        stage.show(view)
        on_screen = {target.target_id for target in stage.robot.targets()}
        assert {action.id for action in _actions(view)} <= on_screen, name


def _actions(view: View) -> Iterator[Action]:
    yield from (*view.actions, *view.corner)


SCENARIOS: dict[str, Scenario] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__ and not name.startswith("_")
    if not isinstance(value, type)
}
