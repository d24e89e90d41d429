"""How the unit and its devices stand, in big words: the list, one of them, and a self-test under way."""

from __future__ import annotations

from kiosk.app.parts import BACK, SIGN_OUT, action, primary
from kiosk.app.views import Action, Field, FieldsBody, MessageBody, Row, ScreenId, TableBody, Text, View
from kiosk.enrollment.diagnosis_flow import UNIT
from kiosk.enrollment.events import DeviceChosen, SelfTestsAsked, UnitChosen, WentBack
from kiosk.enrollment.screens import OfficerDiagnosing
from kiosk.enrollment.standing import DeviceStanding, DeviceTest, SelfTestLine, UnitStanding

PICTURES = {
    "face": "camera",
    "slap": "four_fingers",
    "iris": "eye",
    "signature": "signature",
    "code": "ticket",
    "printer": "printer",
    "panel": "start",
    "finger": "hand",
    "power": "plug",
    "position": "notice",
    "card": "card",
}
_STATE_PICTURES = {"connecting": "hourglass", "stopped": "minus"}


def diagnosing(screen: OfficerDiagnosing) -> View:
    if screen.testing:
        return _testing(screen)
    if screen.standing is None:
        body = MessageBody("hourglass", (Text("diagnostics.looking"),), busy=True)
        return _view(ScreenId.DIAGNOSTICS, Text("diagnostics.title"), body, (BACK,))
    if screen.chosen == UNIT:
        return _unit(screen.standing)
    chosen = next((device for device in screen.devices if device.url == screen.chosen), None)
    return _device(chosen, screen.results) if chosen is not None else _list(screen.standing, screen.results)


def _view(
    screen_id: ScreenId,
    title: Text,
    body: MessageBody | TableBody | FieldsBody,
    actions: tuple[Action, ...],
) -> View:
    return View(screen_id, title, body, speech=(), actions=actions, corner=(SIGN_OUT,))


def _list(standing: UnitStanding, results: tuple[DeviceTest, ...]) -> View:
    rows = tuple(_device_row(device, results) for device in standing.devices)
    well = standing.enough_free and not standing.last_fault and not standing.keys_fault
    unit = Row(
        (Text("diagnostics.unit"),),
        Text("diagnostics.well" if well else "diagnostics.see_to_it"),
        Action("unit", Text("action.open_record"), UnitChosen()),
        "ok" if well else "attention",
    )
    urls = tuple(device.url for device in standing.devices)
    tests = (primary("test_all", SelfTestsAsked(urls), pictogram="again"),) if urls else ()
    body = TableBody(
        (Text("diagnostics.device"), Text("diagnostics.state")), (*rows, unit), Text("diagnostics.none")
    )
    return _view(ScreenId.DIAGNOSTICS, Text("diagnostics.title"), body, (BACK, *tests))


def _device_row(device: DeviceStanding, results: tuple[DeviceTest, ...]) -> Row:
    test = _test_of(device, results)
    state = f"device_state.{device.state}"
    if device.fault and device.state in ("ready", "capturing"):
        state = "device_state.fault"
    elif test is not None and not test.passed:
        state = "diagnostics.test_failed"
    mended = device.ready and (test is None or test.passed)
    picture = "ok" if mended else _STATE_PICTURES.get(device.state, "attention")
    chosen = Action(f"device_{device.kind}", Text("action.open_record"), DeviceChosen(device.url))
    return Row((Text(f"device.{device.kind}"),), Text(state), chosen, picture)


def _test_of(device: DeviceStanding, results: tuple[DeviceTest, ...]) -> DeviceTest | None:
    return next((test for test in results if test.url == device.url), None)


def _device(device: DeviceStanding, results: tuple[DeviceTest, ...]) -> View:
    """What is wrong and what to do first, then what one reads out to the maintainer."""
    identity = " ".join(filter(None, (device.make, device.model, device.serial))) or "-"
    test = _test_of(device, results)
    fields = (
        Field(Text("diagnostics.state"), "", Text(f"device_state.{device.state}")),
        *_fault_fields(device),
        *_test_fields(test),
        Field(Text("diagnostics.identity"), identity),
        Field(Text("diagnostics.firmware"), device.firmware or "-"),
        Field(Text("diagnostics.driver"), device.driver),
        Field(Text("diagnostics.url"), device.url),
    )
    again = primary("test_device", SelfTestsAsked((device.url,)), pictogram="again")
    return _view(ScreenId.DIAGNOSTICS_DETAIL, Text(f"device.{device.kind}"), FieldsBody(fields), (BACK, again))


def _fault_fields(device: DeviceStanding) -> tuple[Field, ...]:
    if not device.fault:
        return ()
    return (
        Field(Text("diagnostics.to_do"), "", Text(f"fault.{device.fault}.officer")),
        Field(Text("diagnostics.detail"), device.detail or "-"),
    )


def _test_fields(test: DeviceTest | None) -> tuple[Field, ...]:
    if test is None:
        return (Field(Text("diagnostics.self_test"), "", Text("diagnostics.not_tested")),)
    fields = []
    for line in test.lines:
        word = "diagnostics.passed" if line.passed else "diagnostics.failed"
        fields.append(Field(Text("diagnostics.self_test"), "", Text(word, {"name": _check(line)})))
        if not line.passed:
            fields.append(Field(Text("diagnostics.to_do"), "", Text(f"self_test.{line.code}.advice")))
            fields.append(Field(Text("diagnostics.detail"), line.detail or "-"))
    return tuple(fields)


def _check(line: SelfTestLine) -> Text:
    check = Text(f"self_test.{line.code}.check")
    return Text(f"self_test.eye.{line.eye}", {"check": check}) if line.eye else check


def _unit(standing: UnitStanding) -> View:
    clock = standing.clock
    fields = (
        Field(Text("diagnostics.unsent"), str(standing.unsent)),
        *((Field(Text("diagnostics.send_fault"), standing.last_fault),) if standing.last_fault else ()),
        *((Field(Text("diagnostics.keys_fault"), standing.keys_fault),) if standing.keys_fault else ()),
        Field(
            Text("diagnostics.disk"),
            "",
            Text("diagnostics.free", {"gigabytes": f"{standing.free_mb / 1000:.1f}"}),
        ),
        *(
            ()
            if standing.enough_free
            else (Field(Text("diagnostics.to_do"), "", Text("diagnostics.disk_low")),)
        ),
        Field(Text("diagnostics.clock"), f"{clock.at:%d-%m-%Y %H:%M} UTC"),
        Field(Text("diagnostics.clock_trust"), "", Text(f"clock_trust.{clock.trust}")),
        Field(Text("diagnostics.version"), standing.version),
    )
    return _view(ScreenId.DIAGNOSTICS_DETAIL, Text("diagnostics.unit"), FieldsBody(fields), (BACK,))


def _testing(screen: OfficerDiagnosing) -> View:
    device = next((device for device in screen.devices if device.url == screen.testing[0]), None)
    kind = device.kind if device is not None else ""
    lines = (Text("diagnostics.testing", {"device": Text(f"device.{kind}")}), Text("diagnostics.testing_hint"))
    body = MessageBody(PICTURES.get(kind, "plug"), lines, share_done=1 - len(screen.testing) / screen.asked)
    stop = action("stop_tests", WentBack(), pictogram="stop")
    return _view(ScreenId.DIAGNOSTICS_TEST, Text("diagnostics.testing_title"), body, (stop,))
