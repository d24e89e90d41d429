"""The one thread of a device: opens it, serves it, and opens it again when it returns.

A driver hands its `serve` function to a `DeviceWorker`. `serve(session)` opens the device, calls
`session.ready()`, works until `session.stopped`, and closes what it opened. When the device cannot
be served it raises `SessionEnded` (or lets an OSError through: the device is gone), and the worker
calls it again after a pause that grows from `RETRY_DELAYS_S[0]` to `RETRY_DELAYS_S[-1]`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hw.api import DeviceKind, DeviceState, Fault, FaultCode, SelfTest, SelfTestCode

RETRY_DELAYS_S = (0.2, 0.4, 0.8, 1.6)
"""A plug pushed back in by hand takes about a second; past that nobody is served by haste."""

STOP_TIMEOUT_S = 5.0
SELF_TEST_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


class SessionEnded(Exception):  # noqa: N818 - an ending, which the worker turns into a Fault value
    """The device cannot be served for now, and why."""

    def __init__(self, code: FaultCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Standing:
    """What a driver says of its device at this moment. fault: also set, as a notice, in READY."""

    state: DeviceState
    fault: Fault | None = None


class Session:
    """One opening of the device, seen from inside `serve`."""

    def __init__(
        self, *, kind: DeviceKind, stopping: threading.Event, publish: Callable[[Standing], None]
    ) -> None:
        self._kind = kind
        self._stopping = stopping
        self._publish = publish
        self.was_ready = False

    @property
    def stopped(self) -> bool:
        return self._stopping.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Sleeps; True at once when the driver is being stopped."""
        return self._stopping.wait(timeout_s)

    def ready(self, notice: Fault | None = None) -> None:
        self.was_ready = True
        self._publish(Standing(DeviceState.READY, notice))

    def fault(self, code: FaultCode, detail: str) -> None:
        """The device answers, and cannot do its work until somebody sees to it."""
        self._publish(Standing(DeviceState.FAULT, Fault(code, self._kind, detail)))


class DeviceWorker:
    def __init__(
        self, *, kind: DeviceKind, serve: Callable[[Session], None], stop_timeout_s: float = STOP_TIMEOUT_S
    ) -> None:
        self._kind = kind
        self._serve = serve
        self._stop_timeout_s = stop_timeout_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._standing = Standing(DeviceState.STOPPED, Fault(FaultCode.NOT_CONNECTED, kind, "not started"))

    @property
    def standing(self) -> Standing:
        return self._standing

    def start(self) -> None:
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._stopping = threading.Event()
            self._standing = Standing(DeviceState.CONNECTING)
            self._thread = threading.Thread(
                target=self._run, args=(self._stopping,), name=f"hw-{self._kind}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Raises RuntimeError when the thread does not end: a driver that blocks for ever is a bug."""
        with self._lock:
            thread = self._thread
            if thread is None:
                return
            self._stopping.set()
            thread.join(self._stop_timeout_s)
            if thread.is_alive():
                raise RuntimeError(f"the {self._kind} thread did not end within {self._stop_timeout_s} s")
            self._thread = None
            self._standing = Standing(
                DeviceState.STOPPED, Fault(FaultCode.NOT_CONNECTED, self._kind, "not started")
            )

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """For a self-test: the device is started, and left as it was found."""
        was_stopped = self._standing.state is DeviceState.STOPPED
        self.start()
        try:
            yield
        finally:
            if was_stopped:
                self.stop()

    def test_opening(self, code: SelfTestCode) -> SelfTest:
        """Waits up to SELF_TEST_TIMEOUT_S for the first attempt to open the running device."""
        deadline = time.monotonic() + SELF_TEST_TIMEOUT_S
        while (standing := self._standing).state is DeviceState.CONNECTING and time.monotonic() < deadline:
            time.sleep(0.02)
        if standing.state is DeviceState.READY:
            return SelfTest(code, passed=True)
        reason = standing.fault.detail if standing.fault is not None else standing.state
        return SelfTest(code, passed=False, detail=reason)

    def _run(self, stopping: threading.Event) -> None:
        failures = 0
        while not stopping.is_set():
            session = Session(kind=self._kind, stopping=stopping, publish=self._publish)
            fault = self._one_session(session)
            if stopping.is_set():
                return
            if session.was_ready or failures == 0:  # an absent device is reported once, not at each attempt
                log.warning("%s: %s: %s", self._kind, fault.code, fault.detail)
            failures = 0 if session.was_ready else failures + 1
            stopping.wait(RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S) - 1)])

    def _one_session(self, session: Session) -> Fault:
        """Serves once; publishes and gives the reason it ended."""
        code, detail, state = FaultCode.DEVICE_ERROR, "the driver's thread broke off", DeviceState.FAULT
        try:
            self._serve(session)
            code, detail, state = FaultCode.NOT_CONNECTED, "the device closed", DeviceState.LOST
        except SessionEnded as ending:
            code, detail = ending.code, ending.detail
            state = DeviceState.LOST if code is FaultCode.NOT_CONNECTED else DeviceState.FAULT
        except OSError as error:
            code, detail, state = FaultCode.NOT_CONNECTED, str(error), DeviceState.LOST
        finally:  # also on the way of a bug's exception, so that nobody takes a dead driver for a live one
            fault = Fault(code, self._kind, detail)
            self._publish(Standing(state, fault))
        return fault

    def _publish(self, standing: Standing) -> None:
        self._standing = standing


class WorkedDevice(ABC):
    """What drivers with one worker have in common; see `hw.api.Device`."""

    def __init__(self, kind: DeviceKind, url: str, *, stop_timeout_s: float = STOP_TIMEOUT_S) -> None:
        self._kind = kind
        self._url = url
        self._worker = DeviceWorker(kind=kind, serve=self._serve, stop_timeout_s=stop_timeout_s)

    @property
    def kind(self) -> DeviceKind:
        return self._kind

    @property
    def url(self) -> str:
        return self._url

    def state(self) -> DeviceState:
        return self._worker.standing.state

    def start(self) -> None:
        if self.state() is DeviceState.STOPPED:
            self._forget()
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()

    def _forget(self) -> None:  # noqa: B027 - not every device has told something
        """Before a stopped device is started: what it told then is nobody's now."""

    @abstractmethod
    def _serve(self, session: Session) -> None:
        """One opening of the device, as `DeviceWorker` asks for it."""
