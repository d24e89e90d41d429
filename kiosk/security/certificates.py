"""The X.509 profile of the kiosk: a P-256 authority, and signers of detached CMS under it.

RFC 5280, and RFC 8550 (S/MIME certificate handling) for signers: `openssl cms -verify` takes a signer for
the S/MIME purpose by default, and stricter verifiers ask for the e-mail name that profile requires.
"""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLOCK_SKEW = dt.timedelta(days=1)
"""A unit that starts with its clock a little behind must still accept a new certificate."""


def make_authority(
    name: str, *, now: dt.datetime, lifetime: dt.timedelta
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A self-signed authority that may sign end certificates only (path length 0)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = subject_of(name)
    certificate = (
        _builder(
            subject=subject,
            issuer=subject,
            public_key=key.public_key(),
            issuer_key=key.public_key(),
            now=now,
            lifetime=lifetime,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, SHA256())
    )
    return key, certificate


def make_signer(
    name: str,
    *,
    mail: str,
    authority: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key that signs packets, receipts or lists, certified by `authority`."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, certify(
        subject_of(name), key.public_key(), mail=mail, authority=authority, now=now, lifetime=lifetime
    )


def certify(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    mail: str,
    authority: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> x509.Certificate:
    """A signer's certificate by `authority`. mail: names the signer, never used."""
    authority_key, authority_certificate = authority
    return (
        _builder(
            subject=subject,
            issuer=authority_certificate.subject,
            public_key=public_key,
            issuer_key=authority_key.public_key(),
            now=now,
            lifetime=lifetime,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
        .sign(authority_key, SHA256())
    )


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it is an end certificate for signatures, and no authority's."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.digital_signature and not usage.key_cert_sign and not constraints.ca


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def common_name(certificate: x509.Certificate) -> str:
    """Of the subject; empty when there is none, or more than one."""
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(names[0].value) if len(names) == 1 else ""


def _builder(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def subject_of(name: str) -> x509.Name:
    """name: a unit's id, or what an authority is called."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ID"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Kios KTP-el"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
