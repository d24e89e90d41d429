"""Where the unit's secrets live: in files sealed to the machine, or in a TPM. Bytes in, bytes out."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

STORES = ("file", "tpm")


class SigningKey(Protocol):
    """A P-256 key that signs, wherever it is. `ec.EllipticCurvePrivateKey` is one."""

    def public_key(self) -> ec.EllipticCurvePublicKey: ...

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER ECDSA-Sig-Value (RFC 3279) over data, for ECDSA with SHA-256."""
        ...


class KeyStore(Protocol):
    """Makes and opens the contents of key files; keeps none itself. All raise KeyStoreError.

    name: what the secret is, such as `device/wrapping.key`. It is bound into the file: one cannot stand
    in for another.
    """

    kind: str

    def seal(self, plain: bytes, *, name: str) -> bytes:
        """plain: at most 64 bytes."""
        ...

    def open(self, sealed: bytes, *, name: str) -> bytes: ...

    def make_signing_key(self, *, name: str) -> bytes: ...

    def signing_key(self, sealed: bytes, *, name: str) -> SigningKey: ...


def open_store(kind: str, *, tpm: str = "device:/dev/tpmrm0", passphrase: bytes = b"") -> KeyStore:
    """kind: of STORES. tpm: a TCTI of tpm2-tss. Nothing is looked for before the store is used."""
    from kiosk.security.machine_store import MachineStore  # noqa: PLC0415 - the TPM's library is optional
    from kiosk.security.tpm_store import TpmStore  # noqa: PLC0415

    match kind:
        case "file":
            return MachineStore(passphrase=passphrase)
        case "tpm":
            return TpmStore(tpm, passphrase=passphrase)
    raise ValueError(f"no key store {kind!r}; allowed: {', '.join(STORES)}")
