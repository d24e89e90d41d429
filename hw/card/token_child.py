"""PKCS#11 in a process of its own: one JSON question a line on standard input, one JSON answer a line.

A PKCS#11 module is the card maker's native code. It may hang with a card half pulled out, print, or end its
process; and after the reader's service was restarted only a new process is sure to see the reader again.

`{"ask": "look"}` and `{"ask": "sign", "challenge": HEX, "pin": TEXT}` are answered with an "outcome":
`card`, `absent`, `no_reader`, `no_certificate`, `refused`, `signed` or `error`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import time
from typing import Any

from hw.card import pcsc

PULLED_SEEN_S = 1.5
"""pcscd looks into a reader every 0.4 s; until then a pulled card seems to be there."""

Answer = dict[str, Any]


class Token:
    """rereads: the module looks for its tokens only when it is initialized, as SoftHSM does."""

    def __init__(
        self, pkcs11: Any, library: Any, *, slot: int, key_id: bytes, counter: str, rereads: bool
    ) -> None:
        self._pkcs11 = pkcs11
        self._library = library
        self._slot = slot
        self._key_id = key_id
        self._counter = counter
        self._rereads = rereads
        self._seen: Answer | None = None

    def answer(self, question: Answer) -> Answer:
        try:
            if question["ask"] == "look":
                return self._look()
            return self._sign(challenge=bytes.fromhex(question["challenge"]), pin=question["pin"])
        except (self._pkcs11.TokenNotPresent, self._pkcs11.TokenNotRecognised, self._pkcs11.DeviceRemoved):
            self._seen = None
            return {"outcome": "absent"}
        except self._pkcs11.PKCS11Error as error:
            return self._broken_off(error)

    def _look(self) -> Answer:
        if self._rereads and self._seen is None:
            self._library.reinitialize()
        slots = self._library.get_slots()
        if self._slot >= len(slots):
            return {"outcome": "no_reader"}
        token = slots[self._slot].get_token()
        identity = {"label": token.label, "serial": bytes(token.serial).decode("ascii", "replace").strip()}
        if self._seen is None or any(self._seen[name] != value for name, value in identity.items()):
            self._seen = None  # reading a certificate takes a real card most of a second
            with token.open() as session:
                certificate = self._certificate(session)
            if certificate is None:
                return {"outcome": "no_certificate"}
            self._seen = {"outcome": "card", **identity, **certificate}
        return self._seen

    def _certificate(self, session: Any) -> Answer | None:
        attribute = self._pkcs11.Attribute
        wanted: dict[Any, Any] = {attribute.CLASS: self._pkcs11.ObjectClass.CERTIFICATE}
        if self._key_id:
            wanted[attribute.ID] = self._key_id
        for found in session.get_objects(wanted):
            return {"certificate": bytes(found[attribute.VALUE]).hex(), "id": bytes(found[attribute.ID]).hex()}
        return None

    def _sign(self, *, challenge: bytes, pin: str) -> Answer:
        seen = self._look()
        if seen["outcome"] != "card":
            return seen
        slot = self._library.get_slots()[self._slot]
        errors = self._pkcs11
        try:
            with slot.get_token().open(user_pin=pin) as session:
                return {**seen, "outcome": "signed", **self._signature(session, seen, challenge)}
        except (errors.PinIncorrect, errors.PinLenRange, errors.PinInvalid):
            return {"outcome": "refused", "tries_left": self._tries_left(slot)}
        except errors.PinLocked:
            return {"outcome": "refused", "tries_left": 0}

    def _signature(self, session: Any, seen: Answer, challenge: bytes) -> Answer:
        names, mechanisms = self._pkcs11.KeyType, self._pkcs11.Mechanism
        key = session.get_key(object_class=self._pkcs11.ObjectClass.PRIVATE_KEY, id=bytes.fromhex(seen["id"]))
        if key.key_type == names.EC:  # cards hash nothing for ECDSA
            signature = key.sign(hashlib.sha256(challenge).digest(), mechanism=mechanisms.ECDSA)
            return {"algorithm": "ecdsa", "signature": signature.hex()}
        signature = key.sign(challenge, mechanism=mechanisms.SHA256_RSA_PKCS)
        return {"algorithm": "rsa", "signature": signature.hex()}

    def _tries_left(self, slot: Any) -> int | None:
        """PKCS#11 (2.40, table 6) has flags for none and for one, and no number."""
        flags = slot.get_token().flags
        if self._pkcs11.TokenFlag.USER_PIN_LOCKED in flags:
            return 0
        if self._counter == "piv" and (tries := pcsc.piv_tries_left(slot.slot_description)) is not None:
            return tries
        return 1 if self._pkcs11.TokenFlag.USER_PIN_FINAL_TRY in flags else None

    def _broken_off(self, error: Exception) -> Answer:
        """A card pulled in mid-call shows as whatever error the module thinks of: see whether it is there."""
        self._seen = None
        deadline = time.monotonic() + PULLED_SEEN_S
        try:
            while time.monotonic() < deadline:
                slots = self._library.get_slots()
                if self._slot >= len(slots):
                    return {"outcome": "no_reader"}
                slots[self._slot].get_token()
                time.sleep(0.1)
        except self._pkcs11.PKCS11Error:
            return {"outcome": "absent"}
        return {"outcome": "error", "reason": type(error).__name__}


def main() -> None:
    module, slot, key_id, counter, rereads = sys.argv[1:]
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)  # what the module prints is no answer
        try:
            pkcs11 = importlib.import_module("pkcs11")
            library = pkcs11.lib(module)
        except ImportError:
            print(json.dumps({"outcome": "unusable", "reason": "python-pkcs11 is not installed"}), file=answers)
            return
        except RuntimeError as error:
            reason = f"{module} does not load: {str(error) or type(error).__name__}"
            print(json.dumps({"outcome": "unusable", "reason": reason}), file=answers)
            return
        token = Token(
            pkcs11,
            library,
            slot=int(slot),
            key_id=bytes.fromhex(key_id),
            counter=counter,
            rereads=rereads == "rereads",
        )
        print(json.dumps({"outcome": "loaded"}), file=answers)
        for line in sys.stdin:
            print(json.dumps(token.answer(json.loads(line))), file=answers)


if __name__ == "__main__":
    main()
