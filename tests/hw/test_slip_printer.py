"""The slip printer: a slip is out, or a fault says why not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from escpos.printer import Network

from hw.api import DeviceInfo, DeviceState, Fault, FaultCode, SelfTestCode, Slip
from hw.printer.link import TcpAddress
from hw.printer.slip_bytes import Paper
from hw.printer.slip_printer import EscPosSlipPrinter
from hw.registry import open_device
from hw.sim.printer import SimulatedPrinter
from tests.hw.support import eventually

SLIP = Slip("BUKTI PEREKAMAN", ("Nama: SITI CONTOH",), "KTP-EL:7f3a")


@pytest.fixture
def simulated() -> Iterator[SimulatedPrinter]:
    device = SimulatedPrinter()
    device.start()
    yield device
    device.stop()


@pytest.fixture
def printer(simulated: SimulatedPrinter) -> Iterator[EscPosSlipPrinter]:
    driver = open_device(simulated.url)
    assert isinstance(driver, EscPosSlipPrinter)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def code(fault: Fault | None) -> FaultCode | None:
    return fault.code if fault is not None else None


def test_a_slip_is_printed_with_its_code(simulated: SimulatedPrinter, printer: EscPosSlipPrinter) -> None:
    assert printer.print_slip(SLIP) is None
    assert [slip.text()[:2] for slip in simulated.slips] == [("BUKTI PEREKAMAN", "Nama: SITI CONTOH")]
    assert simulated.slips[0].qr() == "KTP-EL:7f3a"


def test_the_printer_tells_who_it_is(printer: EscPosSlipPrinter) -> None:
    info = printer.info()
    assert isinstance(info, DeviceInfo)
    assert (info.make, info.model, info.serial, info.firmware) == ("Simulated", "TM-SIM", "SIM0001", "1.0")


def test_slips_come_out_one_by_one(simulated: SimulatedPrinter, printer: EscPosSlipPrinter) -> None:
    for number in range(5):
        assert printer.print_slip(Slip(f"A-{number}", ())) is None
    assert [slip.text()[0] for slip in simulated.slips] == [f"A-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("paper_out", FaultCode.PAPER_OUT),
        ("cover_open", FaultCode.COVER_OPEN),
        ("offline", FaultCode.OFFLINE),
    ],
)
def test_a_printer_that_cannot_print_says_why(
    fault: str, expected: FaultCode, simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail(fault)
    assert code(printer.print_slip(SLIP)) is expected
    eventually(lambda: printer.state() is DeviceState.FAULT)
    assert simulated.slips == ()


@pytest.mark.parametrize("fault", ["paper_out", "cover_open", "offline", "mute"])
def test_seen_to_it_prints_again(fault: str, simulated: SimulatedPrinter, printer: EscPosSlipPrinter) -> None:
    simulated.fail(fault)
    eventually(lambda: printer.state() is DeviceState.FAULT)
    simulated.fail(fault, count=0)
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(SLIP) is None
    assert len(simulated.slips) == 1


def test_an_open_cover_is_named_before_the_paper(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("paper_out")
    simulated.fail("cover_open")
    assert code(printer.print_slip(SLIP)) is FaultCode.COVER_OPEN


def test_a_roll_near_its_end_prints_and_gives_notice(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("paper_low")
    assert printer.print_slip(SLIP) is None

    def noticed() -> bool:
        info = printer.info()
        return isinstance(info, Fault) and info.code is FaultCode.PAPER_LOW

    eventually(noticed)
    assert printer.state() is DeviceState.READY
    assert [test.code for test in printer.self_test() if not test.passed] == [SelfTestCode.ROLL_LASTS]


def test_a_printer_that_falls_silent_is_offline(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("mute")
    eventually(lambda: printer.state() is DeviceState.FAULT)
    assert code(printer.print_slip(SLIP)) is FaultCode.OFFLINE


def test_paper_that_ends_in_mid_slip_is_a_fault_and_the_rest_never_comes_out(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("paper_ends_in_slip")
    assert code(printer.print_slip(SLIP)) is FaultCode.PAPER_OUT
    simulated.fail("paper_out", count=0)
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(Slip("A-2", ())) is None
    assert [slip.text()[0] for slip in simulated.slips] == ["A-2"]


def test_a_stuck_printer_is_given_up_and_the_slip_never_comes_out(simulated: SimulatedPrinter) -> None:
    address = TcpAddress("127.0.0.1", int(simulated.url.rpartition(":")[2]))
    printer = EscPosSlipPrinter(address, url=simulated.url, paper=Paper(), print_timeout_s=0.1)
    printer.start()
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(SLIP) is None
    simulated.fail("stuck")
    assert code(printer.print_slip(Slip("STUCK", ()))) is FaultCode.TIMED_OUT
    simulated.fail("stuck", count=0)
    assert printer.print_slip(Slip("A-2", ())) is None
    assert [slip.text()[0] for slip in simulated.slips] == ["BUKTI PEREKAMAN", "A-2"]
    printer.stop()


def test_a_plug_pulled_in_mid_slip_is_a_fault(simulated: SimulatedPrinter, printer: EscPosSlipPrinter) -> None:
    simulated.fail("stuck")
    outcomes: list[Fault | None] = []
    caller = threading.Thread(target=lambda: outcomes.append(printer.print_slip(SLIP)))
    caller.start()
    eventually(lambda: simulated.holding)
    simulated.unplug()
    caller.join()
    assert [code(fault) for fault in outcomes] == [FaultCode.NOT_CONNECTED]


def test_slips_asked_for_at_the_same_time_are_printed_once_or_refused(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("stuck")
    outcomes: list[Fault | None] = []
    callers = [threading.Thread(target=lambda: outcomes.append(printer.print_slip(SLIP))) for _ in range(3)]
    for caller in callers:
        caller.start()
    eventually(lambda: FaultCode.BUSY in map(code, outcomes))
    simulated.fail("stuck", count=0)
    for caller in callers:
        caller.join()
    assert len(simulated.slips) == sum(outcome is None for outcome in outcomes)


def test_a_stop_in_mid_slip_does_not_wait_for_the_paper(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.fail("stuck")
    outcomes: list[Fault | None] = []
    caller = threading.Thread(target=lambda: outcomes.append(printer.print_slip(SLIP)))
    caller.start()
    eventually(lambda: simulated.holding)
    printer.stop()
    caller.join()
    assert [code(fault) for fault in outcomes] == [FaultCode.NOT_CONNECTED]


def test_a_printer_without_confirmation_is_believed(simulated: SimulatedPrinter) -> None:
    simulated.fail("unconfirming")
    printer = open_device(simulated.url)
    assert isinstance(printer, EscPosSlipPrinter)
    printer.start()
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(SLIP) is None
    eventually(lambda: len(simulated.slips) == 1)
    printer.stop()


def test_a_printer_that_is_not_started_prints_nothing(simulated: SimulatedPrinter) -> None:
    printer = open_device(simulated.url)
    assert isinstance(printer, EscPosSlipPrinter)
    assert code(printer.print_slip(SLIP)) is FaultCode.NOT_CONNECTED


def test_a_slip_for_an_absent_printer_does_not_come_out_later(
    simulated: SimulatedPrinter, printer: EscPosSlipPrinter
) -> None:
    simulated.unplug()
    eventually(lambda: printer.state() is DeviceState.LOST)
    assert code(printer.print_slip(SLIP)) is FaultCode.NOT_CONNECTED
    simulated.plug()
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(Slip("A-2", ())) is None
    assert [slip.text()[0] for slip in simulated.slips] == ["A-2"]


def test_python_escpos_finds_the_simulated_printer_well(simulated: SimulatedPrinter) -> None:
    peer = Network("127.0.0.1", int(simulated.url.rpartition(":")[2]), timeout=60)
    peer.open()
    assert peer.is_online()
    assert peer.paper_status() == 2
    peer.text("Halo\n")
    peer.qr("peer", native=True)
    peer.cut()
    eventually(lambda: simulated.slips)
    assert (simulated.slips[0].text()[0], simulated.slips[0].qr()) == ("Halo", "peer")
    simulated.fail("paper_low")
    assert peer.paper_status() == 1
    simulated.fail("paper_out")
    assert peer.paper_status() == 0
    assert not peer.is_online()
    peer.close()
