"""What the simulation asks of each simulated device."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
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


class StandingFaults:
    """Faults that last from being armed until armed with count 0. Safe between threads."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self._lock = threading.Lock()
        self._standing: frozenset[str] = frozenset()

    @property
    def standing(self) -> frozenset[str]:
        return self._standing

    def __contains__(self, fault: object) -> bool:
        return fault in self._standing

    def arm(self, fault: str, count: int) -> None:
        if fault not in self.names:
            raise UnknownFaultError(fault, self.names)
        with self._lock:
            self._standing = self._standing | {fault} if count else self._standing - {fault}


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


class Simulator(ABC):
    """What most simulated devices have in common: switched on is plugged in, and they know nobody."""

    def __init__(self, kind: DeviceKind, faults: ArmedFaults | StandingFaults) -> None:
        self._kind = kind
        self._armable = faults

    @property
    def faults(self) -> tuple[str, ...]:
        return self._armable.names

    @property
    def kind(self) -> DeviceKind:
        return self._kind

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    @abstractmethod
    def plugged(self) -> bool: ...

    @abstractmethod
    def plug(self) -> None: ...

    @abstractmethod
    def unplug(self) -> None: ...

    def start(self) -> None:
        self.plug()

    def stop(self) -> None:
        self.unplug()

    def fail(self, fault: str, *, count: int = 1) -> None:
        self._armable.arm(fault, count)

    def meet(self, subject: Subject) -> None:  # noqa: B027 - most devices have nothing to do
        """Who stands before the kiosk is nothing to this device."""
