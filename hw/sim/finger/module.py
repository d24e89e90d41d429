"""A simulated R30x module: one thread between the pseudo-terminal and the chip."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, DeviceKind, Finger
from hw.finger.codes import (
    ANY_ADDRESS,
    ECHO,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    Confirmation,
    PacketId,
)
from hw.sim.device import ArmedFaults, Simulator
from hw.sim.finger.chip import FAULTS, Answer, Chip, Impression, Settings
from hw.sim.finger.frames import FrameReader, Received, data_frames, frame
from hw.sim.finger.line import ModuleLine, Noise
from hw.sim.subject import Subject

COMMANDS_KEPT = 1024


class SimulatedFingerModule(Simulator):
    """Faults: those of `chip.FAULTS`; `mute`, the next command is not answered; `packet_error`, it is
    answered as if it had arrived damaged; `forget`, power was lost just before it."""

    def __init__(
        self,
        subject: Subject,
        *,
        folder: Path,
        capacity: int = 300,
        data_bytes: int = 128,
        password: int = 0,
        address: int = ANY_ADDRESS,
        seed: int = 1,
    ) -> None:
        self._subject = subject
        self._finger: Finger | None = None
        self._line = ModuleLine(folder / "finger")
        self._faults = ArmedFaults(*FAULTS, "mute", "packet_error", "forget")
        super().__init__(DeviceKind.FINGER_MODULE, self._faults)
        settings = Settings(
            capacity=capacity, address=address, password=password, baud=57600, data_bytes=data_bytes
        )
        self._url = f"serial://{self._line.path}?proto=r30x" + _secrets(settings)
        self._chip = Chip(settings, touch=self._touch, faults=self._faults, rng=np.random.default_rng(seed))
        self._heard: deque[bytes] = deque(maxlen=COMMANDS_KEPT)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """With the password and the address it was made with."""
        return self._url

    @property
    def path(self) -> Path:
        return self._line.path

    @property
    def settings(self) -> Settings:
        return self._chip.settings

    @property
    def light(self) -> tuple[int, int, int, int] | None:
        """effect, speed, colour, cycles of the last AuraLed."""
        return self._chip.light

    @property
    def commands_heard(self) -> tuple[bytes, ...]:
        """The last COMMANDS_KEPT intact command packets, whole, oldest first."""
        return tuple(self._heard)

    @property
    def plugged(self) -> bool:
        return self._line.plugged

    def plug(self) -> None:
        with self._lock:
            if self._line.plugged:
                return
            self._line.plug()
            self._chip.power_up()
            self._stopping = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._stopping,), name="sim-finger", daemon=True
            )
            self._thread.start()

    def unplug(self) -> None:
        with self._lock:
            self._stopping.set()
            if self._thread is not None:
                self._thread.join()
                self._thread = None
            self._line.unplug()

    def power_cycle(self) -> None:
        """A loose wire: the module starts anew behind an adapter that stays."""
        self._faults.arm("forget", 1)

    def corrupt(self, *, one_byte_in: int | None, seed: int = 1) -> None:
        """Damages bytes on the way, both ways; None ends it."""
        self._line.noise = None if one_byte_in is None else Noise(one_byte_in=one_byte_in, seed=seed)

    def drip(self, *, bytes_per_s: float | None) -> None:
        """The pace of what the module sends; None: as fast as it is read."""
        self._line.bytes_per_s = bytes_per_s

    def meet(self, subject: Subject) -> None:
        self._subject, self._finger = subject, None

    def place(self, finger: Finger) -> None:
        self._finger = finger

    def lift(self) -> None:
        self._finger = None

    def _touch(self) -> Impression | None:
        finger, subject = self._finger, self._subject
        if finger is None:
            return None
        pixels = on_platen(subject.sample(_set_of(finger), finger))
        levels = pixels >> 4
        packed = (levels[:, 0::2] << 4 | levels[:, 1::2]).tobytes()
        return Impression(packed, hashlib.sha256(f"{subject.name}/{finger:d}".encode()).digest())

    def _run(self, stopping: threading.Event) -> None:
        reader = FrameReader()
        while not stopping.is_set():
            data = self._line.read(baud=self._chip.settings.baud)
            for received in reader.feed(data, address=self._chip.settings.address, now_s=time.monotonic()):
                self._take(received, stopping)

    def _take(self, received: Received, stopping: threading.Event) -> None:
        if received.packet_id in (PacketId.DATA, PacketId.END_OF_DATA):
            if received.intact:
                last = received.packet_id == PacketId.END_OF_DATA
                self._chip.take_data(received.payload, last=last)
            return
        if received.packet_id != PacketId.COMMAND:
            return
        if received.intact:
            self._heard.append(received.raw)
        if self._faults.use("mute"):
            return
        if self._faults.use("forget"):
            self._chip.power_up()
        baud = self._chip.settings.baud
        damaged = not received.intact or self._faults.use("packet_error")
        answer = Answer(Confirmation.PACKET_ERROR) if damaged else self._chip.obey(received.payload)
        self._line.send(self._packets(answer), baud=baud, stopping=stopping)
        if answer.restarts:
            self._chip.power_up()
            self._line.send(bytes((ECHO,)), baud=baud, stopping=stopping)

    def _packets(self, answer: Answer) -> bytes:
        settings = self._chip.settings
        reply = frame(PacketId.ACK, bytes((answer.confirmation,)) + answer.result, address=settings.address)
        if not answer.data:
            return reply
        return reply + data_frames(answer.data, data_bytes=settings.data_bytes, address=settings.address)


def on_platen(sample: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a finger on a window of (288, 256); white where the finger does not reach."""
    height, width = sample.shape
    top, left = max(IMAGE_HEIGHT - height, 0) // 2, max(IMAGE_WIDTH - width, 0) // 2
    bottom, right = max(IMAGE_HEIGHT - height - top, 0), max(IMAGE_WIDTH - width - left, 0)
    framed = cv2.copyMakeBorder(sample, top, bottom, left, right, cv2.BORDER_CONSTANT, value=255)
    row, column = (framed.shape[0] - IMAGE_HEIGHT) // 2, (framed.shape[1] - IMAGE_WIDTH) // 2
    window = framed[row : row + IMAGE_HEIGHT, column : column + IMAGE_WIDTH]
    return np.ascontiguousarray(window, dtype=np.uint8)


def _set_of(finger: Finger) -> CaptureSet:
    if finger in (Finger.RIGHT_THUMB, Finger.LEFT_THUMB):
        return CaptureSet.THUMBS
    return CaptureSet.RIGHT_SLAP if finger < Finger.LEFT_THUMB else CaptureSet.LEFT_SLAP


def _secrets(settings: Settings) -> str:
    password = f"&password={settings.password:08x}" if settings.password else ""
    address = f"&address={settings.address:08x}" if settings.address != ANY_ADDRESS else ""
    return password + address
