"""A recorded scanner is played whole, and its captures are refused as the replays they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hw.api import (
    CaptureRequest,
    CaptureSet,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    Frame,
    ScannerCapture,
)
from hw.commands import cli
from hw.device_url import DeviceUrl
from hw.recording.player import Player
from hw.recording.tap import Tap
from hw.recording.tape import TapeWriter, read_tape
from hw.recording.wires import Wire
from hw.sbi.scanner import SbiScanner
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from tests.hw.sbi.stage import POSITIONS, Passenger
from tests.hw.support import eventually

KIND, SLAP = DeviceKind.SLAP_SCANNER, CaptureSet.RIGHT_SLAP
RECORDED, ANOTHER = "session-1", "session-2"


def opened(url: str, stack: ExitStack, *, years: float = 0, minutes: float = 0) -> SbiScanner:
    """The driver as it would be so much later."""
    later = timedelta(days=365 * years, minutes=minutes)
    scanner = SbiScanner(DeviceUrl.parse(url), kind=KIND, now=lambda: datetime.now(UTC) + later)
    scanner.start()
    stack.callback(scanner.stop)
    return scanner


def captured(scanner: SbiScanner, transaction: str) -> ScannerCapture | Fault:
    eventually(lambda: scanner.state() is DeviceState.READY)
    return scanner.capture(CaptureRequest(SLAP, POSITIONS[SLAP], transaction_id=transaction))


def previews(scanner: SbiScanner) -> None:
    scanner.start_preview(SLAP)
    eventually(lambda: isinstance(scanner.latest(), Frame))
    scanner.stop_preview()


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One preview and one capture."""
    folder = tmp_path_factory.mktemp("scanner")
    path = folder / "slap.hwrec"
    with ExitStack() as stack:
        authority = DeviceAuthority.open(folder / "authority")
        service = SbiService(Passenger(), authority=authority, kind=KIND, capture_delay_s=0.0)
        service.start()
        stack.callback(service.stop)
        url = DeviceUrl.parse(service.url)
        tap = Tap(url, stack.enter_context(TapeWriter(path, url=url.text, wire=Wire.TCP)), folder=folder)
        tap.start()
        stack.callback(tap.stop)
        scanner = opened(tap.url, stack)
        eventually(lambda: scanner.state() is DeviceState.READY)
        assert all(test.passed for test in scanner.self_test())
        previews(scanner)
        assert isinstance(captured(scanner, RECORDED), ScannerCapture)
    return path


@pytest.fixture
def play(tape: Path, tmp_path: Path) -> Iterator[Callable[..., SbiScanner]]:
    """The recording, opened by a driver so much later."""
    with ExitStack() as stack:
        player = Player(read_tape(tape), folder=tmp_path)
        player.start()
        stack.callback(player.stop)
        yield lambda **age: opened(player.url, stack, **age)


def test_a_capture_is_its_own_transactions_for_five_minutes(play: Callable[..., SbiScanner]) -> None:
    assert isinstance(captured(play(), RECORDED), ScannerCapture)


def test_an_older_capture_is_stale_and_the_recording_plays_on(play: Callable[..., SbiScanner]) -> None:
    scanner = play(minutes=6)
    for _ in range(2):
        answer = captured(scanner, RECORDED)
        assert isinstance(answer, Fault)
        assert answer.code is FaultCode.STALE_TIMESTAMP
        previews(scanner)


@pytest.mark.parametrize("minutes", [0, 6])
def test_a_capture_is_no_other_transactions_at_any_age(minutes: float, play: Callable[..., SbiScanner]) -> None:
    answer = captured(play(minutes=minutes), ANOTHER)
    assert isinstance(answer, Fault)
    assert answer.code is FaultCode.MISMATCHED_ANSWER


def test_a_recording_older_than_its_devices_certificate_is_not_trusted(
    play: Callable[..., SbiScanner],
) -> None:
    scanner = play(years=30)

    def distrusted() -> bool:
        info = scanner.info()
        return isinstance(info, Fault) and info.code is FaultCode.UNTRUSTED_DEVICE

    eventually(distrusted)
    assert "not valid now" in [test.detail for test in scanner.self_test()][-1]


def test_who_plays_it_is_told_that_its_captures_will_be_refused(
    tape: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING):
        assert cli.main(["replay", "--open", str(tape)]) == cli.OK
    assert "ok      the scanner is trusted" in capsys.readouterr().out
    (told,) = [record.getMessage() for record in caplog.records if record.name == "hw.commands.replay"]
    assert "captures in the recording: 1," in told
    assert "stale" in told
