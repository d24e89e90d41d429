"""The file form of a sealed secret: PEM armour around a JSON document that names the store that opens it."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from kiosk.security.key_faults import KeyFault, KeyStoreError

_BEGIN, _END = b"-----BEGIN KTP-EL SEALED-----\n", b"-----END KTP-EL SEALED-----\n"
_LINE = 64


def is_sealed(data: bytes) -> bool:
    return data.startswith(_BEGIN.rstrip())


def write_sealed(document: dict[str, Any]) -> bytes:
    text = base64.b64encode(json.dumps(document, separators=(",", ":")).encode())
    lines = (text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return _BEGIN + b"\n".join(lines) + b"\n" + _END


def read_sealed(data: bytes, *, store: str) -> dict[str, Any]:
    """The document, made by the store of that name. Raises KeyStoreError."""
    try:
        if not (data.startswith(_BEGIN) and data.endswith(_END)):
            raise ValueError("not in its armour")
        text = data[len(_BEGIN) : -len(_END)].replace(b"\n", b"")
        document = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError, binascii.Error) as error:
        raise KeyStoreError(KeyFault.UNREADABLE, f"no sealed secret: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("store"), str):
        raise KeyStoreError(KeyFault.UNREADABLE, "no sealed secret: it names no store")
    if document["store"] != store:
        detail = f"sealed by the store {document['store']!r}; the configuration says {store!r}"
        raise KeyStoreError(KeyFault.OTHER_STORE, detail)
    return document


def store_of(data: bytes) -> str:
    """The store it names; empty for what is not sealed, or not legible."""
    try:
        document = json.loads(base64.b64decode(data[len(_BEGIN) : -len(_END)])) if is_sealed(data) else {}
    except ValueError:
        return ""
    return str(document.get("store", "")) if isinstance(document, dict) else ""
