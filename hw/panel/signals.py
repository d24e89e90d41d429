"""Lights and tones for each state of the kiosk.

Colours and flashing after IEC 60073: green normal, yellow wants attention, red a fault; 2 Hz for what
is urgent, 0.5 Hz for what is not, and never near the 3 Hz that can bring on a seizure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hw.api import PanelState


@dataclass(frozen=True, slots=True)
class Pattern:
    """On for on_s, then off for off_s, again and again; both zero: never on."""

    on_s: float = 0.0
    off_s: float = 0.0

    def lit(self, elapsed_s: float) -> bool:
        period_s = self.on_s + self.off_s
        return period_s > 0 and elapsed_s % period_s < self.on_s


OFF = Pattern()
STEADY = Pattern(on_s=1.0)
SLOW = Pattern(on_s=1.0, off_s=1.0)
URGENT = Pattern(on_s=0.25, off_s=0.25)


@dataclass(frozen=True, slots=True)
class Signal:
    """ring: brightness 0..1; beeps: sounded once, when the state begins."""

    red: Pattern = OFF
    amber: Pattern = OFF
    green: Pattern = OFF
    ring: float = 0.0
    beeps: int = 0

    def buzzes(self, elapsed_s: float) -> bool:
        return elapsed_s < self.beeps * (BEEP_S + BEEP_PAUSE_S) and elapsed_s % (BEEP_S + BEEP_PAUSE_S) < BEEP_S


BEEP_S = 0.12
BEEP_PAUSE_S = 0.18

RING_FOR_FACES = 0.7
"""The same from the first guidance to the shutter: a step in the light sends the camera's exposure hunting."""

SIGNALS: Mapping[PanelState, Signal] = MappingProxyType(
    {
        PanelState.IDLE: Signal(green=STEADY),
        PanelState.GUIDING: Signal(green=SLOW, ring=RING_FOR_FACES),
        PanelState.CAPTURING: Signal(green=URGENT, ring=RING_FOR_FACES),
        PanelState.CAPTURED: Signal(green=STEADY, ring=RING_FOR_FACES, beeps=1),
        PanelState.CALL_OFFICER: Signal(amber=URGENT, ring=RING_FOR_FACES, beeps=2),
        PanelState.FAULT: Signal(red=STEADY, beeps=3),
        PanelState.DARK: Signal(),
    }
)
