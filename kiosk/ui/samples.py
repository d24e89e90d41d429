"""A sample view of every screen, of a visibly invented resident, for the gallery and its tests."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import Frame, PadGeometry, PenPoint, PixelFormat
from kiosk.app.views import (
    Action,
    ActionStyle,
    CaptureBody,
    ChooseBody,
    Field,
    FieldsBody,
    GalleryBody,
    KeypadBody,
    Mark,
    MessageBody,
    PositionMark,
    Progress,
    Row,
    ScreenId,
    TableBody,
    Text,
    Thumbnail,
    View,
)
from kiosk.app.views import Body as Content
from kiosk.enrollment.positions import FINGERS, CaptureStep, Position

PRIMARY, SECONDARY, QUIET, STOP = (
    ActionStyle.PRIMARY,
    ActionStyle.SECONDARY,
    ActionStyle.QUIET,
    ActionStyle.STOP,
)
_OFFICE = "Dukcapil Contoh, kios 07"


def action(name: str, pictogram: str = "", style: ActionStyle = SECONDARY, *, enabled: bool = True) -> Action:
    return Action(name, Text(f"action.{name}"), event=name, style=style, pictogram=pictogram, enabled=enabled)


CORNER = (
    action("repeat", "speaker", QUIET),
    action("help", "help", QUIET),
    action("settings", "settings", QUIET),
    action("stop", "stop", STOP),
)


def _view(
    screen: ScreenId,
    body: Content,
    actions: tuple[Action, ...],
    *,
    title: str | Text = "",
    step: int | None = None,
    corner: tuple[Action, ...] = CORNER,
) -> View:
    heading = title if isinstance(title, Text) else Text(title or f"{screen.value}.title")
    return View(
        screen=screen,
        title=heading,
        body=body,
        speech=(heading,),
        actions=actions,
        corner=corner,
        progress=Progress(step, 9) if step else None,
        office=_OFFICE,
    )


def _lines(prefix: str, count: int) -> tuple[Text, ...]:
    return tuple(Text(f"{prefix}.line{number}") for number in range(1, count + 1))


def _keys(rows: tuple[str, ...]) -> tuple[tuple[Action, ...], ...]:
    def key(character: str) -> Action:
        if character == "<":
            return Action("delete", Text("action.delete"), event="delete", pictogram="delete")
        return Action(f"key_{character}", Text("key.character", {"character": character}), event=character)

    return tuple(tuple(key(character) for character in row) for row in rows)


_DIGITS = ("123", "456", "789", "<0")
_LETTERS = ("1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM<")

_PERSON = (
    Field(Text("field.nik"), "9999 9941 0180 0001"),
    Field(Text("field.kk"), "9999 9901 0100 0002"),
    Field(Text("field.name"), "CONTOH SITI TELADANINGSIH"),
    Field(Text("field.birth_place"), "KOTA CONTOH"),
    Field(Text("field.birth_date"), "01-01-1980"),
    Field(Text("field.sex"), "", Text("sex.female")),
    Field(Text("field.religion"), "", Text("religion.kepercayaan")),
    Field(Text("field.marital_status"), "", Text("marital_status.cerai_mati")),
    Field(Text("field.occupation"), "PETANI/PEKEBUN"),
    Field(Text("field.citizenship"), "", Text("citizenship.wni")),
    Field(Text("field.address"), "DUSUN CONTOH, JALAN TELADAN NOMOR 12"),
    Field(Text("field.rt_rw"), "003/001"),
    Field(Text("field.region"), "CONTOHREJO"),
)


def _marks(step: CaptureStep, *marks: Mark) -> tuple[PositionMark, ...]:
    return tuple(PositionMark(p, m) for p, m in zip(step.positions, marks, strict=True))


def _capture(
    step: CaptureStep,
    marks: tuple[PositionMark, ...],
    advice: str,
    *,
    good: bool = False,
    held: float = 0.0,
    boxes: tuple[tuple[float, float, float, float, float, Mark], ...] = (),
    ink: bool = False,
) -> CaptureBody:
    return CaptureBody(
        step=step,
        preview=step.modality.value,
        instruction=Text(f"step.{step.value}.instruction"),
        advice=Text(f"advice.{advice}") if advice else None,
        good=good,
        held=held,
        positions=marks,
        attempt=2,
        attempts_allowed=3,
        boxes=boxes,
        ink=ink,
    )


def _thumbnails(*, officer: bool) -> tuple[Thumbnail, ...]:
    positions = (Position.FACE, Position.SIGNATURE, *FINGERS, Position.RIGHT_IRIS, Position.LEFT_IRIS)
    result = []
    for index, position in enumerate(positions):
        mark = {5: Mark.EXCEPTED, 7: Mark.MEND}.get(index, Mark.GOOD)
        lines: tuple[Text, ...] = ()
        if officer:
            lines = (Text("officer.score", {"score": 40 + index}),)
        result.append(
            Thumbnail(
                position=position,
                image="" if mark is Mark.EXCEPTED else position.modality.value,
                mark=mark,
                score=40 + index,
                caption=Text(f"position.{position.value}"),
                lines=lines,
            )
        )
    return tuple(result)


def _rows() -> tuple[Row, ...]:
    names = (
        "CONTOH BUDI TELADANTO",
        "CONTOH SITI TELADANINGSIH",
        "MISALNYA",
        "CONTOH ANI PERMISALAN",
        "UMPAMA",
        "CONTOH DEWI",
    )
    return tuple(
        Row(
            cells=(f"A-{index + 1:03}", name),
            status=Text("stage.await_officer" if index % 2 else "stage.capture"),
            action=Action(f"open_{index}", Text("action.open_record"), event=index),
        )
        for index, name in enumerate(names)
    )


def _finger_boxes() -> tuple[tuple[float, float, float, float, float, Mark], ...]:
    marks = (Mark.GOOD, Mark.GOOD, Mark.MEND, Mark.GOOD)
    return tuple(
        (95.0 + 150 * i, 150.0 - 30 * (i in (1, 2)), 110.0, 230.0, -6.0 + 4 * i, m) for i, m in enumerate(marks)
    )


def resident_views() -> dict[str, View]:
    done = action("continue", "next", PRIMARY)
    back = action("back", "back")
    return {
        "attract": _view(
            ScreenId.ATTRACT,
            ChooseBody((Text("attract.body"),)),
            (action("start_id", "", PRIMARY), action("start_jv", "", PRIMARY), action("start_en", "", PRIMARY)),
            corner=CORNER[:3],
        ),
        "notice": _view(ScreenId.NOTICE, MessageBody("notice", _lines("notice", 5)), (done,), step=1),
        "identify": _view(
            ScreenId.IDENTIFY,
            MessageBody("ticket", (Text("identify.body"),)),
            (action("by_ticket", "ticket"), action("by_nik", "card"), action("by_kk", "family")),
            step=2,
        ),
        "identify_nik": _view(
            ScreenId.IDENTIFY,
            KeypadBody(Text("identify.nik"), "99999941018", False, _keys(_DIGITS), Text("identify.not_found")),
            (back, action("enter", "next", PRIMARY)),
            step=2,
        ),
        "identify_ticket": _view(
            ScreenId.IDENTIFY,
            KeypadBody(Text("identify.ticket"), "A-01", False, _keys(_LETTERS)),
            (back, action("enter", "next", PRIMARY)),
            step=2,
        ),
        "confirm_biodata": _view(
            ScreenId.CONFIRM_BIODATA,
            FieldsBody(_PERSON, Text("confirm_biodata.note")),
            (action("not_correct", "help"), action("yes_correct", "ok", PRIMARY)),
            step=3,
        ),
        "capture_photo": _view(
            ScreenId.CAPTURE,
            _capture(CaptureStep.PHOTO, _marks(CaptureStep.PHOTO, Mark.NOW), "too_far"),
            (),
            title="step.photo.title",
            step=4,
        ),
        "capture_photo_good": _view(
            ScreenId.CAPTURE,
            _capture(
                CaptureStep.PHOTO, _marks(CaptureStep.PHOTO, Mark.GOOD), "hold_still", good=True, held=0.6
            ),
            (action("capture_now", "camera", PRIMARY),),
            title="step.photo.title",
            step=4,
        ),
        "capture_signature": _view(
            ScreenId.CAPTURE,
            _capture(CaptureStep.SIGNATURE, _marks(CaptureStep.SIGNATURE, Mark.NOW), "", ink=True),
            (action("clear", "clear"), action("sign_done", "ok", PRIMARY)),
            title="step.signature.title",
            step=5,
        ),
        "capture_right_four": _view(
            ScreenId.CAPTURE,
            _capture(
                CaptureStep.RIGHT_FOUR,
                _marks(CaptureStep.RIGHT_FOUR, Mark.GOOD, Mark.GOOD, Mark.MEND, Mark.NOW),
                "too_dry",
                boxes=_finger_boxes(),
            ),
            (action("retake", "again"), action("accept_best", "ok", PRIMARY)),
            title="step.right_four.title",
            step=6,
        ),
        "capture_left_four": _view(
            ScreenId.CAPTURE,
            _capture(
                CaptureStep.LEFT_FOUR,
                _marks(CaptureStep.LEFT_FOUR, Mark.EXCEPTED, Mark.NOW, Mark.NOW, Mark.NOW),
                "",
            ),
            (),
            title="step.left_four.title",
            step=6,
        ),
        "capture_thumbs": _view(
            ScreenId.CAPTURE,
            _capture(CaptureStep.THUMBS, _marks(CaptureStep.THUMBS, Mark.GOOD, Mark.NOW), "platen_dirty"),
            (),
            title="step.thumbs.title",
            step=6,
        ),
        "capture_irises": _view(
            ScreenId.CAPTURE,
            _capture(
                CaptureStep.IRISES, _marks(CaptureStep.IRISES, Mark.GOOD, Mark.MEND), "eyelid_covers", held=0.2
            ),
            (action("retake", "again"),),
            title="step.irises.title",
            step=7,
        ),
        "verify": _view(
            ScreenId.VERIFY,
            _capture(CaptureStep.RIGHT_FOUR, (PositionMark(Position.RIGHT_INDEX, Mark.NOW),), "place_fingers"),
            (),
            step=8,
        ),
        "review": _view(
            ScreenId.REVIEW,
            GalleryBody((), _thumbnails(officer=False), Text("review.note")),
            (action("retake", "again"), done),
            step=9,
        ),
        "approve": _view(
            ScreenId.APPROVE,
            GalleryBody(_PERSON, _thumbnails(officer=False)[:2], Text("approve.note")),
            (action("not_correct", "help"), action("approve", "signature", PRIMARY)),
            step=9,
        ),
        "await_officer": _view(
            ScreenId.AWAIT_OFFICER,
            MessageBody("officer", (Text("await_officer.body"), Text("await_officer.line2")), busy=True),
            (),
        ),
        "resume": _view(
            ScreenId.RESUME,
            MessageBody("person", (Text("resume.body"),)),
            (action("new_session", "plus"), action("resume", "next", PRIMARY)),
        ),
        "still_there": _view(
            ScreenId.STILL_THERE,
            MessageBody("hourglass", (Text("still_there.body"),)),
            (action("i_am_here", "hand", PRIMARY),),
        ),
        "power_low": _view(
            ScreenId.POWER_LOW,
            MessageBody("plug", (Text("power_low.body"), Text("power_low.line2"))),
            (),
        ),
        "help_coming": _view(
            ScreenId.HELP_COMING,
            MessageBody("officer", (Text("help_coming.body"),), busy=True),
            (action("continue", "next", PRIMARY),),
        ),
        "device_fault": _view(
            ScreenId.DEVICE_FAULT,
            MessageBody("plug", (Text("fault.not_connected.resident"), Text("device_fault.body")), busy=True),
            (action("call_officer", "officer"),),
        ),
        "finalising": _view(
            ScreenId.FINALISING, MessageBody("lock", (Text("finalising.body"),), share_done=0.4), (), corner=()
        ),
        "finalised": _view(
            ScreenId.FINALISED,
            MessageBody(
                "printer", (Text("finalised.body", {"packet": "5E1F00D5E1F00D5E"}), Text("finalised.printed"))
            ),
            (action("print_again", "printer"), action("done", "ok", PRIMARY)),
        ),
        "settings": _view(
            ScreenId.SETTINGS,
            MessageBody("", (Text("settings.body"),)),
            (
                action("larger_text", "larger"),
                action("smaller_text", "smaller"),
                action("contrast", "contrast"),
                action("louder", "louder"),
                action("quieter", "quieter"),
                action("done", "ok", PRIMARY),
            ),
        ),
    }


def officer_views() -> dict[str, View]:
    back = action("back", "back")
    steps = tuple(
        Action(f"return_{step.value}", Text(f"step.{step.value}.title"), event=step.value)
        for step in CaptureStep
    )
    headings = ("officer.queue_heading_ticket", "officer.queue_heading_name", "officer.queue_heading_stage")
    return {
        "officer_sign_in": _view(
            ScreenId.OFFICER_SIGN_IN,
            KeypadBody(
                Text("officer.pin"), "1234", True, _keys(_DIGITS), Text("officer.locked", {"seconds": 30})
            ),
            (action("cancel", "back"), action("sign_in", "lock", PRIMARY)),
        ),
        "officer_queue": _view(
            ScreenId.OFFICER_QUEUE,
            TableBody(tuple(map(Text, headings)), _rows(), Text("officer_queue.empty")),
            (action("sign_out", "back"),),
        ),
        "officer_queue_empty": _view(
            ScreenId.OFFICER_QUEUE,
            TableBody(tuple(map(Text, headings)), (), Text("officer_queue.empty")),
            (action("sign_out", "back"),),
        ),
        "officer_record": _view(
            ScreenId.OFFICER_RECORD,
            GalleryBody(_PERSON, _thumbnails(officer=True), Text("officer_record.note")),
            (back, action("return_modality", "again"), action("finalise", "ok", PRIMARY)),
            title=Text("officer_record.title", {"record": "R-0007"}),
        ),
        "officer_return": _view(
            ScreenId.OFFICER_RETURN,
            MessageBody("", (Text("officer_return.body"),)),
            (*steps, action("cancel", "back")),
            title=Text("officer_return.title", {"record": "R-0007"}),
        ),
    }


def all_views() -> dict[str, View]:
    return resident_views() | officer_views()


class SamplePort:
    """Shows one given view with still pictures, and remembers what came back."""

    def __init__(self) -> None:
        self.shown: View = View(ScreenId.ATTRACT, Text("attract.title"), ChooseBody(), ())
        self.events: list[object] = []
        self.spoken: list[tuple[Text, ...]] = []
        self.touches: list[bool] = []
        self.points: list[PenPoint] = []
        self.geometry: PadGeometry | None = None
        self.sequence = 1
        self.pictures: dict[str, NDArray[np.uint8]] = {}
        self.withheld: set[str] = set()

    def tick(self) -> None:
        """Nothing moves by itself here."""

    def view(self) -> View:
        return self.shown

    def dispatch(self, event: object) -> None:
        self.events.append(event)

    def activity(self, *, touched: bool) -> None:
        self.touches.append(touched)

    def announce(self, texts: tuple[Text, ...]) -> None:
        self.spoken.append(texts)

    def frame(self, slot: str) -> Frame | None:
        pixels = self.pictures[slot] if slot in self.pictures else picture(slot)
        form = PixelFormat.RGB8 if pixels.ndim == 3 else PixelFormat.GRAY8
        return Frame(pixels, form, None, self.sequence, 0, "sample")

    def image(self, sha256: str) -> NDArray[np.uint8] | None:
        if sha256 in self.withheld:
            return None
        pixels = picture(sha256)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        return np.ascontiguousarray(pixels[::4, ::4])

    def ink(self, points: tuple[PenPoint, ...], geometry: PadGeometry) -> None:
        self.points += points
        self.geometry = geometry


def picture(kind: str) -> NDArray[np.uint8]:
    """A drawn stand-in for what a sensor sees, by modality."""
    if kind == "face":
        image = np.full((720, 1280, 3), (170, 40, 40), np.uint8)
        cv2.ellipse(image, (640, 760), (330, 240), 0, 0, 360, (60, 70, 90), -1, cv2.LINE_AA)
        cv2.ellipse(image, (640, 350), (165, 215), 0, 0, 360, (205, 160, 130), -1, cv2.LINE_AA)
        for x in (575, 705):
            cv2.ellipse(image, (x, 320), (26, 14), 0, 0, 360, (40, 30, 30), -1, cv2.LINE_AA)
        cv2.ellipse(image, (640, 440), (60, 22), 0, 0, 180, (130, 60, 60), 6, cv2.LINE_AA)
        return image
    if kind in ("fingerprint", "slap"):
        image = np.full((600, 700), 235, np.uint8)
        for index in range(4):
            centre = (150 + 150 * index, 300 - 30 * (index in (1, 2)))
            for radius in range(6, 100, 9):
                cv2.ellipse(image, centre, (radius // 2 + 4, radius), 0, 0, 360, 70, 3, cv2.LINE_AA)
        return image
    if kind == "iris":
        image = np.full((480, 1280), 120, np.uint8)
        for x in (320, 960):
            cv2.ellipse(image, (x, 240), (230, 120), 0, 0, 360, 200, -1, cv2.LINE_AA)
            cv2.circle(image, (x, 240), 100, 90, -1, cv2.LINE_AA)
            cv2.circle(image, (x, 240), 38, 15, -1, cv2.LINE_AA)
        return image
    image = np.full((420, 900), 255, np.uint8)
    wave = [(80 + 7 * i, int(220 + 90 * np.sin(i / 6) * np.cos(i / 17))) for i in range(105)]
    cv2.polylines(image, [np.array(wave, np.int32)], False, 20, 6, cv2.LINE_AA)
    return image
