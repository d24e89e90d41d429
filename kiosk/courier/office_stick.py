"""The officer's USB stick: mounted by the system while a connection of ours is open."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

SOCKET = Path("/run/kiosk/stick.socket")
FOLDER = Path("/run/kiosk/stick")
_ANSWER_TIMEOUT_S = 30.0


class StickError(Exception):
    """Why there is no stick: `missing`, `unreadable` or `busy`. The word is also the text id's last part."""


@contextmanager
def stick(address: Path = SOCKET, folder: Path = FOLDER) -> Iterator[Path]:
    """The stick's folder, for the block only; blocks until all is written to it. Raises StickError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_ANSWER_TIMEOUT_S)
        try:
            line.connect(str(address))
            answer = _word(line)
        except OSError as error:
            raise StickError("busy") from error
        if answer != "mounted":
            raise StickError(answer or "busy")
        try:
            yield folder
        finally:
            line.shutdown(socket.SHUT_WR)
            line.settimeout(None)  # a slow stick takes its time to be written out
            _word(line)


def folder_as_stick(folder: Path) -> Callable[[], AbstractContextManager[Path]]:
    """For an office whose system mounts sticks by itself."""

    @contextmanager
    def opened() -> Iterator[Path]:
        if not folder.is_dir():
            raise StickError("missing")
        yield folder

    return opened


def _word(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\n") and (more := line.recv(64)):
        said += more
    return said.decode("ascii", "replace").strip()
