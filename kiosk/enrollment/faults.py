"""Faults as values: a code, and a text for each reader.

Codes of devices equal `hw.api.FaultCode`; the texts are `fault.<code>.resident` and
`fault.<code>.officer` in the catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """source: the kind of device, or the room of the kiosk. detail: technical, English, nothing personal."""

    code: str
    source: str
    detail: str = ""

    @property
    def resident_text(self) -> str:
        return f"fault.{self.code}.resident"

    @property
    def officer_text(self) -> str:
        return f"fault.{self.code}.officer"
