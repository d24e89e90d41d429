"""Which pin of the GPIO header does what."""

from __future__ import annotations

from dataclasses import dataclass, fields

LAST_PIN = 27


@dataclass(frozen=True, slots=True)
class PanelPins:
    """BCM numbers. presence: high while somebody stands there (a PIR's output). officer_key: closes to
    ground when turned. tamper: closed to ground by the shut case, so that a cut wire is tampering, too."""

    red: int = 17
    amber: int = 27
    green: int = 22
    ring: int = 18
    buzzer: int = 23
    presence: int = 24
    officer_key: int = 25
    tamper: int = 16

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def number(self, name: str) -> int:
        number: int = getattr(self, name)
        return number
