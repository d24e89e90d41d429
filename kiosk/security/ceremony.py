"""The key ceremony: keys made on the unit, certified by authorities whose keys the unit never sees.

Each step is a function over the key folder, and either done whole or refused with nothing changed. The
order: `create_keys`, `request`, `import_certificate`, `import_recipients`; later `rotate` and the middle
two again, or a newer list; at the end `destroy`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.security.certificates import common_name, is_authority, may_sign, subject_of
from kiosk.security.key_faults import KeyFault, KeyFileError, KeyRefusal, KeyStoreError
from kiosk.security.key_files import read_bytes, read_certificates, replace, write_new
from kiosk.security.key_store import KeyStore, SigningKey
from kiosk.security.keys import (
    CENTRE_AUTHORITY,
    CERTIFICATE,
    DEVICE_AUTHORITY,
    NEXT_CERTIFICATE,
    NEXT_KEY,
    OFFICE_KEY,
    RECEIVER_AUTHORITY,
    RECIPIENTS,
    SECRET_BYTES,
    SIGNATURE_SUFFIX,
    SIGNING_KEY,
    WRAPPING_KEY,
    check_chain,
    list_path,
    list_versions,
    open_signing_key,
)
from kiosk.security.recipients import RecipientList, SignatureCheck, check_list
from kiosk.security.signing_request import make_request

RETIRED = "device/retired"


def create_keys(
    folder: Path,
    store: KeyStore,
    *,
    device_authority: bytes,
    centre_authority: bytes,
    office_key: bytes | None = None,
) -> str | KeyRefusal:
    """Makes the unit's keys, and remembers who may certify it and who may name recipients.

    device_authority, centre_authority: PEM, with different keys, or a unit could name recipients. office_key:
    32 bytes, the same for all units of one office; None makes one, for an office of one unit. Returns the key
    id: the SHA-256 (hex) of the public key. The signing key is written last: without it and a certificate,
    what is there was left by a power cut, and is made anew.
    """
    if has_keys(folder):
        return KeyRefusal(KeyFault.ALREADY_THERE, f"{folder} has keys already; `destroy` or `rotate` them")
    refusal = _unfit(device_authority, centre_authority, office_key)
    if refusal is not None:
        return refusal
    try:
        sealed = store.make_signing_key(name=SIGNING_KEY)
        key = store.signing_key(sealed, name=SIGNING_KEY)
        wrapping_key = store.seal(os.urandom(SECRET_BYTES), name=WRAPPING_KEY)
        office = store.seal(office_key or os.urandom(SECRET_BYTES), name=OFFICE_KEY)
    except KeyStoreError as error:
        return KeyRefusal(error.fault, str(error))
    replace(folder / DEVICE_AUTHORITY, device_authority)
    replace(folder / CENTRE_AUTHORITY, centre_authority)
    replace(folder / OFFICE_KEY, office, private=True)
    replace(folder / WRAPPING_KEY, wrapping_key, private=True)
    replace(folder / SIGNING_KEY, sealed, private=True)
    return key_id_of(key)


def has_keys(folder: Path) -> bool:
    return any((folder / name).exists() for name in (SIGNING_KEY, CERTIFICATE, RETIRED))


def name_authorities(
    folder: Path,
    store: KeyStore,
    *,
    device_authority: bytes,
    centre_authority: bytes,
    office_key: bytes | None = None,
) -> KeyRefusal | None:
    """For keys that recorded nothing yet: other authorities than before, and another office's key if given.

    Where an authority is another one, what the one before certified and listed goes first.
    """
    refusal = _unfit(device_authority, centre_authority, office_key)
    if refusal is not None:
        return refusal
    try:
        office = store.seal(office_key, name=OFFICE_KEY) if office_key is not None else None
    except KeyStoreError as error:
        return KeyRefusal(error.fault, str(error))
    if not same_authorities(folder, device_authority=device_authority, centre_authority=centre_authority):
        (folder / CERTIFICATE).unlink(missing_ok=True)
        for path in sorted((folder / RECIPIENTS).glob("*")):
            path.unlink()
        replace(folder / DEVICE_AUTHORITY, device_authority)
        replace(folder / CENTRE_AUTHORITY, centre_authority)
    if office is not None:
        replace(folder / OFFICE_KEY, office, private=True)
    return None


def same_authorities(folder: Path, *, device_authority: bytes, centre_authority: bytes) -> bool:
    named = ((DEVICE_AUTHORITY, device_authority), (CENTRE_AUTHORITY, centre_authority))
    return all((folder / name).exists() and (folder / name).read_bytes() == pem for name, pem in named)


def _unfit(device_authority: bytes, centre_authority: bytes, office_key: bytes | None) -> KeyRefusal | None:
    devices, centres = _authorities(device_authority), _authorities(centre_authority)
    if devices is None or centres is None:
        which = "of devices" if devices is None else "of recipients"
        return KeyRefusal(KeyFault.UNREADABLE, f"the authority {which}: no certificates of an authority in PEM")
    if {key_id_of_certificate(anchor) for anchor in devices} & {
        key_id_of_certificate(anchor) for anchor in centres
    }:
        return KeyRefusal(
            KeyFault.UNTRUSTED, "one authority for devices and recipients: a unit could name recipients"
        )
    if office_key is not None and len(office_key) != SECRET_BYTES:
        return KeyRefusal(
            KeyFault.UNREADABLE, f"an office's key has {SECRET_BYTES} bytes, not {len(office_key)}"
        )
    return None


def request(folder: Path, store: KeyStore, *, unit_id: str) -> bytes | KeyRefusal:
    """PKCS #10 in PEM: of the next key, when one waits for its certificate, else of the present one."""
    try:
        _finish_rotation(folder)
        place = NEXT_KEY if (folder / NEXT_KEY).exists() else SIGNING_KEY
        return make_request(_key(folder / place, store), subject=subject_of(unit_id))
    except (KeyFileError, KeyStoreError) as error:
        return KeyRefusal(error.fault, str(error))


def import_certificate(
    folder: Path, store: KeyStore, pem: bytes, *, unit_id: str, now: dt.datetime
) -> x509.Certificate | KeyRefusal:
    """pem: the unit's certificate first, then any between it and the authority.

    A certificate of the next key puts that key into use: the old one is destroyed, its certificate kept. What
    was sealed under it stays deliverable, as packets are judged at the time of their sealing.
    """
    chain = _chain(pem)
    if chain is None:
        return KeyRefusal(KeyFault.UNREADABLE, "no certificates in PEM")
    try:
        _finish_rotation(folder)
        authorities = read_certificates(folder / DEVICE_AUTHORITY)
        place = NEXT_KEY if (folder / NEXT_KEY).exists() else SIGNING_KEY
        key = _key(folder / place, store)
        if place == NEXT_KEY and chain[0].public_key() != key.public_key():  # a renewal of the present one
            place, key = SIGNING_KEY, _key(folder / SIGNING_KEY, store)
    except KeyFileError as error:
        return KeyRefusal(error.fault, str(error))
    refusal = check_chain(chain, key, authorities, now=now)
    if refusal is not None:
        return refusal
    if not may_sign(chain[0]):
        return KeyRefusal(KeyFault.WRONG_USAGE, "not a certificate for signatures (key usage digitalSignature)")
    if (named := common_name(chain[0])) != unit_id:
        return KeyRefusal(KeyFault.ANOTHER_UNIT, f"the certificate names {named!r}, and this is {unit_id!r}")
    if place == SIGNING_KEY:
        replace(folder / CERTIFICATE, pem)
    else:
        _retire(folder)
        replace(folder / NEXT_CERTIFICATE, pem)
        (folder / NEXT_KEY).replace(folder / SIGNING_KEY)
        _finish_rotation(folder)
    return chain[0]


def rotate(folder: Path, store: KeyStore) -> str | KeyRefusal:
    """Makes the next key beside the present one, which signs until the next one is certified. The key id."""
    try:
        _finish_rotation(folder)
        _key(folder / SIGNING_KEY, store)
        if (folder / NEXT_KEY).exists():
            return KeyRefusal(
                KeyFault.ALREADY_THERE, "the next key is made already and waits for its certificate"
            )
        sealed = store.make_signing_key(name=SIGNING_KEY)
        write_new(folder / NEXT_KEY, sealed, private=True)
        return key_id_of(store.signing_key(sealed, name=SIGNING_KEY))
    except (KeyFileError, KeyStoreError) as error:
        return KeyRefusal(error.fault, str(error))


def import_recipients(
    folder: Path, document: bytes, signature: bytes, *, verify: SignatureCheck, now: dt.datetime
) -> RecipientList | KeyRefusal:
    """Takes a list of recipients signed by the authority; never an older one, nor another with its number."""
    try:
        authorities = read_certificates(folder / CENTRE_AUTHORITY)
    except KeyFileError as error:
        return KeyRefusal(error.fault, str(error))
    newest = max(list_versions(folder), default=0)
    found = check_list(document, signature, authorities=authorities, verify=verify, now=now, newest=newest)
    if isinstance(found, KeyRefusal):
        return found
    place = list_path(folder, found.version)
    if place.exists() and place.read_bytes() != document:
        return KeyRefusal(KeyFault.OLDER_VERSION, f"this unit has another list with the number {found.version}")
    replace(place.with_name(place.name + SIGNATURE_SUFFIX), signature)
    replace(place, document)
    replace(folder / RECEIVER_AUTHORITY, "".join(found.receiver_anchors).encode())
    return found


def destroy(folder: Path) -> tuple[str, ...]:
    """Overwrites and removes every key file, for a unit that changes hands. Returns what was removed.

    Flash may keep an overwritten block; that the files were sealed to the board, or wrapped by its TPM, on an
    encrypted partition, is what counts then.
    """
    removed = []
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
            continue
        if not path.is_symlink():
            _overwrite(path)
        path.unlink()
        removed.append(str(path.relative_to(folder)))
    return tuple(reversed(removed))


def key_id_of(key: SigningKey) -> str:
    return _spki_digest(key.public_key())


def _key(path: Path, store: KeyStore) -> SigningKey:
    """The next key bears the present one's name from the start, since it will be that one as it is."""
    return open_signing_key(path, store, name=SIGNING_KEY)


def _retire(folder: Path) -> None:
    """Keeps the certificate that packets in the queue were signed under, by its key id."""
    present = folder / CERTIFICATE
    if present.exists():
        key_id = key_id_of_certificate(read_certificates(present)[0])
        replace(folder / RETIRED / f"{key_id}.pem", read_bytes(present))


def _finish_rotation(folder: Path) -> None:
    """What a power cut left half done: the next key is in use, its certificate still beside."""
    waiting = folder / NEXT_CERTIFICATE
    if not waiting.exists():
        return
    if (
        folder / NEXT_KEY
    ).exists():  # cut before the key changed places: the step is taken again from the start
        waiting.unlink()
        return
    waiting.replace(folder / CERTIFICATE)
    waiting.parent.rmdir()


def _overwrite(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.write(os.urandom(path.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())


def _chain(pem: bytes) -> tuple[x509.Certificate, ...] | None:
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem))
        for certificate in chain:
            certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return chain


def _authorities(pem: bytes) -> tuple[x509.Certificate, ...] | None:
    found = _chain(pem)
    return found if found and all(map(is_authority, found)) else None


def key_id_of_certificate(certificate: x509.Certificate) -> str:
    return _spki_digest(certificate.public_key())


def _spki_digest(key: CertificatePublicKeyTypes) -> str:
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()
