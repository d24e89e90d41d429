"""One placement before one device: live guidance, attempts, best of N, faults in mid-step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kiosk.enrollment.effects import CaptureNow, Purpose
from kiosk.enrollment.events import (
    AttemptFailed,
    CaptureAsked,
    DeviceFaulted,
    DeviceHealed,
    Event,
    Guidance,
    GuidanceGiven,
    SampleCompared,
    SamplesTaken,
)
from kiosk.enrollment.facts import DataApproved, FaceVerified, FingerVerified, RecordsTaken, StepCaptured
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import ChainLink, Sample, Verification
from kiosk.enrollment.screens import Capturing, HelpComing, Kiosk
from kiosk.enrollment.transitions import Result, begin_capture, record, record_and_enter, show, stay


def step(kiosk: Kiosk, screen: Capturing, event: Event) -> Result:
    verifying = screen.purpose is Purpose.VERIFY
    match event:
        case CaptureAsked():
            return kiosk, (CaptureNow(screen.task),)
        case GuidanceGiven(task, guidance) if task == screen.task:
            return show(kiosk, replace(screen, guidance=guidance))
        case DeviceFaulted(task, fault) if task == screen.task:
            return show(kiosk, replace(screen, fault=fault))
        case DeviceHealed(task) if task == screen.task:
            return show(kiosk, replace(screen, fault=None))
        case SamplesTaken(task, samples, links) if task == screen.task and not verifying:
            kiosk, linked = _linked(kiosk, screen, links)
            kiosk, effects = _sampled(kiosk, screen, samples)
            return kiosk, linked + effects
        case AttemptFailed(task, advice, links) if task == screen.task:
            kiosk, linked = _linked(kiosk, screen, links)
            kiosk, effects = _failed(kiosk, replace(screen, guidance=Guidance(advice=advice)))
            return kiosk, linked + effects
        case SampleCompared(task, verification, links) if task == screen.task and verifying:
            kiosk, linked = _linked(kiosk, screen, links)
            kiosk, effects = _compared(kiosk, screen, verification)
            return kiosk, linked + effects
        case _:
            return stay(kiosk)


def best_of(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """The best sample of each position; of equals the earlier one."""
    best: dict[str, Sample] = {}
    for sample in samples:
        known = best.get(sample.position)
        if known is None or (sample.report.score or 0) > (known.report.score or 0):
            best[sample.position] = sample
    return tuple(best.values())


def _linked(kiosk: Kiosk, screen: Capturing, links: tuple[ChainLink, ...]) -> Result:
    return record(kiosk, screen.enrollment_id, RecordsTaken(links)) if links else stay(kiosk)


def _compared(kiosk: Kiosk, screen: Capturing, verification: Verification) -> Result:
    if verification.matched or screen.attempt >= kiosk.policy.attempts_allowed:
        verified = FaceVerified if verification.position is Position.FACE else FingerVerified
        return record_and_enter(kiosk, screen.enrollment_id, verified(verification))
    return _again(kiosk, screen)


def _sampled(kiosk: Kiosk, screen: Capturing, samples: tuple[Sample, ...]) -> Result:
    screen = replace(screen, best=best_of((*screen.best, *samples)))
    if all(kiosk.policy.good_enough(sample) for sample in screen.best):
        return _accepted(kiosk, screen)
    return _failed(kiosk, screen)


def _failed(kiosk: Kiosk, screen: Capturing) -> Result:
    """Another attempt; after the last one the best of all stands, marked as forced.

    Without any sample to stand the officer is called, who may grant an exception: never a dead end.
    A face that nobody shows for comparison stops nobody: that is recorded, and for the officer to judge.
    """
    if screen.attempt < kiosk.policy.attempts_allowed:
        return _again(kiosk, screen)
    if screen.purpose is Purpose.VERIFY and screen.step is CaptureStep.PHOTO:
        return _compared(kiosk, screen, Verification(Position.FACE, 0.0, matched=False, matcher=""))
    if {sample.position for sample in screen.best} >= set(screen.positions):
        return _accepted(kiosk, screen)
    return show(kiosk, HelpComing(back=replace(screen, attempt=1)))


def _again(kiosk: Kiosk, screen: Capturing) -> Result:
    enrollment = kiosk.enrollment(screen.enrollment_id)
    return begin_capture(
        kiosk,
        enrollment,
        screen.purpose,
        screen.step,
        screen.positions,
        attempt=screen.attempt + 1,
        best=screen.best,
    )


def _accepted(kiosk: Kiosk, screen: Capturing) -> Result:
    samples = tuple(replace(sample, forced=not kiosk.policy.good_enough(sample)) for sample in screen.best)
    if screen.purpose is Purpose.APPROVE:
        return record_and_enter(kiosk, screen.enrollment_id, DataApproved(samples[0]))
    return record_and_enter(kiosk, screen.enrollment_id, StepCaptured(screen.step, samples))
