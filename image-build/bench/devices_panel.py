"""The unit's GPIO lines from outside: switches are thrown and lamps seen through QEMU's test socket (qtest)."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from bench.qmp import Qmp
from hw.panel.pins import PanelPins

LINES = PanelPins(red=0, amber=1, green=2, ring=3, buzzer=4, presence=5, officer_key=6, tamper=7)
"""The panel on the eight lines of the `virt` machine's PL061."""

URL = "gpio:?factory=lgpio&" + "&".join(f"{name}={LINES.number(name)}" for name in PanelPins.names())

_CHANGED = re.compile(r"IRQ (raise|lower) (\d+)")
_INPUT = "unnamed-gpio-in"


class PanelLines:
    """Also remembers how often each lamp was lit."""

    def __init__(self, path: Path, qmp: Qmp) -> None:
        self._chip = _gpio_chip(qmp)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lit = dict.fromkeys(PanelPins.names(), 0)
        self._lock = threading.Lock()
        self._listener = threading.Thread(target=self._listen, name="bench-panel", daemon=True)
        self._listener.start()
        self._say(f"irq_intercept_out {self._chip}")
        self.throw(presence=False, officer_key=False, tamper=False)

    def throw(self, **switches: bool) -> None:
        """Names as in `hw.api.PanelInputs`: somebody stands there, the key is turned, the case is open."""
        for name, on in switches.items():
            high = on if name != "officer_key" else not on
            self._say(f"set_irq_in {self._chip} {_INPUT} {LINES.number(name)} {int(high)}")

    @property
    def lit(self) -> Mapping[str, int]:
        """How often each lamp went on, since it is watched."""
        with self._lock:
            return dict(self._lit)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._listener.join()
        self._socket.close()

    def _say(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\n")

    def _listen(self) -> None:
        names = {LINES.number(name): name for name in PanelPins.names()}
        with contextlib.suppress(OSError), self._socket.makefile("r") as lines:
            for line in lines:
                if (changed := _CHANGED.match(line)) and changed[1] == "raise":
                    with self._lock:
                        self._lit[names[int(changed[2])]] += 1


def _gpio_chip(qmp: Qmp) -> str:
    inside = qmp.command("qom-list", path="/machine/unattached")
    (name,) = [entry["name"] for entry in inside if entry["type"] == "child<pl061>"]
    return f"/machine/unattached/{name}"
