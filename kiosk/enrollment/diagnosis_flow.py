"""The officer looks at the devices and the unit, and has devices test themselves, one after the other."""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.effects import SelfTestDevice
from kiosk.enrollment.events import (
    DeviceChosen,
    DeviceTested,
    Event,
    SelfTestsAsked,
    UnitChosen,
    UnitExamined,
    WentBack,
)
from kiosk.enrollment.screens import Kiosk, OfficerDiagnosing, OfficerQueue
from kiosk.enrollment.standing import DeviceTest, SelfTestLine
from kiosk.enrollment.transitions import Result, show, stay

UNIT = "unit"
"""Stands for the unit itself where a device's URL would."""


def step(kiosk: Kiosk, screen: OfficerDiagnosing, event: Event) -> Result:
    match event:
        case UnitExamined(standing):
            return show(kiosk, replace(screen, standing=standing))
        case DeviceTested(url, lines) if screen.testing and url == screen.testing[0]:
            return _tested(kiosk, replace(screen, results=_with(screen, url, lines)))
        case WentBack() if screen.testing:
            return show(kiosk, replace(screen, testing=(), asked=0))
        case _ if screen.testing:
            return stay(kiosk)
        case DeviceChosen(url) if any(device.url == url for device in screen.devices):
            return show(kiosk, replace(screen, chosen=url))
        case UnitChosen():
            return show(kiosk, replace(screen, chosen=UNIT))
        case SelfTestsAsked(urls) if urls and all(any(d.url == url for d in screen.devices) for url in urls):
            return show(kiosk, replace(screen, testing=urls, asked=len(urls)), SelfTestDevice(urls[0]))
        case WentBack() if screen.chosen:
            return show(kiosk, replace(screen, chosen=""))
        case WentBack():
            return show(kiosk, OfficerQueue(screen.staff))
        case _:
            return stay(kiosk)


def _tested(kiosk: Kiosk, screen: OfficerDiagnosing) -> Result:
    left = screen.testing[1:]
    following = (SelfTestDevice(left[0]),) if left else ()
    return show(kiosk, replace(screen, testing=left, asked=screen.asked if left else 0), *following)


def _with(screen: OfficerDiagnosing, url: str, lines: tuple[SelfTestLine, ...]) -> tuple[DeviceTest, ...]:
    others = tuple(test for test in screen.results if test.url != url)
    return (*others, DeviceTest(url, lines))
