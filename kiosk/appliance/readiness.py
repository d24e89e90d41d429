"""Whether a running kiosk is fit for residents: what it reports of itself, and how that is judged.

`kiosk run` writes the report beside its socket once the first screen is drawn, and again when a device comes or
goes; `kiosk ready` judges it. Devices have one owner, so nobody else could test them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hw.api import DeviceState

REPORT = "ready.json"
_USABLE = (DeviceState.READY, DeviceState.CAPTURING, DeviceState.STOPPED)
"""Stopped: a camera looks during its own step only."""


@dataclass(frozen=True, slots=True)
class Report:
    """screen: the first screen was drawn. kernels: how many compiled functions are loaded; compiled: how many
    of them were compiled at this start instead of found. devices: state of each configured device by kind."""

    version: str
    screen: bool
    kernels: int
    compiled: int
    journal: bool
    devices: Mapping[str, str]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()


@dataclass(frozen=True, slots=True)
class Check:
    """advice: what to do, empty when ready."""

    name: str
    ready: bool
    advice: str = ""


class ReportError(Exception):
    """The report is not what `kiosk run` writes."""


def read_report(path: Path) -> Report | None:
    """None while there is none. Raises ReportError."""
    try:
        fields = json.loads(path.read_bytes())
        return Report(
            version=str(fields["version"]),
            screen=fields["screen"] is True,
            kernels=int(fields["kernels"]),
            compiled=int(fields["compiled"]),
            journal=fields["journal"] is True,
            devices={str(kind): str(state) for kind, state in fields["devices"].items()},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{path}: {error!r}") from error


def judge(report: Report | None) -> tuple[Check, ...]:
    """Everything that must hold before an image is kept."""
    if report is None:
        return (Check("screen", ready=False, advice="the kiosk has not drawn its first screen"),)
    return (
        Check("screen", report.screen, "" if report.screen else "nothing was drawn"),
        _kernels(report),
        Check("journal", report.journal, "" if report.journal else "the journal could not be replayed"),
        *(_device(kind, state) for kind, state in sorted(report.devices.items())),
    )


def _kernels(report: Report) -> Check:
    if not report.kernels:
        return Check("kernels", ready=False, advice="not loaded yet")
    compiled = f"{report.compiled} were compiled at the start: the image is not for this processor"
    return Check("kernels", not report.compiled, compiled if report.compiled else "")


def _device(kind: str, state: str) -> Check:
    ready = state in _USABLE
    return Check(f"device {kind}", ready, "" if ready else f"{state}: check its plug, then `hw doctor`")
