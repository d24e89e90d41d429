"""A simulated PIV card in the virtual reader vpcd: PC/SC and whatever stands on it see a card.

Source: NIST SP 800-73-4, part 2 (commands), part 1 (data objects). On vpcd's line two bytes of length lead an
APDU, or one byte of control.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hw.api import DeviceKind
from hw.sim.device import ArmedFaults, Simulator

VPCD_PORT = 0x8C7B
ATR = bytes.fromhex("3b800181")

_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0, 1, 2, 4
_AID = bytes.fromhex("a000000308000010000100")
_CERTIFICATE, _HOLDER, _DISCOVERY = bytes.fromhex("5fc105"), bytes.fromhex("5fc102"), b"\x7e"
_OK, _NOT_FOUND, _UNVERIFIED, _BLOCKED = b"\x90\x00", b"\x6a\x82", b"\x69\x82", b"\x69\x83"
_WRONG_DATA, _NO_SUCH_INSTRUCTION = b"\x6a\x80", b"\x6d\x00"
_CONNECT_S = 0.1


class PivApplication:
    """APDUs in, answers out. Its tries outlast a reset; what was selected and verified does not."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, *, pin: str) -> None:
        der = certificate.public_bytes(serialization.Encoding.DER)
        holder = _tlv(0x30, bytes(25)) + _tlv(0x34, bytes(range(16))) + _tlv(0x35, b"20361231")
        self._objects = {
            _CERTIFICATE: _tlv(0x53, _tlv(0x70, der) + _tlv(0x71, b"\x00") + _tlv(0xFE, b"")),
            _HOLDER: _tlv(0x53, holder + _tlv(0x3E, b"") + _tlv(0xFE, b"")),
            _DISCOVERY: _tlv(0x7E, _tlv(0x4F, _AID) + b"\x5f\x2f" + b"\x02\x40\x00"),
        }
        self._key = key
        self._pin = pin.encode().ljust(8, b"\xff")
        self.tries_left = 3
        self.reset()

    def reset(self) -> None:
        self._selected = self._verified = False
        self._rest = b""

    def answer(self, command: bytes) -> bytes:
        data, expected = _body(command)
        match command[1]:
            case 0xA4:
                self._selected = data.startswith(_AID[:5])
                if not self._selected:
                    return _NOT_FOUND
                answer = _tlv(0x61, _tlv(0x4F, _AID[5:]) + _tlv(0x79, _tlv(0x4F, _AID[:5])))
            case 0xC0:
                answer = self._rest
            case _ if not self._selected:
                return _NOT_FOUND
            case 0xCB:
                answer = self._objects.get(data[2:], b"")
                if not answer:
                    return _NOT_FOUND
            case 0x20:
                return self._verify(command[2], data)
            case 0x87:
                if not self._verified:
                    return _UNVERIFIED
                return self._authenticate(command[2:4], data)
            case _:
                return _NO_SUCH_INSTRUCTION
        return self._send(answer, expected)

    def _send(self, answer: bytes, expected: int) -> bytes:
        """ISO/IEC 7816-4, 7.6.1: what does not fit is fetched by GET RESPONSE."""
        self._rest = answer[expected:]
        status = b"\x61" + bytes((min(len(self._rest), 255),)) if self._rest else _OK
        return answer[:expected] + status

    def _verify(self, what: int, data: bytes) -> bytes:
        if what == 0xFF:
            self._verified = False
            return _OK
        if not data:
            return _OK if self._verified else self._refusal()
        if len(data) != 8:
            return _WRONG_DATA
        if self.tries_left == 0:
            return _BLOCKED
        self._verified = data == self._pin
        self.tries_left = 3 if self._verified else self.tries_left - 1
        return _OK if self._verified else self._refusal()

    def _refusal(self) -> bytes:
        return bytes((0x63, 0xC0 | self.tries_left)) if self.tries_left else _BLOCKED

    def _authenticate(self, key: bytes, data: bytes) -> bytes:
        """GENERAL AUTHENTICATE with key 9A, ECC P-256: 7C { 82 00, 81 hash }."""
        start = data.find(b"\x81\x20")
        if key != b"\x11\x9a" or start < 0 or len(data) < start + 34:
            return _WRONG_DATA
        signature = self._key.sign(data[start + 2 : start + 34], ec.ECDSA(Prehashed(hashes.SHA256())))
        return _tlv(0x7C, _tlv(0x82, signature)) + _OK


class SimulatedPivCard(Simulator):
    """plug: into the reader. Fault `pulled_in_call`: the card is out before it has signed."""

    def __init__(
        self, application: PivApplication, *, module: str, reader: tuple[str, int] = ("127.0.0.1", VPCD_PORT)
    ) -> None:
        """module: the PKCS#11 module for the URL. reader: where vpcd listens."""
        self._application = application
        self._module = module
        self._reader = reader
        self._faults = ArmedFaults("pulled_in_call")
        super().__init__(DeviceKind.CARD, self._faults)
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"pkcs11://{self._module}?slot=0&counter=piv"

    @property
    def plugged(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def plug(self) -> None:
        if self.plugged:
            return
        self._leaving = threading.Event()
        self._thread = threading.Thread(
            target=self._lie_in_reader, args=(self._leaving,), name="sim-card", daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        self._leaving.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _lie_in_reader(self, leaving: threading.Event) -> None:
        """Also through a restart of the reader's service."""
        while not leaving.is_set():
            with contextlib.suppress(OSError), socket.create_connection(self._reader, _CONNECT_S) as line:
                self._application.reset()
                line.settimeout(_CONNECT_S)
                self._converse(line, leaving)
            time.sleep(_CONNECT_S)

    def _converse(self, line: socket.socket, leaving: threading.Event) -> None:
        received = b""
        while not leaving.is_set():
            length = 2 + int.from_bytes(received[:2], "big")
            if len(received) < 2 or len(received) < length:
                with contextlib.suppress(TimeoutError):
                    data = line.recv(4096)
                    if not data:
                        return
                    received += data
                continue
            message, received = received[2:length], received[length:]
            if len(message) == 1:
                answer = self._control(message[0])
            elif message[1] == 0x87 and self._faults.use("pulled_in_call"):
                leaving.set()
                return
            else:
                answer = self._application.answer(message)
            if answer:
                line.sendall(len(answer).to_bytes(2, "big") + answer)

    def _control(self, code: int) -> bytes:
        if code in (_POWER_OFF, _POWER_ON, _RESET):
            self._application.reset()
        return ATR if code == _GET_ATR else b""


def _tlv(tag: int, value: bytes) -> bytes:
    """BER-TLV with a tag of one byte."""
    size = len(value)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return bytes((tag,)) + length + value


def _body(command: bytes) -> tuple[bytes, int]:
    """Data and expected length of a short APDU (ISO/IEC 7816-4, 5.1); 0 asks for 256."""
    if len(command) <= 5:
        return b"", (command[4] or 256) if len(command) == 5 else 256
    end = 5 + command[4]
    return command[5:end], (command[end] or 256) if len(command) > end else 256
