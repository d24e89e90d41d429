"""What the simulation asks of each simulated device."""

from __future__ import annotations

import threading
from typing import Protocol

from hw.api import DeviceKind
from hw.sim.subject import Subject


class UnknownFaultError(ValueError):
    """The simulated device has no such fault; the message lists those it has."""

    def __init__(self, fault: str, known: tuple[str, ...]) -> None:
        super().__init__(f"fault {fault!r} is not known; this device has: {', '.join(known) or 'none'}")


class ArmedFaults:
    """How many more times each fault of a device shall happen. Safe between threads."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self._lock = threading.Lock()
        self._left = dict.fromkeys(names, 0)

    def arm(self, fault: str, count: int) -> None:
        if fault not in self._left:
            raise UnknownFaultError(fault, self.names)
        with self._lock:
            self._left[fault] = count

    def use(self, fault: str) -> bool:
        """Whether the fault happens this time; takes one of its count."""
        with self._lock:
            happens = self._left[fault] > 0
            self._left[fault] -= happens
        return happens


class SimulatedDevice(Protocol):
    """start, stop, plug and unplug may be called in any state and any number of times."""

    @property
    def faults(self) -> tuple[str, ...]: ...
    @property
    def kind(self) -> DeviceKind: ...
    @property
    def url(self) -> str:
        """What the driver is opened with; it stays the same while the device is unplugged."""

    @property
    def plugged(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def plug(self) -> None: ...
    def unplug(self) -> None: ...

    def fail(self, fault: str, *, count: int = 1) -> None:
        """Arms a fault for the next `count` occasions; 0 ends it. Raises UnknownFaultError."""

    def meet(self, subject: Subject) -> None:
        """Another person stands before the device."""
