"""One port, one module: asks, waits, and asks again when the line has eaten a byte.

The module answers a command once and in order. So an answer that does not come whole is waited out
until the line is quiet, the command is sent again, and an answer to the first sending that turns up
late is not taken for the next command's.
"""

from __future__ import annotations

import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import serial

from hw.finger import requests
from hw.finger.codes import ECHO, MAX_DATA_BYTES, Command, Confirmation, PacketId
from hw.finger.packets import OVERHEAD_BYTES, Packet, PacketHunter, encode
from hw.finger.requests import Request
from hw.finger.transfer import Transfer

ATTEMPTS = 4
MAX_PASSES = 16
"""Passes of one transfer. One byte in 2000 damaged asks for 4 to 7, by packet size."""

QUIET_S = 0.2
"""A module sends without a pause; after this long nothing more of an answer comes."""

DATA_SILENCE_S = 0.5
"""The same while data flow, when it reads its memory between packets."""

READ_TIMEOUT_S = 0.02
WRITE_TIMEOUT_S = 5.0
MAX_TRANSFER_BYTES = 65_536
"""The largest picture with its packets' overhead, at the smallest packet size, is 49,536."""

BITS_A_BYTE = 10
"""8N1."""

_SHORTEST_ANSWER_BYTES = OVERHEAD_BYTES
"""So many bytes and then silence were an answer, damaged; fewer were noise before it."""


class NoAnswerError(Exception):
    """The module does not answer, or nothing of it can be understood."""


class ConversationStoppedError(Exception):
    """The driver is being stopped."""


@dataclass(frozen=True, slots=True)
class Reply:
    """confirmation: a `Confirmation`, or a code unknown to it. end: where the reply ended in the stream."""

    confirmation: int
    data: bytes
    end: int


def open_port(path: Path, *, baud: int) -> serial.Serial:
    """Raises OSError, also where termios has an error of its own."""
    try:
        return serial.Serial(
            str(path), baud, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
        )
    except termios.error as error:
        raise OSError(*error.args) from error


class Conversation:
    """All methods raise OSError when the port is gone, NoAnswerError and ConversationStoppedError.

    data_bytes: payload of a data packet, to be set to what the module says.
    """

    def __init__(
        self, port: serial.Serial, *, address: int, password: int, stopped: Callable[[], bool]
    ) -> None:
        self.address = address
        self.password = password
        self.data_bytes = 128
        self._port = port
        self._stopped = stopped
        self._hunter = PacketHunter(address)
        self._settles_due = 0

    def ask(self, request: Request) -> Reply:
        for _ in range(ATTEMPTS):
            reply = self._attempt(request)
            if reply is None or reply.confirmation == Confirmation.PACKET_ERROR:
                continue
            forgotten = reply.confirmation == Confirmation.VERIFY_PASSWORD_FIRST
            if forgotten and request.command is not Command.VFY_PWD:  # it lost power for a moment
                if (verified := self.verify()) != Confirmation.OK:
                    return Reply(verified, b"", reply.end)
                continue
            return reply
        raise NoAnswerError(f"no answer to {request.command.name} in {ATTEMPTS} attempts")

    def verify(self) -> int:
        return self.ask(requests.verify_password(password=self.password)).confirmation

    def fetch(self, request: Request) -> bytes | int:
        """The data that follow the reply; a confirmation code when it is not OK."""
        transfer = Transfer(data_bytes=self.data_bytes, whole_bytes=request.data_bytes)
        for _ in range(MAX_PASSES):
            reply = self.ask(request)
            if reply.confirmation != Confirmation.OK:
                return reply.confirmation
            if (data := transfer.add_pass(self._data_packets(), start=reply.end)) is not None:
                return data
        raise NoAnswerError(f"{request.command.name}: no whole transfer in {MAX_PASSES} passes")

    def post(self, request: Request, data: bytes) -> int:
        """Sends data after an OK; the module does not say whether they arrived."""
        reply = self.ask(request)
        if reply.confirmation != Confirmation.OK:
            return reply.confirmation
        for start in range(0, len(data), self.data_bytes):
            self._check_stopped()
            last = start + self.data_bytes >= len(data)
            packet_id = PacketId.END_OF_DATA if last else PacketId.DATA
            self._port.write(encode(packet_id, data[start : start + self.data_bytes], address=self.address))
        return reply.confirmation

    def change_address(self, address: int) -> int:
        return self._move(requests.set_address(address=address), self._turn_to, self.address, address)

    def change_baud(self, baud: int) -> int:
        return self._move(requests.set_baud(baud=baud), self._tune_to, self._port.baudrate, baud)

    def restart(self) -> int:
        """SoftReset, until the module says by one byte that it has started, or ought to have."""
        reply = self.ask(requests.soft_reset())
        deadline = time.monotonic() + requests.QUICK_S
        if reply.confirmation != Confirmation.OK:
            return reply.confirmation
        started = self._hunter.heard > reply.end
        while not started and time.monotonic() < deadline:
            started = ECHO in self._read()
        return self.verify()

    def _move(self, request: Request, go: Callable[[int], None], old: int, new: int) -> int:
        """A setting after which the module is found elsewhere: when no reply came, it is looked for there."""
        for _ in range(ATTEMPTS):
            reply = self._attempt(request, also_from=new)
            if reply is not None and reply.confirmation not in (Confirmation.OK, Confirmation.PACKET_ERROR):
                return reply.confirmation
            go(new)
            found = self._attempt(requests.verify_password(password=self.password))
            if found is not None and found.confirmation == Confirmation.OK:
                return Confirmation.OK
            go(old)
        raise NoAnswerError(f"no answer to {request.command.name}, neither at the old place nor at the new")

    def _turn_to(self, address: int) -> None:
        self.address = address

    def _tune_to(self, baud: int) -> None:
        self._port.baudrate = baud

    def _attempt(self, request: Request, *, also_from: int | None = None) -> Reply | None:
        """One sending; None when no whole answer came. also_from: SetAddr is answered from the new address."""
        if self._settles_due:
            self._settles_due -= 1
            self._settle(QUIET_S)
        else:
            self._settle(0.0)
        self._hunter = PacketHunter(self.address, self.address if also_from is None else also_from)
        self._port.write(encode(PacketId.COMMAND, request.payload, address=self.address))
        reply = self._reply_to(request)
        if reply is None:
            self._settles_due = 2  # before this is sent again, and before what follows it
        return reply

    def _reply_to(self, request: Request) -> Reply | None:
        now = heard = time.monotonic()
        deadline = now + request.timeout_s
        while now < deadline:
            if data := self._read():
                self._hunter.feed(data)
                heard = time.monotonic()
            while (packet := self._hunter.take()) is not None:
                if packet.packet_id is not PacketId.ACK:
                    return None  # data already: the reply before them was damaged
                if (reply := _read_reply(packet, request)) is not None:
                    return reply
            now = time.monotonic()
            if self._hunter.heard >= _SHORTEST_ANSWER_BYTES and now > heard + QUIET_S:
                break
        while (packet := self._hunter.take(ended=True)) is not None:
            if packet.packet_id is PacketId.ACK and (reply := _read_reply(packet, request)) is not None:
                return reply
        return None

    def _data_packets(self) -> list[Packet]:
        """One pass: data packets until the last, silence, or more bytes than any transfer has."""
        packets = []
        heard = time.monotonic()
        limit = self._hunter.heard + MAX_TRANSFER_BYTES
        ended = False
        while True:
            while (packet := self._hunter.take(ended=ended)) is not None:
                if packet.packet_id in (PacketId.DATA, PacketId.END_OF_DATA):
                    packets.append(packet)
                if packet.packet_id is PacketId.END_OF_DATA:
                    return packets
            if ended:
                return packets
            if data := self._read():
                self._hunter.feed(data)
                heard = time.monotonic()
            ended = time.monotonic() > heard + DATA_SILENCE_S or self._hunter.heard > limit

    def _settle(self, quiet_s: float) -> None:
        """Throws away what arrives until nothing has for `quiet_s`, at most for as long as a transfer takes."""
        now = heard = time.monotonic()
        deadline = now + 2 * MAX_TRANSFER_BYTES * BITS_A_BYTE / self._port.baudrate
        while now < deadline and (self._port.in_waiting or now < heard + quiet_s):
            if self._read():
                heard = time.monotonic()
            now = time.monotonic()

    def _read(self) -> bytes:
        self._check_stopped()
        data: bytes = self._port.read(max(1, min(self._port.in_waiting, 2 * MAX_DATA_BYTES)))
        return data

    def _check_stopped(self) -> None:
        if self._stopped():
            raise ConversationStoppedError


def _read_reply(packet: Packet, request: Request) -> Reply | None:
    """None when an OK lacks what has to follow it: an answer to something else."""
    confirmation, data = packet.payload[0], packet.payload[1:]
    if confirmation == Confirmation.OK and len(data) < request.answer_bytes:
        return None
    return Reply(confirmation, data[: request.answer_bytes], packet.end)
