"""Compact JWS with RS256 and x5c (RFC 7515), as SBI devices make them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from hw.sim.sbi.authority import DeviceKey


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign(payload: Mapping[str, Any], device: DeviceKey) -> str:
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode("ascii") for one in device.chain]
    header = {"alg": "RS256", "typ": "JWT", "x5c": chain}
    signed = f"{_json(header)}.{_json(payload)}"
    signature = device.key.sign(signed.encode("ascii"), padding.PKCS1v15(), SHA256())
    return f"{signed}.{base64url(signature)}"


def spoil(jws: str) -> str:
    """The same JWS with one bit of its signature turned."""
    signed, _, signature = jws.rpartition(".")
    return f"{signed}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _json(value: Mapping[str, Any]) -> str:
    return base64url(json.dumps(value).encode())
