"""What the bench's devices are made of: the board's device tree, the relay, the pictures of screens."""

from __future__ import annotations

import socket
import struct
from threading import Thread

import numpy as np
import pytest
from bench.devices_board import with_revision
from bench.devices_tunnel import Way
from bench.enrollment import Script, StuckError
from bench.enrollment_pictures import alike, changed_box

HEADER = struct.Struct(">10I")
ROOT = struct.pack(">I4s", 1, b"") + struct.pack(">2I", 2, 9)


def tree_of(structure: bytes, strings: bytes) -> bytes:
    start = HEADER.size + 16
    header = HEADER.pack(
        0xD00DFEED, start + len(structure) + len(strings), start, start + len(structure), HEADER.size,
        17, 16, 0, len(strings), len(structure),
    )  # fmt: skip
    return header + bytes(16) + structure + strings


def test_the_board_names_its_revision_below_the_root():
    tree = with_revision(tree_of(ROOT, b"compatible\0"), 0xC03111)
    header = HEADER.unpack_from(tree)
    structure, strings = tree[header[2] :][: header[9]], tree[header[3] :][: header[8]]
    assert header[1] == len(tree) == header[3] + header[8]
    begin, name, kind, size, at, value, *ends = struct.unpack(">I8s4I3I", structure[8:])
    assert (begin, name, kind, size, value, ends) == (1, b"system\0\0", 3, 4, 0xC03111, [2, 2, 9])
    assert strings[at:] == b"linux,revision\0"


def test_a_tree_that_ends_otherwise_is_refused():
    with pytest.raises(ValueError, match="root"):
        with_revision(tree_of(ROOT + bytes(8), b""), 1)


def test_the_relay_carries_both_ways_and_tells_the_end():
    with socket.create_server(("127.0.0.1", 0)) as service:
        way = Way(0, host="127.0.0.1", host_port=service.getsockname()[1])
        with way, socket.create_connection(way.server_address[:2], 20) as client:
            Thread(target=way.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            there, _ = service.accept()
            with there:
                client.sendall(b"question")
                assert there.recv(100) == b"question"
                there.sendall(b"answer")
                assert client.recv(100) == b"answer"
            assert client.recv(100) == b""
            way.shutdown()


def test_a_typed_digit_is_found_where_the_screen_changed():
    before = np.full((80, 120, 3), 240, np.uint8)
    after = before.copy()
    after[40:50, 60:66] = 20
    rows, columns = changed_box(before, after)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (32, 57, 52, 73)
    assert alike(after[rows, columns], after[rows, columns]) == pytest.approx(1.0)
    assert alike(before[rows, columns], after[rows, columns]) < 0.5


class Shown:
    """Shows what it is told to, one name a look; presses are remembered."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.done: list[str] = []

    def screen(self) -> str:
        return self.names.pop(0) if len(self.names) > 1 else self.names[0]

    def press(self, button: str) -> None:
        self.done.append(button)

    def type(self, digits: str) -> None:
        self.done.append(digits)

    def sign(self) -> None:
        self.done.append("sign")

    def turn_key(self, *, on: bool) -> None:
        self.done.append(f"key {on}")


def test_what_is_on_the_screen_decides_what_is_done_next():
    hands = Shown("attract", "identify", "identify", "", "step.photo", "step.signature", "step.signature")
    hands.names += ["await_officer"]
    Script(hands, patience_s=20, say=lambda _line: None).enrol("3503")
    assert hands.done == ["start_id", "3503", "enter", "sign"]


def test_a_screen_that_stays_is_told():
    clock = iter(range(1000))
    script = Script(
        Shown("notice"), patience_s=3, say=lambda _line: None, monotonic_s=lambda: float(next(clock))
    )
    with pytest.raises(StuckError, match="after notice"):
        script.enrol("3503")
