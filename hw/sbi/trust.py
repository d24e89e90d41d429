"""Is a device's certificate issued under a trusted device CA, and valid now?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure

MAX_CHAIN: Final = 5
_MALFORMED: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""A certificate's fields are parsed when they are first asked for."""


def load_anchors(path: Path | None) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file: a device's signing key and the key of its trust module, which signs
    the digital id, are often certified by two authorities.

    SbiFailure UNTRUSTED_DEVICE when there is none: without an anchor no device is trusted.
    """
    if path is None:
        raise _untrusted("no device CA is configured")
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise _untrusted("the device CA's certificate cannot be read") from error


def check_chain(
    chain: Sequence[x509.Certificate], *, anchors: Sequence[x509.Certificate], now: datetime
) -> None:
    """RFC 5280, 6.1, as far as device certificates need it: validity, issuer, signature, CA and path length.

    chain: the signer first, as in `x5c`; the anchor itself may be its last element or left out.
    now: aware. SbiFailure UNTRUSTED_DEVICE names the first thing that does not hold.
    """
    path = [chain[0], *(certificate for certificate in chain[1:] if certificate not in anchors)]
    if len(path) >= MAX_CHAIN:
        raise _untrusted("the certificate chain is too long")
    failure = _untrusted("the device's certificate is not of the trusted device CA")
    for anchor in anchors:
        try:
            if path[-1].issuer == anchor.subject:
                return _check_path([*path, anchor], now=now)
        except SbiFailure as problem:
            failure = problem
        except _MALFORMED as error:
            failure = _untrusted("a certificate that cannot be read")
            failure.__cause__ = error
    raise failure


def _check_path(path: Sequence[x509.Certificate], *, now: datetime) -> None:
    for certificate in path:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise _untrusted("a certificate of the device is not valid now")
    for depth, (certificate, issuer) in enumerate(pairwise(path)):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError) as error:
            raise _untrusted("the device's certificate is not of the trusted device CA") from error
        _check_issuer(issuer, certificates_below=depth)


def _check_issuer(issuer: x509.Certificate, *, certificates_below: int) -> None:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise _untrusted("an issuer that is no certificate authority") from error
    if not constraints.ca or not usage.key_cert_sign:
        raise _untrusted("an issuer that is no certificate authority")
    if constraints.path_length is not None and certificates_below > constraints.path_length:
        raise _untrusted("a certificate authority below its allowed depth")


def _untrusted(detail: str) -> SbiFailure:
    return SbiFailure(FaultCode.UNTRUSTED_DEVICE, detail)
