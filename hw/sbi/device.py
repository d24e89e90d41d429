"""What a service says of its devices: discovery (unsigned) and device info (signed)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from hw.api import FaultCode
from hw.sbi.dialect import TRANSIENT_ERRORS, Dialect, error_fault
from hw.sbi.failure import SbiFailure
from hw.sbi.http import Endpoint, parse_json
from hw.sbi.jws import decode_base64url, open_jws

_ERROR_CODE: Final = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class DigitalId:
    """Which device this is. The signed object's dateTime is left out: it tells when it was signed, not who."""

    serial: str
    make: str
    model: str
    bio_type: str
    sub_type: str
    provider: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class Discovered:
    """One device as discovery announces it; nothing of this is signed."""

    device_id: str
    status: str
    digital_id: DigitalId


@dataclass(frozen=True, slots=True)
class DescribedDevice:
    """One device whose signed info held."""

    endpoint: Endpoint
    device_id: str
    digital_id: DigitalId
    firmware: str
    service_version: str


def raise_on_error(item: object) -> dict[str, Any]:
    """The object itself when its `error` is absent, null or 0; else SbiFailure with the code's meaning."""
    if not isinstance(item, dict):
        raise SbiFailure(FaultCode.BAD_ANSWER, "an object was expected")
    error = item.get("error", item if "errorCode" in item else None)
    if error is None:
        return item
    code = str(error.get("errorCode", "")) if isinstance(error, dict) else ""
    if not _ERROR_CODE.fullmatch(code):
        raise SbiFailure(FaultCode.BAD_ANSWER, "an error without a code")
    if int(code) != 0:
        raise _refusal(int(code))
    return item


def _refusal(number: int) -> SbiFailure:
    code, detail = error_fault(number)
    return SbiFailure(code, detail, transient=number in TRANSIENT_ERRORS)


def read_digital_id(fields: object) -> DigitalId:
    if not isinstance(fields, dict):
        raise SbiFailure(FaultCode.BAD_ANSWER, "a digital id is an object")
    names = ("serialNo", "make", "model", "type", "deviceSubType", "deviceProvider", "deviceProviderId")
    return DigitalId(*(_text(fields, name) for name in names))


def read_discovery(answer: object, *, bio_type: str, dialect: Dialect) -> Discovered:
    """The first device of the type; SbiFailure with the service's own error when there is none."""
    items = answer if isinstance(answer, list) else [answer]
    if not items:
        raise SbiFailure(FaultCode.NOT_CONNECTED, "the service has no device")
    failure: SbiFailure | None = None
    for item in items:
        try:
            found = _read_discovered(raise_on_error(item), dialect)
        except SbiFailure as problem:
            failure = failure or problem
            continue
        if found.digital_id.bio_type == bio_type:
            return found
    raise failure or SbiFailure(FaultCode.NOT_CONNECTED, f"the service has no {bio_type} device")


def _read_discovered(item: dict[str, Any], dialect: Dialect) -> Discovered:
    digital_id = read_digital_id(parse_json(decode_base64url(_text(item, "digitalId"))))
    return Discovered(_text(item, dialect.device_field), _text(item, "deviceStatus"), digital_id)


def require_ready(status: str) -> None:
    """Discovery's deviceStatus; SbiFailure for all but Ready."""
    codes = {"Busy": 111, "Not Ready": 110, "Not Registered": 100}
    if status == "Ready":
        return
    if status not in codes:
        raise SbiFailure(FaultCode.BAD_ANSWER, f"unknown device status {status[:20]!r}")
    raise _refusal(codes[status])


def read_description(
    answer: object,
    found: Discovered,
    *,
    endpoint: Endpoint,
    dialect: Dialect,
    anchors: Sequence[x509.Certificate],
    now: datetime,
) -> DescribedDevice:
    """The signed info of the device that discovery found.

    SbiFailure when a signature or the trust does not hold, or when both speak of different devices.
    """
    for item in answer if isinstance(answer, list) else [answer]:
        info = open_jws(raise_on_error(item).get("deviceInfo"), anchors=anchors, now=now)
        if _text(info, dialect.device_field) != found.device_id:
            continue
        digital_id = read_digital_id(open_jws(info.get("digitalId"), anchors=anchors, now=now))
        if digital_id != found.digital_id:
            raise SbiFailure(FaultCode.MISMATCHED_ANSWER, "discovery and signed info name different devices")
        if dialect.spec_version not in _texts(info, "specVersion"):
            raise SbiFailure(
                FaultCode.MISMATCHED_ANSWER, f"the device does not speak SBI {dialect.spec_version}"
            )
        return DescribedDevice(
            endpoint=endpoint,
            device_id=found.device_id,
            digital_id=digital_id,
            firmware=_text(info, "firmware"),
            service_version=_text(info, "serviceVersion"),
        )
    raise SbiFailure(FaultCode.NOT_CONNECTED, "the service has no info of the device it announced")


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise SbiFailure(FaultCode.BAD_ANSWER, f"field {name} is missing")
    return value


def _texts(fields: dict[str, Any], name: str) -> list[str]:
    value = fields.get(name)
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]
