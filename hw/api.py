"""What the kiosk may know of its devices: values, and one Protocol per kind of device.

Positions on this seam are the standards' own codes, so that neither side needs the other's
names: fingers by ISO/IEC 19794-4:2011 table 6 (`Finger`), eyes by ISO/IEC 19794-6:2011 (`Eye`).

Expected failures are `Fault` values; an exception out of a driver is a bug in the driver.
Every driver is driven the same way: `start()` and `stop()` may be called in any state and any
number of times; after `stop()` the driver owns no thread and no descriptor. A device that
vanishes and returns heals without a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class DeviceKind(StrEnum):
    FACE_CAMERA = "face"
    SLAP_SCANNER = "slap"
    IRIS_CAMERA = "iris"
    SIGNATURE_PAD = "signature"
    CODE_SCANNER = "code"
    PRINTER = "printer"
    PANEL = "panel"
    FINGER_MODULE = "finger"
    POWER = "power"
    POSITION = "position"
    CARD = "card"


class DeviceState(StrEnum):
    STOPPED = "stopped"
    CONNECTING = "connecting"
    READY = "ready"
    CAPTURING = "capturing"
    FAULT = "fault"
    LOST = "lost"


class FaultCode(StrEnum):
    """Names what is physically true. The kiosk holds a sentence for each, per reader."""

    NOT_CONNECTED = "not_connected"
    NOT_READY = "not_ready"
    BUSY = "busy"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    NOT_REGISTERED = "not_registered"
    UNTRUSTED_DEVICE = "untrusted_device"
    BAD_SIGNATURE = "bad_signature"
    STALE_TIMESTAMP = "stale_timestamp"
    CHAIN_BROKEN = "chain_broken"
    WRONG_POSITIONS = "wrong_positions"
    MISMATCHED_ANSWER = "mismatched_answer"
    BAD_RECORD = "bad_record"
    BAD_ANSWER = "bad_answer"
    NO_BIOMETRIC = "no_biometric"
    PAPER_OUT = "paper_out"
    PAPER_LOW = "paper_low"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    DEVICE_ERROR = "device_error"


class PixelFormat(StrEnum):
    GRAY8 = "gray8"
    RGB8 = "rgb8"


class Finger(IntEnum):
    """ISO/IEC 19794-4:2011 finger position codes."""

    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10


class Eye(IntEnum):
    """ISO/IEC 19794-6:2011 eye labels."""

    RIGHT = 1
    LEFT = 2


class CaptureSet(StrEnum):
    """What one placement on a scanner offers together."""

    FACE = "face"
    RIGHT_SLAP = "right_slap"
    LEFT_SLAP = "left_slap"
    THUMBS = "thumbs"
    BOTH_IRISES = "both_irises"


@dataclass(frozen=True, slots=True)
class Fault:
    code: FaultCode
    device: DeviceKind
    detail: str
    """For the log and the officer: English, technical, nothing personal."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    kind: DeviceKind
    url: str
    make: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as the sensor gave it.

    pixels: read-only uint8, (height, width) for GRAY8 and (height, width, 3) for RGB8.
    dpi: pixels per inch at the platen, None where the optics have no fixed scale.
    sequence: counts up by one per frame the driver received since `start`.
    captured_ns: monotonic clock, nanoseconds.
    """

    pixels: NDArray[np.uint8]
    pixel_format: PixelFormat
    dpi: int | None
    sequence: int
    captured_ns: int
    device: str


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """positions and exceptions: `Finger` or `Eye` codes; together they are the whole set."""

    capture_set: CaptureSet
    positions: tuple[int, ...]
    exceptions: tuple[int, ...] = ()
    transaction_id: str = ""
    previous_hash: str = ""
    """Upper-case hex of the session's last chain hash, empty at its start."""
    minimum_score: int = 0
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class CapturedSample:
    """position: a `Finger` or `Eye` code, 0 for the face.

    record: the ISO/IEC 19794 record as the device signed it.
    chain_hash: upper-case hex, SHA-256(previous chain hash || SHA-256(record)).
    """

    position: int
    frame: Frame
    record: bytes
    reported_score: int | None
    chain_hash: str


@dataclass(frozen=True, slots=True, eq=False)
class ScannerCapture:
    samples: tuple[CapturedSample, ...]
    device: DeviceInfo


@dataclass(frozen=True, slots=True)
class PenPoint:
    """One report of the pen. x, y: device units, origin top left; t_ns: monotonic; pressure: 0 = lifted."""

    x: int
    y: int
    t_ns: int
    pressure: int


@dataclass(frozen=True, slots=True)
class PadGeometry:
    """Largest x, y and pressure a pad reports, and its units per millimetre."""

    width: int
    height: int
    max_pressure: int
    units_per_mm: float


@dataclass(frozen=True, slots=True)
class Slip:
    """What the printer puts on paper: a heading, plain lines, and one QR payload."""

    heading: str
    lines: tuple[str, ...]
    qr: str = ""


class PanelState(StrEnum):
    """States of the whole kiosk; lights and tones for each are the panel driver's table."""

    IDLE = "idle"
    GUIDING = "guiding"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    CALL_OFFICER = "call_officer"
    FAULT = "fault"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class PanelInputs:
    """presence: somebody stands before the kiosk. officer_key: the key switch is turned. tamper: the case
    is open."""

    presence: bool = False
    officer_key: bool = False
    tamper: bool = False


@dataclass(frozen=True, slots=True)
class PowerStatus:
    """on_mains: None where the supply cannot tell. charge_percent: 0 to 100. runtime_s: left at today's load.

    shutting_down: the supply will cut the power, whatever the charge. read_ns: monotonic clock.
    """

    on_mains: bool | None
    charge_percent: float | None
    runtime_s: float | None
    battery_low: bool
    battery_worn: bool
    shutting_down: bool
    read_ns: int

    @property
    def critical(self) -> bool:
        """Put away what is open: the power ends soon."""
        return self.shutting_down or (self.battery_low and self.on_mains is not True)


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84 degrees, north and east positive. altitude_m: above mean sea level, None in a flat fix.

    accuracy_m: radius that holds the true place in 95 of 100 cases, None where the receiver does not say.
    received_ns: monotonic clock.
    """

    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None
    accuracy_m: float | None
    received_ns: int


@dataclass(frozen=True, slots=True)
class SatelliteTime:
    """utc: what the clocks showed within `uncertainty_s` before `received_ns` on the monotonic clock."""

    utc: datetime
    received_ns: int
    uncertainty_s: float


class SignatureAlgorithm(StrEnum):
    """ecdsa-sha256: DER ECDSA-Sig-Value (RFC 3279, 2.2.3). rsa-pkcs1-sha256: RFC 8017, 8.2."""

    ECDSA_SHA256 = "ecdsa-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"


@dataclass(frozen=True, slots=True)
class Card:
    """certificate: X.509, DER, as the card holds it; whether it is to be trusted is decided elsewhere."""

    label: str
    serial: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class CardAbsent:
    """No card in the reader, or it was pulled before the answer."""


@dataclass(frozen=True, slots=True)
class PinRefused:
    """tries_left: 0 when the card is blocked, None when it does not say."""

    tries_left: int | None


@dataclass(frozen=True, slots=True)
class CardSignature:
    """signature: over the challenge; it holds under the certificate's key, which the driver has checked."""

    signature: bytes
    algorithm: SignatureAlgorithm
    certificate: bytes


class SelfTestCode(StrEnum):
    """What a self-test tries. `hw.self_tests` has the words of `hw doctor`, the kiosk those of its screen."""

    CAMERA_OPENS = "camera_opens"
    PICTURES_ARRIVE = "pictures_arrive"
    EXPOSURE_HELD = "exposure_held"
    WHITE_BALANCE_HELD = "white_balance_held"
    SERVICE_ANSWERS = "service_answers"
    SCANNER_READY = "scanner_ready"
    SCANNER_TRUSTED = "scanner_trusted"
    PAD_OPENS = "pad_opens"
    PAD_MEASURED = "pad_measured"
    CODE_SCANNER_OPENS = "code_scanner_opens"
    PRINTER_READY = "printer_ready"
    ROLL_LASTS = "roll_lasts"
    PANEL_OPENS = "panel_opens"
    CASE_SHUT = "case_shut"
    FINGER_MODULE_ANSWERS = "finger_module_answers"
    UPS_ANSWERS = "ups_answers"
    FUEL_GAUGE_ANSWERS = "fuel_gauge_answers"
    RECEIVER_ANSWERS = "receiver_answers"
    CARD_READER_ANSWERS = "card_reader_answers"


@dataclass(frozen=True, slots=True)
class SelfTest:
    """One thing that was tried, and whether it held.

    detail: why it did not: English, technical, nothing personal. eye: whose camera, in a pair of them.
    """

    code: SelfTestCode
    passed: bool
    detail: str = ""
    eye: Eye | None = None


@runtime_checkable
class Device(Protocol):
    @property
    def kind(self) -> DeviceKind: ...
    @property
    def url(self) -> str: ...
    def info(self) -> DeviceInfo | Fault: ...
    def state(self) -> DeviceState: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def self_test(self) -> tuple[SelfTest, ...]: ...


class FaceCamera(Device, Protocol):
    def latest(self) -> Frame | Fault | None:
        """The newest frame; None until the first; a Fault while the source is stalled or gone."""


class Scanner(Device, Protocol):
    """A slap scanner or a dual-iris camera."""

    def start_preview(self, capture_set: CaptureSet) -> None:
        """Begin live frames of one set; a running preview of another set is replaced."""

    def stop_preview(self) -> None: ...

    def latest(self) -> Frame | Fault | None: ...

    def capture(self, request: CaptureRequest) -> ScannerCapture | Fault:
        """Blocks up to `timeout_s` plus the wire's allowance. Ends a running preview.

        Either every requested position is in the answer and all checks held, or it is a Fault.
        """


class SignaturePad(Device, Protocol):
    @property
    def geometry(self) -> PadGeometry: ...

    def points(self) -> tuple[PenPoint, ...] | Fault:
        """All reports since `start` or `clear`, oldest first."""

    def clear(self) -> None: ...


class CodeScanner(Device, Protocol):
    def read(self) -> str | Fault | None:
        """The oldest unread code without its terminator; None when there is none. Never blocks."""


class Printer(Device, Protocol):
    def print_slip(self, slip: Slip) -> Fault | None: ...


class Panel(Device, Protocol):
    def show(self, state: PanelState) -> None: ...
    def inputs(self) -> PanelInputs: ...


class FingerReader(Device, Protocol):
    """A window for one finger. What such a module stores and compares by itself is in `hw.finger.api`."""

    def scan(self) -> Frame | Fault | None:
        """The finger that lies on the window now; None when none does.

        Blocks for the seconds of a transfer, during which the finger may be lifted already.
        """


class PowerSupply(Device, Protocol):
    def power(self) -> PowerStatus | Fault | None:
        """The newest status; None until the first; a Fault while the supply cannot be asked."""


class Locator(Device, Protocol):
    def position(self) -> Position | Fault | None:
        """The newest fix; None without one, indoors; a Fault while the receiver cannot be asked."""

    def satellite_time(self) -> SatelliteTime | Fault | None:
        """Time of the newest fix. A receiver without a fix tells its battery clock's time, which is none."""


class OfficerCard(Device, Protocol):
    """Who is named on a card, and that its owner knows the PIN. READY while the reader is there, with a
    card or without."""

    def card(self) -> Card | CardAbsent | Fault | None:
        """The card seen at the last look, about once a second; None before the first."""

    def sign(self, *, challenge: bytes, pin: str) -> CardSignature | PinRefused | CardAbsent | Fault:
        """Blocks for seconds. A wrong PIN costs a try: never repeat it by yourself.

        challenge: not empty, or ValueError. It is signed as it is: the caller makes it fresh and says in it
        what is approved.
        """


@dataclass(frozen=True, slots=True)
class Devices:
    """The kiosk's whole set. A kind that is not configured is None."""

    face: FaceCamera | None = None
    slap: Scanner | None = None
    iris: Scanner | None = None
    signature: SignaturePad | None = None
    code: CodeScanner | None = None
    printer: Printer | None = None
    panel: Panel | None = None
    finger: FingerReader | None = None
    power: PowerSupply | None = None
    position: Locator | None = None
    card: OfficerCard | None = None
    others: tuple[Device, ...] = field(default=())

    def all(self) -> tuple[Device, ...]:
        named = (
            *(self.face, self.slap, self.iris, self.signature, self.code, self.printer, self.panel),
            *(self.finger, self.power, self.position, self.card),
        )
        return tuple(device for device in named if device is not None) + self.others
