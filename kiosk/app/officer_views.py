"""The officer's screens as views."""

from __future__ import annotations

from kiosk.app.parts import BACK, SIGN_OUT, action, person_fields, primary
from kiosk.app.resident_views import thumbnails
from kiosk.app.views import (
    Action,
    ActionStyle,
    Field,
    GalleryBody,
    MessageBody,
    Row,
    ScreenId,
    TableBody,
    Text,
    View,
)
from kiosk.enrollment.events import (
    Continued,
    DiagnosticsAsked,
    ExceptionAsked,
    ExceptionPositionChosen,
    ExceptionReasonChosen,
    FinaliseAsked,
    HandedBack,
    PrintAsked,
    RecordOpened,
    ReturnAsked,
    SlipWaived,
    StepReturned,
    WentBack,
)
from kiosk.enrollment.officer_flow import missing_positions, open_points
from kiosk.enrollment.positions import CaptureStep, Modality, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Enrollment, ExceptionReason, Stage
from kiosk.enrollment.screens import (
    Finalising,
    Finished,
    Kiosk,
    OfficerExcepting,
    OfficerRecord,
    OfficerReturning,
)
from kiosk.enrollment.stick_events import StickAsked

_DIAGNOSTICS = action("diagnostics", DiagnosticsAsked(), ActionStyle.QUIET, pictogram="plug")
_STICK = action("stick", StickAsked(), ActionStyle.QUIET, pictogram="stick")
_BACK_CORNER = action("back", WentBack(), ActionStyle.QUIET, pictogram="back")

_FINGER_REASONS = (
    ExceptionReason.AMPUTATED,
    ExceptionReason.BANDAGED,
    ExceptionReason.SCARRED,
    ExceptionReason.WORN_RIDGES,
    ExceptionReason.CANNOT_FLATTEN,
    ExceptionReason.REFUSED,
    ExceptionReason.DEVICE_FAULT,
)
_EYE_REASONS = (
    ExceptionReason.EYE_ABSENT,
    ExceptionReason.BLIND,
    ExceptionReason.CANNOT_OPEN,
    ExceptionReason.NYSTAGMUS,
    ExceptionReason.CANNOT_FIXATE,
    ExceptionReason.REFUSED,
    ExceptionReason.DEVICE_FAULT,
)
_SIGNATURE_REASONS = (ExceptionReason.CANNOT_SIGN, ExceptionReason.REFUSED)
_FACE_REASONS = (ExceptionReason.REFUSED, ExceptionReason.DEVICE_FAULT)
REASONS = {
    Modality.FINGERPRINT: _FINGER_REASONS,
    Modality.IRIS: _EYE_REASONS,
    Modality.SIGNATURE: _SIGNATURE_REASONS,
    Modality.FACE: _FACE_REASONS,
}


def queue(kiosk: Kiosk) -> View:
    order = {Stage.AWAIT_OFFICER: 0, Stage.FINALISED: 2, Stage.SEALED: 3, Stage.RECEIVED: 3}
    records = sorted(kiosk.enrollments, key=lambda e: (order.get(e.stage, 1), e.id))
    headings = (Text("field.record"), Text("field.name"), Text("field.started"), Text("field.stage"))
    return View(
        ScreenId.OFFICER_QUEUE,
        Text("officer_queue.title"),
        TableBody(
            headings, tuple(_queue_row(kiosk, record) for record in records), Text("officer_queue.empty")
        ),
        speech=(),
        corner=(_DIAGNOSTICS, _STICK, SIGN_OUT),
    )


def _queue_row(kiosk: Kiosk, record: Enrollment) -> Row:
    name = record.person.name if record.person else "-"
    open_record = Action(f"open_{record.id}", Text("action.open_record"), RecordOpened(record.id))
    cells = (record.id, name, f"{record.started.at:%H:%M}")
    return Row(cells, _standing(kiosk, record), open_record, "printer" if record.slip_due else "")


def _standing(kiosk: Kiosk, record: Enrollment) -> Text:
    """The stage; of a sealed record how far its packet has come."""
    delivery = kiosk.delivery(record.id)
    if record.stage is not Stage.SEALED or delivery is None:
        return Text(f"stage.{record.stage}")
    if delivery.state == "sending" and delivery.percent is not None:
        return Text("delivery.sending_percent", {"percent": delivery.percent})
    return Text(f"delivery.{delivery.state}")


def _delivery_fields(kiosk: Kiosk, record: Enrollment) -> tuple[Field, ...]:
    delivery = kiosk.delivery(record.id)
    if record.stage is not Stage.SEALED or delivery is None:
        return ()
    rejected = (Field(Text("field.answer"), record.central_status),) if delivery.state == "rejected" else ()
    fault = (Field(Text("diagnostics.send_fault"), delivery.fault),) if delivery.fault else ()
    return (Field(Text("field.delivery"), "", _standing(kiosk, record)), *rejected, *fault)


def record(kiosk: Kiosk, screen: OfficerRecord) -> View:
    enrollment = kiosk.enrollment(screen.enrollment_id)
    points = open_points(enrollment)
    attention = (*points, *_warnings(enrollment))
    told = (Field(Text("field.attention"), "", Text(point)) for point in attention)
    fields = (*_delivery_fields(kiosk, enrollment), *_summary(enrollment), *told, *_earlier(enrollment))
    note = Text(screen.message) if screen.message else None
    return View(
        ScreenId.OFFICER_RECORD,
        Text("officer_record.title", {"record": enrollment.id}),
        GalleryBody(fields, thumbnails(enrollment), note),
        speech=(),
        actions=_record_actions(enrollment, points=points),
        corner=(_BACK_CORNER, SIGN_OUT),
    )


def _warnings(enrollment: Enrollment) -> tuple[str, ...]:
    """What the officer should see, and may accept without an override."""
    face = enrollment.sample(Position.FACE)
    wrong = face is not None and Defect.BACKGROUND_WRONG_COLOUR in face.report.defects
    return ("officer.point.background",) if wrong else ()


def _earlier(enrollment: Enrollment) -> tuple[Field, ...]:
    """The records that the fingers were found in, for the officer to look up."""
    search = enrollment.gallery_search
    hits = search.hits if search is not None else ()
    return tuple(Field(Text("field.recorded_before"), hit.enrollment_id) for hit in hits)


def _summary(enrollment: Enrollment) -> tuple[Field, ...]:
    person = enrollment.person
    if person is None:
        return (Field(Text("field.stage"), "", Text(f"stage.{enrollment.stage}")),)
    verified = (
        "verification.matched"
        if all(v.matched for v in enrollment.verifications)
        else "verification.not_matched"
    )
    if not enrollment.verifications:
        verified = "verification.none"
    return (
        *person_fields(person)[:5],
        Field(Text("field.background"), "", Text(f"background.{person.background}")),
        Field(Text("field.verification"), "", Text(verified)),
        Field(Text("field.stage"), "", Text(f"stage.{enrollment.stage}")),
        *((Field(Text("field.slip"), "", Text("finalised.slip_waits")),) if enrollment.slip_due else ()),
    )


def _record_actions(enrollment: Enrollment, *, points: tuple[str, ...]) -> tuple[Action, ...]:
    if enrollment.packet_sha256:
        waive = (action("waive_slip", SlipWaived(), pictogram="minus"),) if enrollment.slip_due else ()
        return (*waive, primary("print_again", PrintAsked(), pictogram="printer"))
    if enrollment.finalised is not None:
        return ()
    actions: list[Action] = [action("hand_back", HandedBack(), pictogram="person")]
    if enrollment.stage in (Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.AWAIT_OFFICER):
        actions.append(action("except", ExceptionAsked(), pictogram="minus"))
    if enrollment.stage is Stage.AWAIT_OFFICER:
        actions.append(action("return_modality", ReturnAsked(), pictogram="again"))
        if not missing_positions(enrollment):
            if points:
                actions.append(primary("finalise_override", FinaliseAsked(_reason(points)), pictogram="ok"))
            else:
                actions.append(primary("finalise", FinaliseAsked(), pictogram="ok"))
    return tuple(actions)


def _reason(points: tuple[str, ...]) -> str:
    """What the officer accepts by finalising all the same; the gravest of the points."""
    return "recorded_before" if "officer.point.recorded_before" in points else "best_of_attempts"


def choose_return(screen: OfficerReturning) -> View:
    rows = tuple(
        Row(
            (),
            Text(f"step.{step}.title"),
            Action(f"return_{step}", Text("action.return_modality"), StepReturned(step)),
        )
        for step in CaptureStep
    )
    return _choice(ScreenId.OFFICER_RETURN, rows, screen.enrollment_id)


def choose_exception(kiosk: Kiosk, screen: OfficerExcepting) -> View:
    if screen.position is None:
        enrollment = kiosk.enrollment(screen.enrollment_id)
        open_positions = [p for p in Position if enrollment.exception(p) is None]
        rows = tuple(
            Row(
                (),
                Text(f"position.{p}"),
                Action(f"except_{p}", Text("action.except"), ExceptionPositionChosen(p)),
            )
            for p in open_positions
        )
    else:
        rows = tuple(
            Row(
                (),
                Text(f"exception.{r}"),
                Action(f"reason_{r}", Text("action.choose"), ExceptionReasonChosen(r)),
            )
            for r in REASONS[screen.position.modality]
        )
    return _choice(ScreenId.OFFICER_EXCEPTION, rows, screen.enrollment_id)


def _choice(screen_id: ScreenId, rows: tuple[Row, ...], enrollment_id: str) -> View:
    title = Text(f"{screen_id}.title", {"record": enrollment_id})
    body = TableBody((), rows, Text("officer_queue.empty"))
    return View(screen_id, title, body, speech=(), actions=(BACK,), corner=(SIGN_OUT,))


def finalising(screen: Finalising) -> View:
    if screen.fault is not None:
        body = MessageBody("question", (Text(screen.fault.officer_text), Text("finalising.kept")))
        retry = primary("try_again", FinaliseAsked(), pictogram="again")
        return View(ScreenId.FINALISING, Text("finalising.title"), body, speech=(), actions=(BACK, retry))
    body = MessageBody("hourglass", (Text("finalising.body"),), busy=True)
    return View(ScreenId.FINALISING, Text("finalising.title"), body, speech=(Text("finalising.body"),))


def finished(kiosk: Kiosk, screen: Finished) -> View:
    packet = (
        kiosk.enrollment(screen.enrollment_id).packet_sha256[:16] if kiosk.holds(screen.enrollment_id) else ""
    )
    lines = [Text("finalised.body", {"packet": packet})]
    if screen.fault is not None:
        lines.append(Text(screen.fault.officer_text))
        lines.append(Text("finalised.slip_waits"))
    else:
        lines.append(Text("finalised.printed" if screen.printed else "finalised.printing"))
    held = kiosk.holds(screen.enrollment_id)
    again = (action("print_again", PrintAsked(), pictogram="printer"),) if held else ()
    return View(
        ScreenId.FINALISED,
        Text("finalised.title"),
        MessageBody("ok", tuple(lines), busy=not screen.printed and screen.fault is None),
        speech=(Text("finalised.title"),),
        actions=(*again, primary("done", Continued(), pictogram="ok")),
        corner=(SIGN_OUT,),
    )
