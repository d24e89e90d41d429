"""The resident's screens as views."""

from __future__ import annotations

from kiosk.app.parts import (
    BACK,
    HELP,
    REPEAT,
    SETTINGS,
    STOP,
    action,
    enter_action,
    keypad,
    person_fields,
    primary,
)
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
    ScreenId,
    Text,
    Thumbnail,
    View,
)
from kiosk.enrollment.effects import Purpose
from kiosk.enrollment.events import (
    BiodataAccepted,
    BiodataQuestioned,
    CaptureAsked,
    Continued,
    LanguageChosen,
    OfficerCalled,
    StopConfirmed,
    WentBack,
)
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.record import Enrollment, Language, Stage
from kiosk.enrollment.screens import (
    Asked,
    Capturing,
    HelpComing,
    Identifying,
    Kiosk,
    Resuming,
)

NOTICE_LINES = 5
TICKET_LETTERS = "ABC"

_STEP_SLOTS = {
    CaptureStep.PHOTO: "face",
    CaptureStep.SIGNATURE: "signature",
    CaptureStep.RIGHT_FOUR: "slap",
    CaptureStep.LEFT_FOUR: "slap",
    CaptureStep.THUMBS: "slap",
    CaptureStep.IRISES: "iris",
}
_STAGES = (Stage.NOTICE, Stage.IDENTIFY, Stage.CONFIRM_BIODATA)
_OFFICER = action("officer", OfficerCalled(), ActionStyle.QUIET, pictogram="officer")


def attract() -> View:
    languages = (
        primary("start_id", LanguageChosen(Language.INDONESIAN), pictogram="start"),
        action("start_jv", LanguageChosen(Language.JAVANESE), pictogram="start"),
        action("start_en", LanguageChosen(Language.ENGLISH), pictogram="start"),
    )
    lines = (Text("attract.body"),)
    return View(
        ScreenId.ATTRACT,
        Text("attract.title"),
        ChooseBody(lines),
        speech=(Text("attract.title"), *lines),
        actions=languages,
        corner=(_OFFICER, REPEAT, SETTINGS),
    )


def notice() -> View:
    lines = tuple(Text(f"notice.line{number}") for number in range(1, NOTICE_LINES + 1))
    return View(
        ScreenId.NOTICE,
        Text("notice.title"),
        MessageBody("notice", lines),
        speech=(Text("notice.title"), *lines),
        actions=(primary("continue", Continued(), pictogram="ok"),),
    )


def identify(kiosk: Kiosk, screen: Identifying) -> View:
    age = {"age": kiosk.policy.min_capture_age_years}
    message = Text(screen.message, age) if screen.message else None
    if screen.asked is Asked.BIRTH_DATE:
        prompt = Text("identify.birth_date")
        return _keypad_view(ScreenId.IDENTIFY, prompt, screen.entry, message, (BACK,))
    return _keypad_view(ScreenId.IDENTIFY, Text("identify.body"), screen.entry, message, letters=TICKET_LETTERS)


def resume(screen: Resuming) -> View:
    message = Text(screen.message) if screen.message else None
    other = (action("new_session", WentBack(), pictogram="plus"),)
    return _keypad_view(
        ScreenId.RESUME, Text("resume.body"), screen.entry, message, other, letters=TICKET_LETTERS
    )


def _keypad_view(
    screen_id: ScreenId,
    prompt: Text,
    entry: str,
    message: Text | None,
    others: tuple[Action, ...] = (),
    *,
    letters: str = "",
) -> View:
    title = Text(f"{screen_id}.title")
    body: KeypadBody = keypad(prompt, entry, message=message, letters=letters)
    speech = (message,) if message else (title, prompt)
    return View(screen_id, title, body, speech=speech, actions=(*others, enter_action()))


def confirm_biodata(enrollment: Enrollment) -> View:
    assert enrollment.person is not None  # noqa: S101 - the stage implies it
    fields = person_fields(enrollment.person)
    return View(
        ScreenId.CONFIRM_BIODATA,
        Text("confirm_biodata.title"),
        FieldsBody(fields, Text("confirm_biodata.note")),
        speech=(Text("confirm_biodata.title"), *_read_aloud(fields)),
        actions=(
            action("not_correct", BiodataQuestioned(), pictogram="question"),
            primary("yes_correct", BiodataAccepted(), pictogram="ok"),
        ),
    )


def _read_aloud(fields: tuple[Field, ...]) -> tuple[Text, ...]:
    said: list[Text] = []
    for field in fields:
        said.append(field.label)
        said.append(field.value_text or Text("value.text", {"text": field.value}))
    return tuple(said)


def capture(kiosk: Kiosk, screen: Capturing) -> View:
    if screen.fault is not None:
        return _device_away(screen)
    key = {Purpose.ENROLL: f"step.{screen.step}", Purpose.VERIFY: "verify", Purpose.APPROVE: "approve"}[
        screen.purpose
    ]
    screen_id = {
        Purpose.ENROLL: ScreenId.CAPTURE,
        Purpose.VERIFY: ScreenId.VERIFY,
        Purpose.APPROVE: ScreenId.APPROVE,
    }[screen.purpose]
    title = Text(f"{key}.title")
    instruction = Text(f"{key}.instruction")
    if screen.purpose is Purpose.VERIFY and screen.step is CaptureStep.PHOTO:
        title = Text("verify_face.title")
        instruction = Text("verify_face.instruction" if screen.attempt == 1 else "verify_face.again")
    elif screen.purpose is Purpose.VERIFY:
        instruction = Text("verify.instruction", {"finger": Text(f"position.{screen.positions[0]}")})
    advice = _advice(screen)
    signing = screen.step is CaptureStep.SIGNATURE
    body = CaptureBody(
        step=screen.step,
        preview=_STEP_SLOTS[screen.step],
        instruction=instruction,
        advice=advice,
        good=screen.guidance.good,
        held=screen.guidance.held,
        positions=_position_marks(kiosk.enrollment(screen.enrollment_id), screen),
        attempt=screen.attempt,
        attempts_allowed=kiosk.policy.attempts_allowed,
        boxes=tuple(
            (o.x, o.y, o.width, o.height, o.angle_deg, Mark.GOOD if o.good else Mark.MEND)
            for o in screen.guidance.outlines
        ),
        ink=signing,
    )
    actions = (
        (primary("sign_done", CaptureAsked(), pictogram="ok"),)
        if signing
        else (action("capture_now", CaptureAsked(), pictogram="camera"),)
    )
    speech = (advice,) if advice else (title, instruction)
    return View(screen_id, title, body, speech=speech, actions=actions)


def _advice(screen: Capturing) -> Text | None:
    guidance = screen.guidance
    if guidance.advice is not None:
        return Text(f"advice.{guidance.advice}")
    return Text("advice.hold_still") if guidance.good else None


def _position_marks(enrollment: Enrollment, screen: Capturing) -> tuple[PositionMark, ...]:
    live = dict(screen.guidance.scores)
    best = {sample.position: sample.report.score for sample in screen.best}
    marks: list[PositionMark] = []
    for position in screen.step.positions:
        if position not in screen.positions:
            excepted = enrollment.exception(position) is not None
            marks.append(PositionMark(position, Mark.EXCEPTED if excepted else Mark.WAITING))
            continue
        found = any(outline.position is position for outline in screen.guidance.outlines)
        good = any(outline.position is position and outline.good for outline in screen.guidance.outlines)
        mark = Mark.GOOD if good else Mark.MEND if found else Mark.NOW
        marks.append(PositionMark(position, mark, live.get(position, best.get(position))))
    return tuple(marks)


def _device_away(screen: Capturing) -> View:
    assert screen.fault is not None  # noqa: S101 - the caller looked
    lines = (Text(screen.fault.resident_text), Text("device_fault.body"))
    return View(
        ScreenId.DEVICE_FAULT,
        Text("device_fault.title"),
        MessageBody("hourglass", lines, busy=True),
        speech=lines,
        actions=(action("call_officer", HELP.event, pictogram="officer"),),
    )


def review(enrollment: Enrollment) -> View:
    assert enrollment.person is not None  # noqa: S101 - the stage implies it
    speech = (Text("review.title"), Text("review.body"))
    return View(
        ScreenId.REVIEW,
        Text("review.title"),
        GalleryBody(person_fields(enrollment.person)[:4], thumbnails(enrollment), Text("review.body")),
        speech=speech,
        actions=(primary("continue", Continued(), pictogram="ok"),),
    )


def thumbnails(enrollment: Enrollment) -> tuple[Thumbnail, ...]:
    """Every position in the official order, captured or excepted; open ones are left out."""
    shown: list[Thumbnail] = []
    for step in CaptureStep:
        for position in step.positions:
            sample, exception = enrollment.sample(position), enrollment.exception(position)
            caption = Text(f"position.{position}")
            if sample is not None:
                mark = Mark.MEND if sample.forced else Mark.GOOD
                shown.append(Thumbnail(position, sample.image.sha256, mark, sample.report.score, caption))
            elif exception is not None:
                why = (Text(f"exception.{exception.reason}"),)
                shown.append(Thumbnail(position, "", Mark.EXCEPTED, None, caption, why))
    return tuple(shown)


def await_officer() -> View:
    lines = (Text("await_officer.body"), Text("await_officer.line2"))
    return View(
        ScreenId.AWAIT_OFFICER,
        Text("await_officer.title"),
        MessageBody("officer", lines),
        speech=(Text("await_officer.title"), *lines),
        actions=(primary("done", Continued(), pictogram="ok"),),
        corner=(_OFFICER, HELP, REPEAT, SETTINGS),
    )


def confirm_stop() -> View:
    lines = (Text("confirm_stop.body"),)
    return View(
        ScreenId.CONFIRM_STOP,
        Text("confirm_stop.title"),
        MessageBody("stop", lines),
        speech=(Text("confirm_stop.title"), *lines),
        actions=(
            action("stop_confirmed", StopConfirmed(), ActionStyle.STOP, pictogram="stop"),
            primary("keep_going", WentBack(), pictogram="ok"),
        ),
    )


def help_coming(screen: HelpComing) -> View:
    lines = [Text("help_coming.body")]
    if isinstance(screen.back, Identifying) and screen.back.message:
        lines.insert(0, Text(screen.back.message))
    return View(
        ScreenId.HELP_COMING,
        Text("help_coming.title"),
        MessageBody("officer", tuple(lines)),
        speech=(Text("help_coming.title"), *lines),
        actions=(primary("keep_going", WentBack(), pictogram="ok"),),
        corner=(_OFFICER, REPEAT, SETTINGS, STOP),
    )


def still_there() -> View:
    lines = (Text("still_there.body"),)
    return View(
        ScreenId.STILL_THERE,
        Text("still_there.title"),
        MessageBody("question", lines),
        speech=(Text("still_there.title"), *lines),
        actions=(primary("i_am_here", WentBack(), pictogram="ok"),),
    )


def power_low() -> View:
    lines = (Text("power_low.body"), Text("power_low.line2"))
    return View(
        ScreenId.POWER_LOW,
        Text("power_low.title"),
        MessageBody("plug", lines),
        speech=(Text("power_low.title"), *lines),
    )


def progress_of(enrollment: Enrollment) -> Progress:
    """The big steps a resident counts: identify, each capture step, check, sign."""
    total = 1 + len(CaptureStep) + 2
    if enrollment.stage in _STAGES:
        current = 1
    elif enrollment.stage is Stage.CAPTURE:
        current = 2 + len(CaptureStep) - len(enrollment.pending)
    elif enrollment.stage in (Stage.VERIFY, Stage.REVIEW):
        current = total - 1
    else:
        current = total
    return Progress(min(current, total), total)
