"""What `hw doctor` says of a self-test: for whoever mends, in English, as everything `hw` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hw.api import SelfTest, SelfTestCode


@dataclass(frozen=True, slots=True)
class Words:
    """check: what was tried, as it is when it holds. advice: what to do where it does not."""

    check: str
    advice: str


ENGLISH: Final[Mapping[SelfTestCode, Words]] = MappingProxyType(
    {
        SelfTestCode.CAMERA_OPENS: Words("the camera opens", "Check the camera's cable and URL"),
        SelfTestCode.PICTURES_ARRIVE: Words(
            "pictures arrive", "The camera is open and sends too little: plug it in again"
        ),
        SelfTestCode.EXPOSURE_HELD: Words(
            "exposure is held",
            "See what the camera can do with v4l2-ctl --list-ctrls; correct exposure= or leave it out",
        ),
        SelfTestCode.WHITE_BALANCE_HELD: Words(
            "white balance is held",
            "See what the camera can do with v4l2-ctl --list-ctrls; correct white_balance= or leave it out",
        ),
        SelfTestCode.SERVICE_ANSWERS: Words(
            "the service answers", "Plug the scanner in and see that its vendor's service runs"
        ),
        SelfTestCode.SCANNER_READY: Words(
            "the scanner is ready", "Close other programs that use the scanner, or plug it out and in"
        ),
        SelfTestCode.SCANNER_TRUSTED: Words(
            "the scanner is trusted", "Check the device CA certificate (ca=) and the kiosk's clock"
        ),
        SelfTestCode.PAD_OPENS: Words("the pad opens", "Plug in the signature pad"),
        SelfTestCode.PAD_MEASURED: Words("the pad opens and tells its size", "Plug in the signature pad"),
        SelfTestCode.CODE_SCANNER_OPENS: Words("the port opens", "Plug in the code scanner"),
        SelfTestCode.PRINTER_READY: Words("the printer is ready", "See to the printer"),
        SelfTestCode.ROLL_LASTS: Words("the roll is not near its end", "Put in a new roll"),
        SelfTestCode.PANEL_OPENS: Words("the pins open", "Check the GPIO chip and the pin numbers"),
        SelfTestCode.CASE_SHUT: Words("the case is shut", "Shut the case"),
        SelfTestCode.FINGER_MODULE_ANSWERS: Words(
            "the finger module answers", "Plug in the finger module, check its password"
        ),
        SelfTestCode.UPS_ANSWERS: Words(
            "the UPS answers", "Plug in the cable of the UPS, check its name in ups.conf"
        ),
        SelfTestCode.FUEL_GAUGE_ANSWERS: Words(
            "the fuel gauge answers", "Seat the battery board, switch I2C on"
        ),
        SelfTestCode.RECEIVER_ANSWERS: Words("gpsd answers", "Plug in the receiver, start gpsd"),
        SelfTestCode.CARD_READER_ANSWERS: Words(
            "the card reader answers", "Plug in the card reader, install its PKCS#11 module"
        ),
    }
)


def check_of(test: SelfTest) -> str:
    check = ENGLISH[test.code].check
    return check if test.eye is None else f"{test.eye.name.lower()} eye: {check}"


def advice_of(test: SelfTest) -> str:
    """Empty when the test passed."""
    if test.passed:
        return ""
    advice = ENGLISH[test.code].advice
    return f"{advice} ({test.detail})." if test.detail else f"{advice}."
