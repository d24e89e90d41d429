"""The driver of R30x, ZFM-20, AS608 and R503 modules: one thread owns the port, and does command by command."""

from __future__ import annotations

import contextlib
import queue
import re
import struct
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hw import udev
from hw.api import (
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    Frame,
    PixelFormat,
    SelfTest,
    SelfTestCode,
)
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.finger import picture, requests
from hw.finger.api import (
    Buffer,
    FingerModule,
    LightColour,
    LightEffect,
    Match,
    ModuleParameters,
    Refused,
)
from hw.finger.codes import (
    ANY_ADDRESS,
    BAUD_UNIT,
    BAUDS,
    DATA_BYTES,
    ECHO,
    IMAGE_DPI,
    INDEX_TABLE_PAGES,
    Confirmation,
)
from hw.finger.conversation import Conversation, ConversationStoppedError, NoAnswerError, open_port
from hw.finger.requests import Request
from hw.worker import Session, SessionEnded, WorkedDevice

IDLE_CHECK_S = 1.0
"""How often an idle module is asked for a sign of life; its adapter may stay when it is unplugged."""

WRITE_ATTEMPTS = 8
"""A template of 512 bytes arrives whole three times in four where one byte in 2000 is damaged."""

ANSWER_CHECK_S = 0.5
_PARAMETERS = struct.Struct(">HHHHIHH")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModuleLink:
    """Where the module is, and what it wants to hear."""

    path: Path
    baud: int = 57600
    address: int = ANY_ADDRESS
    password: int = 0


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Conversation], Any]
    outcome: Future[Any]


class R30xFingerModule(WorkedDevice):
    """See `hw.finger.api.FingerModule`. A second caller waits for the first; a third is answered BUSY."""

    def __init__(self, link: ModuleLink, *, url: str) -> None:
        super().__init__(DeviceKind.FINGER_MODULE, url)
        self._link = link
        self._parameters = ModuleParameters(0, 0, 0, 0, link.address, DATA_BYTES[2], link.baud)
        self._sequence = 0
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=1)

    def info(self) -> DeviceInfo | Fault:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        adapter = udev.identify(self._link.path, kind=self.kind, url=self._url)
        return replace(adapter, model=f"R30x system {self._parameters.system_id}", firmware="")

    def _forget(self) -> None:
        self._sequence = 0

    def stop(self) -> None:
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)  # wakes the thread
        super().stop()
        self._refuse_waiting()

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.FINGER_MODULE_ANSWERS),)

    def scan(self) -> Frame | Fault | None:
        outcome = self.capture_image() or self.read_image()
        if not isinstance(outcome, Refused):
            return outcome
        if outcome.confirmation is Confirmation.NO_FINGER:
            return None
        return Fault(FaultCode.DEVICE_ERROR, self.kind, f"the module says {outcome.confirmation.name}")

    def capture_image(self) -> Refused | Fault | None:
        return self._order(requests.capture_image())

    def extract_features(self, *, buffer: Buffer) -> Refused | Fault | None:
        return self._order(requests.extract_features(buffer=buffer))

    def match_buffers(self) -> int | Refused | Fault:
        return self._number(requests.match_buffers())

    def search(
        self, *, buffer: Buffer, first_page: int = 0, page_count: int | None = None, high_speed: bool = False
    ) -> Match | Refused | Fault:
        _check("first_page", first_page, lowest=0, highest=0xFFFF)
        count = max(self._parameters.capacity - first_page, 0) if page_count is None else page_count
        _check("page_count", count, lowest=0, highest=0xFFFF)
        data = self._data(
            requests.search(buffer=buffer, first_page=first_page, page_count=count, high_speed=high_speed)
        )
        return Match(*struct.unpack(">HH", data)) if isinstance(data, bytes) else data

    def combine_buffers(self) -> Refused | Fault | None:
        return self._order(requests.combine_buffers())

    def store(self, *, buffer: Buffer, page: int) -> Refused | Fault | None:
        _check("page", page, lowest=0, highest=0xFFFF)
        return self._order(requests.store(buffer=buffer, page=page))

    def load(self, *, buffer: Buffer, page: int) -> Refused | Fault | None:
        _check("page", page, lowest=0, highest=0xFFFF)
        return self._order(requests.load(buffer=buffer, page=page))

    def delete(self, *, first_page: int, page_count: int = 1) -> Refused | Fault | None:
        _check("first_page", first_page, lowest=0, highest=0xFFFF)
        _check("page_count", page_count, lowest=1, highest=0xFFFF)
        return self._order(requests.delete(first_page=first_page, page_count=page_count))

    def empty(self) -> Refused | Fault | None:
        return self._order(requests.empty())

    def template_count(self) -> int | Refused | Fault:
        return self._number(requests.template_count())

    def occupied_pages(self) -> tuple[int, ...] | Refused | Fault:
        capacity = self._parameters.capacity
        pages: list[int] = []
        for table in range(-(-capacity // INDEX_TABLE_PAGES)):
            data = self._data(requests.read_index_table(table=table))
            if not isinstance(data, bytes):
                return data
            bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
            pages += (np.flatnonzero(bits) + table * INDEX_TABLE_PAGES).tolist()
        return tuple(page for page in pages if page < capacity)

    def read_template(self, *, buffer: Buffer) -> bytes | Refused | Fault:
        return self._fetch(requests.read_template(buffer=buffer))

    def write_template(self, *, buffer: Buffer, template: bytes) -> Refused | Fault | None:
        if not template:
            raise ValueError("a template is not empty")
        return self._post(
            requests.write_template(buffer=buffer), template, back=requests.read_template(buffer=buffer)
        )

    def read_image(self) -> Frame | Refused | Fault:
        data = self._fetch(requests.read_image())
        if not isinstance(data, bytes):
            return data
        if len(data) != picture.PACKED_BYTES:
            return Fault(FaultCode.BAD_RECORD, self.kind, f"a picture of {len(data)} bytes")
        self._sequence += 1
        return Frame(
            pixels=picture.unpack(data),
            pixel_format=PixelFormat.GRAY8,
            dpi=IMAGE_DPI,
            sequence=self._sequence,
            captured_ns=time.monotonic_ns(),
            device=self._url,
        )

    def write_image(self, *, pixels: NDArray[np.uint8]) -> Refused | Fault | None:
        return self._post(requests.write_image(), picture.pack(pixels), back=requests.read_image())

    def parameters(self) -> ModuleParameters | Refused | Fault:
        data = self._data(requests.read_parameters())
        return self._read_parameters(data) if isinstance(data, bytes) else data

    def set_baud(self, *, baud: int) -> Refused | Fault | None:
        if baud not in BAUDS:
            raise ValueError(f"baud is one of {BAUDS}, not {baud}")
        return self._move(lambda line: line.change_baud(baud), replace(self._link, baud=baud))

    def set_security(self, *, level: int) -> Refused | Fault | None:
        _check("level", level, lowest=1, highest=5)
        return self._order(requests.set_security(level=level))

    def set_packet_size(self, *, data_bytes: int) -> Refused | Fault | None:
        if data_bytes not in DATA_BYTES:
            raise ValueError(f"data_bytes is one of {DATA_BYTES}, not {data_bytes}")

        def work(line: Conversation) -> int:
            confirmation = line.ask(requests.set_packet_size(data_bytes=data_bytes)).confirmation
            if confirmation == Confirmation.OK:
                line.data_bytes = data_bytes
            return confirmation

        return self._outcome(self._do(work))

    def verify_password(self) -> Refused | Fault | None:
        return self._outcome(self._do(Conversation.verify))

    def set_password(self, *, password: int) -> Refused | Fault | None:
        _check("password", password, lowest=0, highest=0xFFFFFFFF)

        def work(line: Conversation) -> int:
            confirmation = line.ask(requests.set_password(password=password)).confirmation
            if confirmation == Confirmation.OK:
                line.password = password
            return confirmation

        return self._move(work, replace(self._link, password=password))

    def set_address(self, *, address: int) -> Refused | Fault | None:
        _check("address", address, lowest=0, highest=0xFFFFFFFF)
        return self._move(lambda line: line.change_address(address), replace(self._link, address=address))

    def random(self) -> int | Refused | Fault:
        return self._number(requests.random())

    def light(
        self, *, effect: LightEffect, colour: LightColour, speed: int = 128, cycles: int = 0
    ) -> Refused | Fault | None:
        _check("speed", speed, lowest=0, highest=0xFF)
        _check("cycles", cycles, lowest=0, highest=0xFF)
        return self._order(requests.light(effect=effect, colour=colour, speed=speed, cycles=cycles))

    def echo(self) -> Refused | Fault | None:
        reply = self._do(lambda line: line.ask(requests.echo()).confirmation)
        return None if reply == ECHO else self._outcome(reply)

    def soft_reset(self) -> Refused | Fault | None:
        return self._outcome(self._do(Conversation.restart))

    def _order(self, request: Request) -> Refused | Fault | None:
        return self._outcome(self._do(lambda line: line.ask(request).confirmation))

    def _data(self, request: Request) -> bytes | Refused | Fault:
        reply = self._do(lambda line: line.ask(request))
        if isinstance(reply, Fault):
            return reply
        return self._outcome(reply.confirmation) or reply.data

    def _number(self, request: Request) -> int | Refused | Fault:
        data = self._data(request)
        return int.from_bytes(data, "big") if isinstance(data, bytes) else data

    def _fetch(self, request: Request) -> bytes | Refused | Fault:
        data = self._do(lambda line: line.fetch(request))
        if isinstance(data, int):
            return self._outcome(data) or Fault(FaultCode.BAD_ANSWER, self.kind, "no data")
        return data

    def _post(self, request: Request, data: bytes, *, back: Request) -> Refused | Fault | None:
        def work(line: Conversation) -> int | Fault:
            for _ in range(WRITE_ATTEMPTS):
                confirmation = line.post(request, data)
                if confirmation != Confirmation.OK:
                    return confirmation
                if line.fetch(back) == data:
                    return confirmation
            return Fault(FaultCode.BAD_ANSWER, self.kind, f"{request.command.name}: not kept as sent")

        return self._outcome(self._do(work))

    def _move(self, work: Callable[[Conversation], int], link: ModuleLink) -> Refused | Fault | None:
        """A setting that changes how the module is reached, now and at the next opening."""

        def move(line: Conversation) -> int:
            confirmation = work(line)
            if confirmation == Confirmation.OK:
                self._link = link
            return confirmation

        return self._outcome(self._do(move))

    def _outcome(self, confirmation: int | Fault) -> Refused | Fault | None:
        if isinstance(confirmation, Fault):
            return confirmation
        try:
            known = Confirmation(confirmation)
        except ValueError:
            return Fault(FaultCode.DEVICE_ERROR, self.kind, f"unknown confirmation {confirmation:02x}h")
        return None if known is Confirmation.OK else Refused(known)

    def _do(self, work: Callable[[Conversation], T]) -> T | Fault:
        """Has the thread do it, and waits; every wait of the conversation is bounded, so this is."""
        standing = self._worker.standing
        if standing.state is not DeviceState.READY:
            return standing.fault or Fault(FaultCode.NOT_READY, self.kind, "the module is being opened")
        job = _Job(work, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return Fault(FaultCode.BUSY, self.kind, "other commands are running and waiting")
        while True:
            try:
                outcome: T | Fault = job.outcome.result(timeout=ANSWER_CHECK_S)
                return outcome
            except FutureTimeoutError:
                if self.state() is not DeviceState.READY and job.outcome.cancel():
                    return Fault(FaultCode.NOT_CONNECTED, self.kind, "the module went away before the command")

    def _serve(self, session: Session) -> None:
        self._refuse_waiting()
        try:
            with open_port(self._link.path, baud=self._link.baud) as port:
                line = Conversation(
                    port,
                    address=self._link.address,
                    password=self._link.password,
                    stopped=lambda: session.stopped,
                )
                self._converse(session, line)
        except NoAnswerError as error:
            raise SessionEnded(FaultCode.OFFLINE, str(error)) from error
        except ConversationStoppedError:
            return
        finally:
            self._refuse_waiting()

    def _converse(self, session: Session, line: Conversation) -> None:
        self._greet(line)
        session.ready()
        while not session.stopped:
            try:
                job = self._jobs.get(timeout=IDLE_CHECK_S)
            except queue.Empty:
                self._greet(line)
                continue
            if job is not None and job.outcome.set_running_or_notify_cancel():
                self._work_off(job, line)

    def _greet(self, line: Conversation) -> None:
        """Verifies the password, which the module forgets when it loses power, and asks how it is set."""
        if line.verify() != Confirmation.OK:
            raise SessionEnded(FaultCode.UNTRUSTED_DEVICE, "the module refuses the password")
        reply = line.ask(requests.read_parameters())
        if reply.confirmation != Confirmation.OK:
            raise SessionEnded(FaultCode.DEVICE_ERROR, f"no parameters: {reply.confirmation:02x}h")
        self._parameters = self._read_parameters(reply.data)
        line.data_bytes = self._parameters.data_bytes

    def _work_off(self, job: _Job, line: Conversation) -> None:
        outcome: object = Fault(FaultCode.NOT_CONNECTED, self.kind, "the module went away in mid-command")
        try:
            outcome = job.work(line)
        except NoAnswerError as error:
            outcome = Fault(FaultCode.TIMED_OUT, self.kind, str(error))
            raise
        finally:
            job.outcome.set_result(outcome)

    def _refuse_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            job = self._jobs.get_nowait()
            if job is not None and job.outcome.set_running_or_notify_cancel():
                job.outcome.set_result(
                    Fault(FaultCode.NOT_CONNECTED, self.kind, "the module went away before the command")
                )

    @staticmethod
    def _read_parameters(data: bytes) -> ModuleParameters:
        status, system_id, capacity, security, address, size_code, baud_units = _PARAMETERS.unpack(data)
        return ModuleParameters(
            status=status,
            system_id=system_id,
            capacity=capacity,
            security=security,
            address=address,
            data_bytes=DATA_BYTES[size_code & 3],
            baud=baud_units * BAUD_UNIT,
        )


def open_url(url: DeviceUrl) -> FingerModule:
    shown = re.sub(r"(?<=[?&]password=)[^&#]*", "*", url.text)
    baud = url.choice("baud", (str(baud) for baud in BAUDS), default="57600")
    link = ModuleLink(
        url.device_path(),
        baud=int(baud),
        address=_hexadecimal(url, "address", default=ANY_ADDRESS, shown=shown),
        password=_hexadecimal(url, "password", default=0, shown=shown),
    )
    return R30xFingerModule(link, url=shown)


def _hexadecimal(url: DeviceUrl, name: str, *, default: int, shown: str) -> int:
    text = url.parameters.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9a-fA-F]{8}", text):
        raise DeviceUrlError(shown, f"parameter {name}", "", ["eight hexadecimal digits"])
    return int(text, 16)


def _check(name: str, value: int, *, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} is {lowest} to {highest}, not {value}")
