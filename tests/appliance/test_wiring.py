"""The drawn wiring is the wiring that the driver expects."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from hw.panel.pins import PanelPins

DRAWING = Path(__file__).parents[2] / "docs/wiring/panel.svg"
HEADER = {17: 11, 27: 13, 22: 15, 18: 12, 23: 16, 24: 18, 25: 22, 16: 36}
"""BCM number -> place on the 40-pin header (Raspberry Pi documentation, "GPIO and the 40-pin header")."""


def test_every_signal_is_drawn_at_its_pin() -> None:
    drawn = {}
    for text in ElementTree.parse(DRAWING).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314 - our own file
        if signal := text.get("data-signal"):
            found = re.fullmatch(r"pin +(\d+) +GPIO(\d+)", text.text or "")
            assert found is not None
            drawn[signal] = (int(found[1]), int(found[2]))
    pins = PanelPins()
    assert drawn == {name: (HEADER[pins.number(name)], pins.number(name)) for name in PanelPins.names()}
