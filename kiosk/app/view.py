"""`view_of(kiosk, display)`: the one place where a state becomes a screen."""

from __future__ import annotations

from dataclasses import replace

from kiosk.app import diagnostics_views, officer_views, resident_views, sign_in_views, stick_views
from kiosk.app.parts import RESIDENT_CORNER, action, primary
from kiosk.app.settings import LanguageSet, Setting
from kiosk.app.views import Display, FieldsBody, ScreenId, Text, View
from kiosk.app.views import Field as FieldRow
from kiosk.enrollment.record import Language
from kiosk.enrollment.screens import (
    AtNotice,
    Attract,
    Capturing,
    Confirming,
    ConfirmingStop,
    Finalising,
    Finished,
    HelpComing,
    Identifying,
    Kiosk,
    OfficerApproving,
    OfficerAtStick,
    OfficerDiagnosing,
    OfficerExcepting,
    OfficerQueue,
    OfficerRecord,
    OfficerReturning,
    OfficerSigningIn,
    PoweringDown,
    Resuming,
    Reviewing,
    StillThere,
    SupervisorApproving,
    Waiting,
)

_SAME_CORNER = frozenset(
    {
        ScreenId.NOTICE,
        ScreenId.IDENTIFY,
        ScreenId.CONFIRM_BIODATA,
        ScreenId.CAPTURE,
        ScreenId.VERIFY,
        ScreenId.REVIEW,
        ScreenId.APPROVE,
        ScreenId.DEVICE_FAULT,
        ScreenId.RESUME,
    }
)


def view_of(kiosk: Kiosk, display: Display, *, office: str = "") -> View:
    """The whole screen for this state."""
    view = _bare(kiosk)
    corner = RESIDENT_CORNER if view.screen in _SAME_CORNER else view.corner
    enrollment_id = getattr(kiosk.screen, "enrollment_id", "")
    counted = view.screen in _SAME_CORNER and kiosk.holds(enrollment_id)
    progress = resident_views.progress_of(kiosk.enrollment(enrollment_id)) if counted else None
    return replace(view, corner=corner, progress=progress, display=display, office=office)


def _bare(kiosk: Kiosk) -> View:
    match kiosk.screen:
        case Attract():
            return resident_views.attract()
        case AtNotice():
            return resident_views.notice()
        case Identifying() as screen:
            return resident_views.identify(kiosk, screen)
        case Resuming() as screen:
            return resident_views.resume(screen)
        case Confirming(enrollment_id):
            return resident_views.confirm_biodata(kiosk.enrollment(enrollment_id))
        case Capturing() as screen:
            return resident_views.capture(kiosk, screen)
        case Reviewing(enrollment_id):
            return resident_views.review(kiosk.enrollment(enrollment_id))
        case Waiting():
            return resident_views.await_officer()
        case ConfirmingStop():
            return resident_views.confirm_stop()
        case HelpComing() as screen:
            return resident_views.help_coming(screen)
        case StillThere():
            return resident_views.still_there()
        case PoweringDown():
            return resident_views.power_low()
        case OfficerSigningIn() as screen:
            return sign_in_views.sign_in(kiosk, screen)
        case OfficerQueue():
            return officer_views.queue(kiosk)
        case OfficerRecord() as screen:
            return officer_views.record(kiosk, screen)
        case OfficerReturning() as screen:
            return officer_views.choose_return(screen)
        case OfficerExcepting() as screen:
            return officer_views.choose_exception(kiosk, screen)
        case SupervisorApproving() as screen:
            return sign_in_views.approve_exception(kiosk, screen)
        case OfficerDiagnosing() as screen:
            return diagnostics_views.diagnosing(screen)
        case OfficerAtStick() as screen:
            return stick_views.at_stick(screen)
        case OfficerApproving() as screen:
            return sign_in_views.approve_record(kiosk, screen)
        case Finalising() as screen:
            return officer_views.finalising(screen)
        case Finished() as screen:
            return officer_views.finished(kiosk, screen)


def settings_view(display: Display, *, office: str = "") -> View:
    """The settings overlay: every button acts at once and stays on the screen."""
    fields = (
        FieldRow(Text("settings.text_size"), str(display.text_step + 1)),
        FieldRow(Text("settings.volume"), f"{display.volume_percent} %"),
    )
    languages = tuple(
        action(f"language_{language}", LanguageSet(language), pictogram="speech") for language in Language
    )
    buttons = (
        action("smaller_text", Setting.SMALLER_TEXT, pictogram="smaller"),
        action("larger_text", Setting.LARGER_TEXT, pictogram="larger"),
        action("quieter", Setting.QUIETER, pictogram="quieter"),
        action("louder", Setting.LOUDER, pictogram="louder"),
        action("contrast", Setting.CONTRAST, pictogram="contrast"),
    )
    return View(
        ScreenId.SETTINGS,
        Text("settings.title"),
        FieldsBody(fields),
        speech=(Text("settings.title"),),
        actions=(*languages, *buttons, primary("done", Setting.CLOSED, pictogram="ok")),
        display=display,
        office=office,
    )
