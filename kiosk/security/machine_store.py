"""Secrets in files that open on this machine only, and with its passphrase where one was given.

AES-256-GCM under a key from HKDF-SHA-256 (RFC 5869) over what tells this board from others, with
Argon2id (RFC 9106) of the passphrase. What identifies a board is no secret to a program that runs on it:
without a passphrase this stops a copied card or backup, and nobody who sits on the unit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.security.key_faults import KeyFault, KeyStoreError
from kiosk.security.key_store import SigningKey
from kiosk.security.sealed_file import is_sealed, read_sealed, write_sealed

_SALT_BYTES, _NONCE_BYTES, _MARK_BYTES = 16, 12, 8
_SOURCES = {
    "board-serial": "sys/firmware/devicetree/base/serial-number",
    "machine-id": "etc/machine-id",
}
"""The Pi's serial number is burnt into its processor. The machine id lies on the card, as the keys do."""


def machine_identity(root: Path = Path("/")) -> Mapping[str, bytes]:
    """What this board is known by, as far as any account may read it.

    A machine id that systemd made up for this start (`/run/machine-id`) is none: the next start has another.
    """
    found: dict[str, bytes] = {}
    for name, place in _SOURCES.items():
        if name == "machine-id" and (root / "run/machine-id").exists():
            continue
        try:
            value = (root / place).read_bytes().strip(b"\0\n ")
        except OSError:
            continue
        if value and value != b"uninitialized" and value.strip(b"0"):
            found[name] = value
    return found


class MachineStore:
    """Files without the armour of a sealed one are development keys, and read as they are."""

    kind = "file"

    def __init__(
        self, *, passphrase: bytes = b"", identity: Callable[[], Mapping[str, bytes]] = machine_identity
    ) -> None:
        self._passphrase = passphrase
        self._identity = identity

    def seal(self, plain: bytes, *, name: str) -> bytes:
        machine = self._identity()
        if not machine and not self._passphrase:
            raise KeyStoreError(
                KeyFault.NO_IDENTITY, "this board has no serial number or lasting machine id: give a passphrase"
            )
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        head = {
            "store": self.kind,
            "name": name,
            "machine": {source: _mark(source, value, salt).hex() for source, value in machine.items()},
            "passphrase": bool(self._passphrase),
            "salt": salt.hex(),
            "nonce": nonce.hex(),
        }
        sealed = AESGCM(self._key(machine, salt)).encrypt(nonce, plain, _bound(head))
        return write_sealed(head | {"sealed": sealed.hex()})

    def open(self, sealed: bytes, *, name: str) -> bytes:
        if not is_sealed(sealed):
            return sealed
        head = read_sealed(sealed, store=self.kind)
        try:
            marks, salt, nonce = head["machine"], bytes.fromhex(head["salt"]), bytes.fromhex(head["nonce"])
            data, with_passphrase = bytes.fromhex(head.pop("sealed")), head["passphrase"]
            if head["name"] != name:
                raise ValueError(f"this is {head['name']!r}")
            machine = self._same_machine(marks, salt)
            if with_passphrase is not bool(self._passphrase):
                wanted = "needs its passphrase" if with_passphrase else "was sealed without a passphrase"
                raise KeyStoreError(KeyFault.WRONG_PASSPHRASE, wanted)
            return AESGCM(self._key(machine, salt)).decrypt(nonce, data, _bound(head))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise KeyStoreError(KeyFault.UNREADABLE, f"no sealed secret: {error}") from error
        except InvalidTag:
            fault = KeyFault.WRONG_PASSPHRASE if self._passphrase else KeyFault.UNREADABLE
            detail = "the passphrase is wrong, or the file damaged" if self._passphrase else "damaged"
            raise KeyStoreError(fault, detail) from None

    def make_signing_key(self, *, name: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        plain = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.seal(plain, name=name)

    def signing_key(self, sealed: bytes, *, name: str) -> SigningKey:
        plain = self.open(sealed, name=name)
        load = serialization.load_der_private_key if is_sealed(sealed) else serialization.load_pem_private_key
        try:
            key = load(plain, None)
        except (ValueError, TypeError) as error:
            raise KeyStoreError(KeyFault.UNREADABLE, f"cannot be read: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyStoreError(KeyFault.UNREADABLE, "not a P-256 key")
        return key

    def _same_machine(self, marks: Mapping[str, str], salt: bytes) -> Mapping[str, bytes]:
        """This machine's part in the key: the sources there were at sealing, and no later ones."""
        here = self._identity()
        for source, mark in marks.items():
            if source not in here or _mark(source, here[source], salt).hex() != mark:
                raise KeyStoreError(
                    KeyFault.ANOTHER_MACHINE, f"sealed on another machine: its {source} differs"
                )
        return {source: here[source] for source in marks}

    def _key(self, machine: Mapping[str, bytes], salt: bytes) -> bytes:
        secret = b"".join(_framed(source.encode(), value) for source, value in sorted(machine.items()))
        if self._passphrase:
            secret += hash_secret_raw(
                self._passphrase, salt, time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, type=Type.ID
            )
        return _derived(secret, salt, purpose=b"ktp-el sealed file 1", length=32)


def _mark(source: str, value: bytes, salt: bytes) -> bytes:
    """Tells another machine from a damaged file, and says nothing of the machine."""
    return _derived(_framed(source.encode(), value), salt, purpose=b"ktp-el machine 1", length=_MARK_BYTES)


def _derived(secret: bytes, salt: bytes, *, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, purpose).derive(secret)


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _bound(head: Mapping[str, Any]) -> bytes:
    return write_sealed(dict(head))
