"""The slip printer's driver: one thread owns the line, watches the status, and prints slip by slip."""

from __future__ import annotations

import contextlib
import queue
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass

from hw.api import DeviceInfo, DeviceKind, DeviceState, Fault, FaultCode, Printer, SelfTest, SelfTestCode, Slip
from hw.device_url import DeviceUrl
from hw.printer.conversation import Conversation
from hw.printer.link import LinkSpec, PrinterNode, SerialPort, TcpAddress
from hw.printer.slip_bytes import Paper, encode
from hw.printer.status import PrinterStatus
from hw.worker import Session, WorkedDevice

STATUS_INTERVAL_S = 0.5
CONFIRM_TIMEOUT_S = 1.0
"""How long an idle printer may take to answer GS r, and how often a printing one is asked for its status."""

PRINT_TIMEOUT_S = 15.0
"""A slip of 20 cm with a code at the 50 mm/s of the slowest thermal printers takes 4 s."""

QUEUE_ALLOWANCE_S = 30.0
"""For status questions, a full buffer and another slip before this one: the thread answers before."""

STOP_TIMEOUT_S = 30.0
"""Longer than a full buffer and a mute printer together."""


@dataclass(frozen=True, slots=True)
class _Job:
    slip: Slip
    outcome: Future[Fault | None]


class EscPosSlipPrinter(WorkedDevice):
    """A roll near its end still prints: the state stays READY while `info` answers the notice PAPER_LOW."""

    def __init__(
        self, link: LinkSpec, *, url: str, paper: Paper, print_timeout_s: float = PRINT_TIMEOUT_S
    ) -> None:
        super().__init__(DeviceKind.PRINTER, url, stop_timeout_s=STOP_TIMEOUT_S)
        self._link = link
        self._paper = paper
        self._print_timeout_s = print_timeout_s
        self._info = DeviceInfo(kind=self.kind, url=url)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=1)

    def info(self) -> DeviceInfo | Fault:
        return self._worker.standing.fault or self._info

    def stop(self) -> None:
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)  # wakes the thread
        super().stop()

    def print_slip(self, slip: Slip) -> Fault | None:
        """Blocks until the slip is out, at most the print time-out and what a slow line adds.

        After a Fault the slip is not out, or not whole, and is not printed later by itself; only a line
        that broke in mid-slip leaves that open.
        """
        standing = self._worker.standing
        if standing.state is not DeviceState.READY:
            return standing.fault or Fault(FaultCode.NOT_READY, self.kind, "the printer is being opened")
        job = _Job(slip, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return Fault(FaultCode.BUSY, self.kind, "another slip is being printed")
        try:
            return job.outcome.result(timeout=2 * self._print_timeout_s + QUEUE_ALLOWANCE_S)
        except (FutureTimeoutError, CancelledError):
            job.outcome.cancel()
            return Fault(FaultCode.TIMED_OUT, self.kind, "the printer did not take the slip")

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            ready = self._worker.test_opening(SelfTestCode.PRINTER_READY)
            if not ready.passed:
                return (ready,)
            low = self._worker.standing.fault is not None
            return (ready, SelfTest(SelfTestCode.ROLL_LASTS, passed=not low))

    def _serve(self, session: Session) -> None:
        self._refuse_waiting()
        try:
            with contextlib.closing(self._link.open()) as link:
                self._converse(session, Conversation(link))
        finally:
            self._refuse_waiting()

    def _converse(self, session: Session, printer: Conversation) -> None:
        printer.status()  # a printer that does not answer is found out before it is asked for its name
        self._info = DeviceInfo(kind=self.kind, url=self._url, **printer.identity())
        confirms: bool | None = None
        while not session.stopped:
            status = printer.status()
            if confirms is None and status.fault() is None:  # found out before anybody hears that it is ready
                printer.send(b"")
                confirms = printer.worked_off(timeout_s=CONFIRM_TIMEOUT_S)
            self._report(session, status)
            job = self._next_job()
            if job is None or not job.outcome.set_running_or_notify_cancel():
                continue
            outcome: Fault | None = Fault(
                FaultCode.NOT_CONNECTED, self.kind, "the printer vanished while printing"
            )
            try:
                outcome = self._print(session, printer, job.slip, confirms=bool(confirms))
            finally:
                job.outcome.set_result(outcome)

    def _report(self, session: Session, status: PrinterStatus) -> Fault | None:
        """Publishes how the printer is; what keeps it from printing, if anything."""
        if (trouble := status.fault()) is not None:
            session.fault(*trouble)
            return Fault(trouble[0], self.kind, trouble[1])
        session.ready(
            Fault(FaultCode.PAPER_LOW, self.kind, "the roll is near its end") if status.paper_low else None
        )
        return None

    def _print(self, session: Session, printer: Conversation, slip: Slip, *, confirms: bool) -> Fault | None:
        """A printer without GS r is believed when it has no complaint after the slip."""
        if (fault := self._report(session, printer.status())) is not None:
            return fault
        deadline = time.monotonic() + self._print_timeout_s
        printer.send(encode(slip, self._paper))
        while not printer.worked_off(timeout_s=CONFIRM_TIMEOUT_S):
            fault = self._report(session, printer.status())
            if fault is None and not confirms:
                break
            if fault is None and session.stopped:
                fault = Fault(FaultCode.NOT_CONNECTED, self.kind, "stopped while printing")
            if fault is None and time.monotonic() > deadline:
                fault = Fault(FaultCode.TIMED_OUT, self.kind, "the printer did not finish the slip")
            if fault is not None:
                printer.clear()
                return fault
        return None

    def _next_job(self) -> _Job | None:
        with contextlib.suppress(queue.Empty):
            return self._jobs.get(timeout=STATUS_INTERVAL_S)
        return None

    def _refuse_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            job = self._jobs.get_nowait()
            if job is not None and job.outcome.set_running_or_notify_cancel():
                job.outcome.set_result(
                    Fault(FaultCode.NOT_CONNECTED, self.kind, "the printer went away before the slip")
                )


def open_url(url: DeviceUrl) -> Printer:
    paper = Paper(
        columns=int(url.choice("columns", ["32", "42", "48"], default="42")),
        native_qr=url.choice("qr", ["native", "picture"], default="native") == "native",
    )
    link: LinkSpec
    if url.scheme == "escpos+tcp":
        link = TcpAddress(*url.address())
    elif url.scheme == "escpos":
        link = PrinterNode(url.device_path())
    else:
        link = SerialPort(
            url.device_path(), baud=url.integer("baud", default=19200, lowest=1200, highest=921600)
        )
    return EscPosSlipPrinter(link, url=url.text, paper=paper)
