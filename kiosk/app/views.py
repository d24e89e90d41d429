"""What a screen shows: frozen values with text ids and numbers, no widgets and no sentences.

`View` is a function of the kiosk's state (`view_of`). The UI draws it and sends an action's event
back when its button is pressed; it decides nothing. Text ids are also speech ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import Language


@dataclass(frozen=True, slots=True)
class Text:
    """A text id, and values for its `{named}` places: data such as a name or a number, or another text."""

    id: str
    args: Mapping[str, str | int | Text] = field(default_factory=dict)


class ScreenId(StrEnum):
    ATTRACT = "attract"
    NOTICE = "notice"
    IDENTIFY = "identify"
    CONFIRM_BIODATA = "confirm_biodata"
    CAPTURE = "capture"
    VERIFY = "verify"
    REVIEW = "review"
    APPROVE = "approve"
    AWAIT_OFFICER = "await_officer"
    CONFIRM_STOP = "confirm_stop"
    RESUME = "resume"
    STILL_THERE = "still_there"
    POWER_LOW = "power_low"
    HELP_COMING = "help_coming"
    DEVICE_FAULT = "device_fault"
    OFFICER_SIGN_IN = "officer_sign_in"
    OFFICER_QUEUE = "officer_queue"
    OFFICER_STICK = "officer_stick"
    OFFICER_RECORD = "officer_record"
    OFFICER_RETURN = "officer_return"
    OFFICER_EXCEPTION = "officer_exception"
    SUPERVISOR_APPROVAL = "supervisor_approval"
    OFFICER_APPROVAL = "officer_approval"
    DIAGNOSTICS = "diagnostics"
    DIAGNOSTICS_DETAIL = "diagnostics_detail"
    DIAGNOSTICS_TEST = "diagnostics_test"
    FINALISING = "finalising"
    FINALISED = "finalised"
    SETTINGS = "settings"


class ActionStyle(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Action:
    """A button. id: stable name, unique on its screen, used by tests and the keypad.

    event: opaque to the UI; it is handed back unchanged when the button is pressed.
    """

    id: str
    label: Text
    event: object
    style: ActionStyle = ActionStyle.SECONDARY
    pictogram: str = ""
    """Name of a drawing in `ui/pictograms`, empty for none."""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Display:
    """The resident's own settings; reset after each session. text_step 0..3 is 3.5, 5, 7, 9 mm capitals."""

    language: Language = Language.INDONESIAN
    text_step: int = 1
    high_contrast: bool = False
    volume_percent: int = 100
    dark: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Which of the big steps is under way: 1-based `current` of `total`."""

    current: int
    total: int


class Mark(StrEnum):
    """How one thing to capture stands, always shown by shape and word beside colour."""

    WAITING = "waiting"
    NOW = "now"
    GOOD = "good"
    MEND = "mend"
    EXCEPTED = "excepted"


@dataclass(frozen=True, slots=True)
class ChooseBody:
    """Attract: the languages are the actions; the body is a picture and a line. Nothing personal."""

    lines: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageBody:
    """A pictogram and a few sentences: notice, waiting, faults, still there."""

    pictogram: str
    lines: tuple[Text, ...]
    busy: bool = False
    """Something is under way: show movement."""
    share_done: float | None = None
    """0..1 of known work, drawn as a bar."""
    picture: str = ""
    """Id of an image of the port's, shown large and square in the pictogram's place, such as a QR code."""


@dataclass(frozen=True, slots=True)
class KeypadBody:
    """Digits and letters typed so far, grouped for reading. keys: the actions of the pad, row by row."""

    prompt: Text
    entered: str
    masked: bool
    rows: tuple[tuple[Action, ...], ...]
    message: Text | None = None


@dataclass(frozen=True, slots=True)
class Field:
    label: Text
    value: str
    value_text: Text | None = None
    """Instead of `value` when the value is one of our own words."""


@dataclass(frozen=True, slots=True)
class FieldsBody:
    """Label and value rows, read aloud in order."""

    fields: tuple[Field, ...]
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class PositionMark:
    position: Position
    mark: Mark
    score: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureBody:
    """A live preview with guidance. preview: name of the frame slot the UI draws from.

    advice: the one thing to do now. held: 0..1 of the still time before capture.
    boxes: outlines over the preview in preview pixels: (x, y, w, h, angle in degrees, mark).
    ink: the strokes may be drawn on the screen itself.
    """

    step: CaptureStep
    preview: str
    instruction: Text
    advice: Text | None
    good: bool
    held: float
    positions: tuple[PositionMark, ...]
    attempt: int
    attempts_allowed: int
    boxes: tuple[tuple[float, float, float, float, float, Mark], ...] = ()
    ink: bool = False


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One captured image for review; image is a blob's content hash, empty when excepted."""

    position: Position
    image: str
    mark: Mark
    score: int | None
    caption: Text
    lines: tuple[Text, ...] = ()
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class GalleryBody:
    """What was captured. fields: the person's data on top, or the officer's metrics."""

    fields: tuple[Field, ...]
    thumbnails: tuple[Thumbnail, ...]
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list; pressing it sends the action's event. pictogram: at its head, empty for none."""

    cells: tuple[str | Text, ...]
    status: Text
    action: Action
    pictogram: str = ""


@dataclass(frozen=True, slots=True)
class TableBody:
    headings: tuple[Text, ...]
    rows: tuple[Row, ...]
    empty: Text


Body = ChooseBody | MessageBody | KeypadBody | FieldsBody | CaptureBody | GalleryBody | TableBody


@dataclass(frozen=True, slots=True)
class View:
    """One whole screen. corner: the same small buttons everywhere (help, repeat, settings, stop)."""

    screen: ScreenId
    title: Text
    body: Body
    speech: tuple[Text, ...]
    actions: tuple[Action, ...] = ()
    corner: tuple[Action, ...] = ()
    progress: Progress | None = None
    display: Display = Display()
    office: str = ""
    """Name of the office and unit, never of a person."""
