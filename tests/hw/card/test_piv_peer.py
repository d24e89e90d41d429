"""The driver against Debian's pcscd and OpenSC, which take the simulated card for a PIV card."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hw.api import Card, CardAbsent, CardSignature, DeviceState, PinRefused
from hw.card.pkcs11_card import Pkcs11Card
from hw.card.token_process import Module
from tests.hw.card.reader import DRIVER, NAME_SPACES, PCSCD, SOCKET
from tests.hw.support import eventually

OPENSC = next(Path("/usr/lib").glob("*/opensc-pkcs11.so"), None)
PIN, CHALLENGE = "482916", b"setujui berkas 7f3a"
ROOT = Path(__file__).parents[3]


def why_not() -> str:
    if OPENSC is None or not (Path(PCSCD).exists() and Path(DRIVER).exists() and shutil.which("ip")):
        return "apt-get install pcscd vsmartcard-vpcd opensc iproute2"
    done = subprocess.run([*NAME_SPACES, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


WHY_NOT = why_not()

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no virtual card reader: {WHY_NOT}")


@dataclass(frozen=True)
class Reader:
    process: subprocess.Popen[str]
    certificate: bytes

    def do(self, word: str) -> int:
        """The tries the card itself has left."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / SOCKET))
    command = [*NAME_SPACES, sys.executable, "-m", "tests.hw.card.reader", str(tmp_path), PIN]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Reader(process, (tmp_path / "card.der").read_bytes())
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def driver(reader: Reader) -> Iterator[Pkcs11Card]:
    assert OPENSC is not None
    card = Pkcs11Card(Module(OPENSC, counter="piv"), url=f"pkcs11://{OPENSC}", look_s=0.1)
    card.start()
    eventually(lambda: card.state() is DeviceState.READY)
    yield card
    card.stop()


@pytest.fixture
def card(driver: Pkcs11Card, reader: Reader) -> Pkcs11Card:
    reader.do("insert")
    eventually(lambda: isinstance(driver.card(), Card))
    return driver


def test_the_card_is_shown_while_it_is_in_the_reader(driver: Pkcs11Card, reader: Reader) -> None:
    assert driver.card() == CardAbsent()
    assert driver.sign(challenge=CHALLENGE, pin=PIN) == CardAbsent()
    for _ in range(2):
        reader.do("insert")
        eventually(lambda: isinstance(driver.card(), Card))
        shown = driver.card()
        assert isinstance(shown, Card)
        assert shown.certificate == reader.certificate
        reader.do("pull")
        eventually(lambda: driver.card() == CardAbsent())
    assert driver.state() is DeviceState.READY


def test_the_right_pin_signs_the_challenge(card: Pkcs11Card, reader: Reader) -> None:
    for _ in range(2):
        signed = card.sign(challenge=CHALLENGE, pin=PIN)
        assert isinstance(signed, CardSignature), signed
        assert signed.certificate == reader.certificate


def test_a_wrong_pin_tells_the_tries_left_until_the_card_is_blocked(card: Pkcs11Card, reader: Reader) -> None:
    for tries_left in (2, 1, 0):
        assert card.sign(challenge=CHALLENGE, pin="000000") == PinRefused(tries_left)
        assert reader.do("look") == tries_left, "one wrong PIN costs one try"
    assert card.sign(challenge=CHALLENGE, pin=PIN) == PinRefused(0)


def test_without_the_counter_the_last_try_and_the_block_are_still_told(reader: Reader) -> None:
    assert OPENSC is not None
    card = Pkcs11Card(Module(OPENSC), url=f"pkcs11://{OPENSC}", look_s=0.1)
    card.start()
    reader.do("insert")
    eventually(lambda: isinstance(card.card(), Card))
    told = [card.sign(challenge=CHALLENGE, pin="000000") for _ in range(3)]
    card.stop()
    assert told == [PinRefused(None), PinRefused(1), PinRefused(0)]


def test_the_right_pin_gives_the_tries_back(card: Pkcs11Card, reader: Reader) -> None:
    assert card.sign(challenge=CHALLENGE, pin="000000") == PinRefused(2)
    assert isinstance(card.sign(challenge=CHALLENGE, pin=PIN), CardSignature)
    assert reader.do("look") == 3


def test_a_card_pulled_in_mid_call_is_a_value(card: Pkcs11Card, reader: Reader) -> None:
    reader.do("pull_in_call")
    assert card.sign(challenge=CHALLENGE, pin=PIN) == CardAbsent()
    eventually(lambda: card.card() == CardAbsent())
    reader.do("pull")
    reader.do("insert")
    eventually(lambda: isinstance(card.card(), Card))
    assert isinstance(card.sign(challenge=CHALLENGE, pin=PIN), CardSignature)


def test_the_readers_service_is_restarted(card: Pkcs11Card, reader: Reader) -> None:
    reader.do("restart")
    eventually(lambda: isinstance(card.sign(challenge=CHALLENGE, pin=PIN), CardSignature))
    assert reader.do("look") == 3


def test_the_readers_service_is_gone(card: Pkcs11Card, reader: Reader) -> None:
    reader.do("end")
    eventually(lambda: not isinstance(card.card(), Card))
    reader.do("restart")
    eventually(lambda: isinstance(card.card(), Card))
