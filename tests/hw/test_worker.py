"""The one thread of a device: it opens again, it ends, and it does not hide a bug."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hw.api import DeviceKind, DeviceState, Fault, FaultCode
from hw.worker import DeviceWorker, Session, SessionEnded
from tests.hw.support import eventually

KIND = DeviceKind.PRINTER


def worker(serve: Callable[[Session], None], *, stop_timeout_s: float = 5.0) -> DeviceWorker:
    return DeviceWorker(kind=KIND, serve=serve, stop_timeout_s=stop_timeout_s)


def serve_until_stopped(session: Session) -> None:
    session.ready()
    while not session.wait(0.01):
        pass


def test_stopped_it_says_so() -> None:
    standing = worker(serve_until_stopped).standing
    assert standing.state is DeviceState.STOPPED
    assert standing.fault == Fault(FaultCode.NOT_CONNECTED, KIND, "not started")


def test_being_opened_is_no_fault() -> None:
    opening, go_on = threading.Event(), threading.Event()

    def serve(session: Session) -> None:
        opening.set()
        go_on.wait()
        serve_until_stopped(session)

    device = worker(serve)
    device.start()
    opening.wait()
    assert (device.standing.state, device.standing.fault) == (DeviceState.CONNECTING, None)
    go_on.set()
    eventually(lambda: device.standing.state is DeviceState.READY)
    device.stop()


def test_an_oserror_is_a_lost_device_and_it_is_tried_again() -> None:
    attempts: list[int] = []

    def serve(session: Session) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise FileNotFoundError("no node")
        serve_until_stopped(session)

    device = worker(serve)
    device.start()
    eventually(lambda: device.standing.state is DeviceState.LOST)
    assert device.standing.fault == Fault(FaultCode.NOT_CONNECTED, KIND, "no node")
    eventually(lambda: device.standing.state is DeviceState.READY)
    device.stop()


def test_an_ending_with_another_code_is_a_fault() -> None:
    def serve(session: Session) -> None:
        raise SessionEnded(FaultCode.OFFLINE, "silent")

    device = worker(serve)
    device.start()
    eventually(lambda: device.standing.state is DeviceState.FAULT)
    assert device.standing.fault == Fault(FaultCode.OFFLINE, KIND, "silent")
    device.stop()


def test_a_device_that_closes_by_itself_is_lost() -> None:
    device = worker(lambda session: session.ready())
    device.start()
    eventually(lambda: device.standing.state is DeviceState.LOST)
    device.stop()


def test_a_thread_that_does_not_end_is_an_error() -> None:
    go_on = threading.Event()
    device = worker(lambda _: go_on.wait() and None, stop_timeout_s=0.05)
    device.start()
    with pytest.raises(RuntimeError, match="did not end"):
        device.stop()
    go_on.set()
    device.stop()
    assert device.standing.state is DeviceState.STOPPED


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_leaves_a_fault_behind_and_start_begins_anew() -> None:
    calls: list[int] = []

    def serve(session: Session) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError
        serve_until_stopped(session)

    device = worker(serve)
    device.start()
    eventually(lambda: device.standing.state is DeviceState.FAULT)
    assert device.standing.fault is not None
    assert device.standing.fault.code is FaultCode.DEVICE_ERROR
    eventually(lambda: f"hw-{KIND}" not in {thread.name for thread in threading.enumerate()})
    device.start()
    eventually(lambda: device.standing.state is DeviceState.READY)
    device.stop()


def test_two_starts_from_two_threads_make_one_thread() -> None:
    device = worker(serve_until_stopped)
    starters = [threading.Thread(target=device.start) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [thread.name for thread in threading.enumerate()].count(f"hw-{KIND}") == 1
    device.stop()
