"""One finger given twice, or the hands swapped, within one enrollment."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import Position
from kiosk.matching.compare import compare_described, comparison_room, describe_template


def repeated_fingers(templates: Mapping[Position, Template]) -> tuple[tuple[Position, Position], ...]:
    """Pairs of different positions that show one finger, in the order of `templates`."""
    described = {position: describe_template(template) for position, template in templates.items()}
    room = comparison_room()
    return tuple(
        (one, other)
        for one, other in combinations(described, 2)
        if compare_described(described[one], described[other], room=room).matched
    )


def swapped_fingers(
    earlier: Mapping[Position, Template], now: Mapping[Position, Template]
) -> tuple[tuple[Position, Position], ...]:
    """(position now, position earlier) where a finger shown now was given under another position before."""
    known = {position: describe_template(template) for position, template in earlier.items()}
    shown = {position: describe_template(template) for position, template in now.items()}
    room = comparison_room()
    return tuple(
        (position, before)
        for position, finger in shown.items()
        for before, template in known.items()
        if before is not position and compare_described(finger, template, room=room).matched
    )
