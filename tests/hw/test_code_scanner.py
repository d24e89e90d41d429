"""The code scanner: whole codes or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.api import DeviceState, Fault, FaultCode
from hw.code.code_lines import MAX_CODE_LENGTH, CodeLines
from hw.code.serial_scanner import MAX_UNREAD, SerialCodeScanner
from hw.registry import open_device
from hw.sim.code import SimulatedCodeScanner
from tests.hw.support import eventually

CODES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedCodeScanner]:
    device = SimulatedCodeScanner(folder=tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def scanner(simulated: SimulatedCodeScanner) -> Iterator[SerialCodeScanner]:
    driver = open_device(simulated.url)
    assert isinstance(driver, SerialCodeScanner)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def next_code(scanner: SerialCodeScanner) -> str:
    got: list[str] = []

    def came() -> bool:
        code = scanner.read()
        if isinstance(code, str):
            got.append(code)
        return bool(got)

    eventually(came)
    return got[0]


def test_a_scanned_code_is_read_once(simulated: SimulatedCodeScanner, scanner: SerialCodeScanner) -> None:
    assert scanner.read() is None
    simulated.scan("A-014")
    assert next_code(scanner) == "A-014"
    assert scanner.read() is None


def test_codes_are_read_in_the_order_they_were_scanned(
    simulated: SimulatedCodeScanner, scanner: SerialCodeScanner
) -> None:
    for code in ("A-1", "A-2", "3503110101900001"):
        simulated.scan(code)
    assert [next_code(scanner) for _ in range(3)] == ["A-1", "A-2", "3503110101900001"]


def test_a_damaged_code_is_not_delivered(simulated: SimulatedCodeScanner, scanner: SerialCodeScanner) -> None:
    simulated.fail("garbage")
    simulated.scan("WRONG-TICKET")
    simulated.scan("A-015")
    assert next_code(scanner) == "A-015"


def test_unread_codes_do_not_pile_up(simulated: SimulatedCodeScanner, scanner: SerialCodeScanner) -> None:
    for number in range(MAX_UNREAD + 5):
        simulated.scan(f"A-{number}")
    eventually(lambda: next_code(scanner) == f"A-{MAX_UNREAD + 4}")


def test_a_code_from_before_start_is_nobodys(simulated: SimulatedCodeScanner) -> None:
    simulated.scan("OLD")
    scanner = open_device(simulated.url)
    assert isinstance(scanner, SerialCodeScanner)
    scanner.start()
    eventually(lambda: scanner.state() is DeviceState.READY)
    simulated.scan("NEW")
    assert next_code(scanner) == "NEW"
    scanner.stop()


def test_a_code_read_before_the_plug_was_pulled_still_counts(
    simulated: SimulatedCodeScanner, scanner: SerialCodeScanner
) -> None:
    simulated.scan("A-1")
    simulated.scan("A-2")
    assert next_code(scanner) == "A-1"
    simulated.unplug()
    eventually(lambda: scanner.state() is DeviceState.LOST)
    assert scanner.read() == "A-2"
    fault = scanner.read()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED


def test_half_a_code_before_the_unplugging_is_not_the_head_of_the_next(
    simulated: SimulatedCodeScanner, scanner: SerialCodeScanner
) -> None:
    simulated.fail("cut")
    simulated.scan("3503110101900001")
    simulated.unplug()
    eventually(lambda: scanner.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: scanner.state() is DeviceState.READY)
    simulated.scan("A-3")
    assert next_code(scanner) == "A-3"


def test_a_port_in_use_elsewhere_is_not_shared(
    simulated: SimulatedCodeScanner, scanner: SerialCodeScanner
) -> None:
    second = open_device(simulated.url)
    second.start()
    eventually(lambda: second.state() is DeviceState.LOST)
    second.stop()
    simulated.scan("A-1")
    assert next_code(scanner) == "A-1"


def test_what_is_no_code_cannot_be_scanned(simulated: SimulatedCodeScanner) -> None:
    for code in ("", "A\rB", "kartu\u00e9"):
        with pytest.raises(ValueError, match="printable ASCII"):
            simulated.scan(code)


@given(st.lists(CODES, max_size=6), st.sampled_from([b"\r", b"\r\n", b"\n"]), st.integers(1, 7))
def test_it_does_not_matter_how_the_bytes_are_cut(codes: list[str], end: bytes, size: int) -> None:
    data = b"".join(code.encode() + end for code in codes)
    lines, got = CodeLines(), []
    for start in range(0, len(data), size):
        got += lines.feed(data[start : start + size], t_ns=1)
    assert got == codes


@given(st.binary(max_size=200))
def test_noise_never_breaks_it(noise: bytes) -> None:
    lines = CodeLines()
    for code in lines.feed(noise, t_ns=1):
        assert code.isascii()
        assert code.isprintable()
    assert lines.feed(b"\rA-1\r", t_ns=2)[-1] == "A-1"


def test_a_sender_that_never_ends_is_cut_off() -> None:
    lines = CodeLines()
    assert lines.feed(b"7" * (MAX_CODE_LENGTH + 1) + b"\r", t_ns=1) == []
    assert lines.feed(b"A-1\r", t_ns=2) == ["A-1"]


def test_half_a_code_is_forgotten_after_a_pause() -> None:
    lines = CodeLines()
    assert lines.feed(b"350311", t_ns=0) == []
    assert lines.feed(b"A-1\r", t_ns=2_000_000_000) == ["A-1"]
