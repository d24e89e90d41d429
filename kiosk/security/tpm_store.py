"""Secrets in a TPM 2.0: the signing key is made there and never leaves, data keys are sealed by it.

Files hold what the TPM itself wrapped (TCG TPM 2.0 Library, part 1, 22: protected storage), under an ECC
storage key that the TPM derives anew from its owner seed. Clearing the TPM changes the seed, and ends them
all. All secrets cross the bus encrypted (part 1, 19: session-based encryption), in a session salted to that
storage key, whose name is compared with the one at sealing: on a Pi the bus is a row of pins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kiosk.security.key_faults import KeyFault, KeyStoreError
from kiosk.security.key_store import SigningKey
from kiosk.security.sealed_file import is_sealed, read_sealed, write_sealed

T = TypeVar("T")
_MARSHALLING_LAYER = 9  # TSS2_MU_RC_LAYER (TCG TSS 2.0 overview, response codes): our file, not the TPM


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """name: what it is to us. parent: the storage key's TPM name. The rest: as the TPM marshals it."""

    name: str
    parent: str
    private: bytes
    public: bytes


class TpmStore:
    """tcti: how tpm2-tss reaches the TPM, such as `device:/dev/tpmrm0` or `swtpm:host=127.0.0.1,port=2321`.

    passphrase: becomes the objects' authorisation, which the TPM guards by its own lock-out; without one
    any program that reaches both the files and the TPM may use them.
    """

    kind = "tpm"

    def __init__(self, tcti: str, *, passphrase: bytes = b"") -> None:
        self._tcti = tcti
        self._auth = hashlib.sha256(b"ktp-el tpm 1:" + passphrase).digest() if passphrase else b""

    def seal(self, plain: bytes, *, name: str) -> bytes:
        return self._made("keyedhash", {"FIXEDTPM", "FIXEDPARENT", "USERWITHAUTH"}, plain, name=name)

    def open(self, sealed: bytes, *, name: str) -> bytes:
        wrapped = _read(sealed, name)
        with self._session() as tpm:
            return tpm.with_loaded(
                wrapped, lambda handle: bytes(tpm.esapi.unseal(handle, session1=tpm.session))
            )

    def make_signing_key(self, *, name: str) -> bytes:
        attributes = {"SIGN_ENCRYPT", "FIXEDTPM", "FIXEDPARENT", "SENSITIVEDATAORIGIN", "USERWITHAUTH"}
        return self._made("ecc256:ecdsa-sha256", attributes, b"", name=name)

    def signing_key(self, sealed: bytes, *, name: str) -> SigningKey:
        """Asks the TPM to load the key once, so that what is wrong shows now and not at the first packet."""
        wrapped = _read(sealed, name)
        with self._session() as tpm:
            public = tpm.with_loaded(wrapped, lambda _: tpm.public(wrapped).to_der())
        key = serialization.load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyStoreError(KeyFault.UNREADABLE, "not a P-256 key")
        return _TpmSigningKey(key, lambda digest: self._sign(wrapped, digest))

    def _sign(self, wrapped: _Wrapped, digest: bytes) -> bytes:
        with self._session() as tpm:
            scheme = tpm.types.TPMT_SIG_SCHEME(scheme=tpm.constants.TPM2_ALG.NULL)
            return tpm.with_loaded(
                wrapped, lambda handle: bytes(tpm.esapi.sign(handle, digest, scheme, session1=tpm.session))
            )

    def _made(self, kind: str, attributes: set[str], plain: bytes, *, name: str) -> bytes:
        with self._session() as tpm:
            if not self._auth:  # nothing to guess, so nothing for the lock-out to guard
                attributes |= {"NODA"}
            template = tpm.template(kind, attributes)
            sensitive = tpm.types.TPM2B_SENSITIVE_CREATE(
                tpm.types.TPMS_SENSITIVE_CREATE(userAuth=self._auth, data=plain)
            )
            private, public, *_ = tpm.esapi.create(tpm.primary, sensitive, template, session1=tpm.session)
            return write_sealed(
                {
                    "store": self.kind,
                    "name": name,
                    "parent": tpm.parent,
                    "private": private.marshal().hex(),
                    "public": public.marshal().hex(),
                }
            )

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        """The TPM for the length of one task; others may use it between. Raises KeyStoreError."""
        try:
            import tpm2_pytss  # noqa: PLC0415 - units without a TPM have no library for it
        except ImportError as error:
            raise KeyStoreError(KeyFault.NO_TPM, f"the library for a TPM is missing: {error}") from error
        try:
            esapi = tpm2_pytss.ESAPI(tpm2_pytss.TCTILdr(*self._tcti.split(":", 1)))
        except tpm2_pytss.TSS2_Exception as error:
            raise KeyStoreError(KeyFault.NO_TPM, f"no TPM at {self._tcti}: {error}") from error
        try:
            with esapi:
                session = _Session(tpm2_pytss, esapi, self._auth)
                try:
                    yield session
                finally:
                    session.end()
        except tpm2_pytss.TSS2_Exception as error:
            raise _told(tpm2_pytss, error) from error


class _Session:
    """An encrypted session salted to the storage key, in the TPM's few slots until `end`."""

    def __init__(self, tss: ModuleType, esapi: Any, auth: bytes) -> None:
        self.constants: Any = tss.constants
        self.types: Any = tss.types
        self.esapi = esapi
        self._auth = auth
        everywhere = self.constants.ESYS_TR
        storage = {"RESTRICTED", "DECRYPT", "NODA", "FIXEDTPM", "FIXEDPARENT", "SENSITIVEDATAORIGIN"}
        self.primary, public, *_ = esapi.create_primary(
            None, self.template("ecc256:aes128cfb", storage | {"USERWITHAUTH"}), everywhere.OWNER
        )
        self.parent = bytes(public.get_name()).hex()
        symmetric = self.types.TPMT_SYM_DEF(
            algorithm=self.constants.TPM2_ALG.AES,
            keyBits=self.types.TPMU_SYM_KEY_BITS(sym=128),
            mode=self.types.TPMU_SYM_MODE(sym=self.constants.TPM2_ALG.CFB),
        )
        kind, digest = self.constants.TPM2_SE.HMAC, self.constants.TPM2_ALG.SHA256
        self.session = esapi.start_auth_session(self.primary, everywhere.NONE, kind, symmetric, digest)
        use = self.constants.TPMA_SESSION
        esapi.trsess_set_attributes(self.session, use.DECRYPT | use.ENCRYPT | use.CONTINUESESSION)

    def template(self, kind: str, attributes: set[str]) -> Any:
        bits = self.constants.TPMA_OBJECT(0)
        for attribute in attributes:
            bits |= getattr(self.constants.TPMA_OBJECT, attribute)
        return self.types.TPM2B_PUBLIC(self.types.TPMT_PUBLIC.parse(kind, objectAttributes=bits))

    def public(self, wrapped: _Wrapped) -> Any:
        return self.types.TPM2B_PUBLIC.unmarshal(wrapped.public)[0]

    def with_loaded(self, wrapped: _Wrapped, use: Callable[[Any], T]) -> T:
        if wrapped.parent != self.parent:
            raise KeyStoreError(KeyFault.ANOTHER_MACHINE, "made in another TPM, or this one was cleared since")
        private = self.types.TPM2B_PRIVATE.unmarshal(wrapped.private)[0]
        handle = self.esapi.load(self.primary, private, self.public(wrapped), session1=self.session)
        try:
            self.esapi.tr_set_auth(handle, self._auth)
            return use(handle)
        finally:
            self.esapi.flush_context(handle)

    def end(self) -> None:
        self.esapi.flush_context(self.session)
        self.esapi.flush_context(self.primary)


class _TpmSigningKey:
    def __init__(self, public: ec.EllipticCurvePublicKey, sign: Callable[[bytes], bytes]) -> None:
        self._public = public
        self._sign = sign

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(signature_algorithm.algorithm, SHA256):
            raise ValueError("a key in the TPM signs SHA-256 only")
        return self._sign(hashlib.sha256(data).digest())


def _read(sealed: bytes, name: str) -> _Wrapped:
    if not is_sealed(sealed):
        raise KeyStoreError(KeyFault.OTHER_STORE, "not sealed; the configuration says 'tpm'")
    head = read_sealed(sealed, store=TpmStore.kind)
    try:
        if head["name"] != name:
            raise ValueError(f"this is {head['name']!r}")
        private, public = bytes.fromhex(head["private"]), bytes.fromhex(head["public"])
        return _Wrapped(name, str(head["parent"]), private, public)
    except (KeyError, ValueError, TypeError) as error:
        raise KeyStoreError(KeyFault.UNREADABLE, f"no sealed secret: {error}") from error


def _told(tss: ModuleType, error: Any) -> KeyStoreError:
    """What the TPM answered (part 2, 6.6: response codes), in terms of keys."""
    if error.rc >> 16 == _MARSHALLING_LAYER:
        return KeyStoreError(KeyFault.UNREADABLE, "damaged")
    codes = tss.constants.TPM2_RC
    match error.error:
        case codes.LOCKOUT:
            return KeyStoreError(KeyFault.TPM_LOCKED, "the TPM is locked after too many wrong passphrases")
        case codes.AUTH_FAIL | codes.BAD_AUTH:
            return KeyStoreError(KeyFault.WRONG_PASSPHRASE, "the passphrase is wrong")
        case codes.INTEGRITY:
            return KeyStoreError(KeyFault.UNREADABLE, "damaged, or not of this TPM")
    return KeyStoreError(KeyFault.TPM_FAILED, f"the TPM refused: {error}")
