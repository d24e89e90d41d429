"""A TLS door before a store's plain one, and the certificate it shows."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kiosk.security.certificates import subject_of
from tests.uplink.proxy import Proxy


def tls_door(port: int, server_pem: Path) -> Proxy:
    """A proxy for the store at `port` of this machine, not running yet. server_pem: key and certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    door = Proxy(port)
    door.socket = context.wrap_socket(door.socket, server_side=True, do_handshake_on_connect=False)
    return door


def make_server_pem(
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    *,
    host: str,
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> bytes:
    """A new key and its certificate in PEM. host: the address that clients know the server by."""
    key = ec.generate_private_key(ec.SECP256R1())
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject_of("store"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - lifetime)
        .not_valid_after(now + lifetime)
        .add_extension(here, critical=False)
        .sign(authority_key, SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
