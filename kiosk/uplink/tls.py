"""Whose store is believed: with an authority of its own, nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509


def trust_only(authority: Path) -> None:
    """From here on this process believes a TLS server only under the certificates in `authority` (PEM).

    Before a store is opened. The store's client adds a certificate it is given to the system's; what it takes
    for the system's is named by SSL_CERT_FILE, so that is what has to change. Raises OSError, ValueError.
    """
    try:
        x509.load_pem_x509_certificates(authority.read_bytes())
    except ValueError as error:
        raise ValueError(f"{authority}: no certificates in PEM") from error
    os.environ["SSL_CERT_FILE"] = str(authority)
    os.environ.pop("SSL_CERT_DIR", None)
