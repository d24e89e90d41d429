"""QEMU's machine protocol over a socket: pictures of the screen, touches, power."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

TOUCH_RANGE = 0x7FFF
"""QEMU's absolute axes run from 0 to this."""


class QmpError(Exception):
    """QEMU refused a command."""


class Qmp:
    def __init__(self, path: Path, *, timeout_s: float = 60.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._lines.readline()
        self.command("qmp_capabilities")

    def command(self, name: str, **arguments: Any) -> Any:
        request = {"execute": name} | ({"arguments": arguments} if arguments else {})
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise QmpError(f"{name}: QEMU is gone")

    def screenshot(self, file: Path) -> None:
        self.command("screendump", filename=str(file), format="png")

    def touch(self, x: float, y: float, *, down: bool) -> None:
        """x, y: parts of the screen's width and height, 0 to 1."""
        moves = [
            {"type": "abs", "data": {"axis": axis, "value": round(part * TOUCH_RANGE)}}
            for axis, part in (("x", x), ("y", y))
        ]
        self.command("input-send-event", events=moves)
        self.command("input-send-event", events=[{"type": "btn", "data": {"down": down, "button": "left"}}])

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
