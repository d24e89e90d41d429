"""Orders that an office sends on a stick, signed: install the image beside it, or destroy what this unit holds.

A unit has no shell. Whoever plugs the stick in carries the order; the authority answers for it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from kiosk.packet.cms import verify_detached
from kiosk.packet.faults import PacketFault

FORMAT = "ktp-el kiosk order 1"
FILE, SIGNATURE = "order.json", "order.json.p7s"
_FIELDS = {"format", "order", "unit_id", "key_id", "valid_until", "undelivered_too"}


class OrderKind(StrEnum):
    UPDATE = "update"
    RESET = "reset"


class OrderRefusedError(Exception):
    """Why the order is not followed."""


@dataclass(frozen=True, slots=True)
class Order:
    """undelivered_too: how many packets and records that only the unit has a reset may destroy."""

    kind: OrderKind
    undelivered_too: int


def read_order(
    document: bytes,
    signature: bytes,
    *,
    anchors: Sequence[x509.Certificate],
    unit_id: str,
    key_id: str,
    now: dt.datetime,
) -> Order:
    """An order for this unit, still good, signed under one of `anchors`. Raises OrderRefusedError.

    key_id: of the unit's present key. A unit that was reset and set up anew under its old name has another, so
    that the order that reset it is not followed twice.
    """
    signer = verify_detached(document, signature, anchors=anchors, at=now, where=FILE)
    if isinstance(signer, PacketFault):
        raise OrderRefusedError(str(signer))
    try:
        fields = json.loads(document)
        if fields["format"] != FORMAT or set(fields) != _FIELDS:
            raise OrderRefusedError(f"not of the form {FORMAT!r} with {', '.join(sorted(_FIELDS))}")
        if fields["unit_id"] != unit_id:
            raise OrderRefusedError(f"for {fields['unit_id']!r}, and this is {unit_id!r}")
        if fields["key_id"] != key_id:
            raise OrderRefusedError(f"for the key {fields['key_id']!r}, and this unit's is {key_id!r}")
        if dt.datetime.fromisoformat(fields["valid_until"]) < now:
            raise OrderRefusedError(f"good until {fields['valid_until']}")
        return Order(OrderKind(fields["order"]), _number(fields["undelivered_too"]))
    except (ValueError, TypeError, KeyError) as error:
        raise OrderRefusedError(f"cannot be read: {error}") from error


def _number(value: object) -> int:
    if value is False:  # none
        return 0
    if not isinstance(value, int) or value is True or value < 0:
        raise ValueError(f"undelivered_too is {value!r}; allowed: how many packets and records are destroyed")
    return value
