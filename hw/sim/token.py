"""A simulated officer's card: a SoftHSM token, opened through the same PKCS#11 calls as a real card."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hw.api import DeviceKind
from hw.sim.device import Simulator, StandingFaults

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "483920"
"""That of the simulated office's officer, so that one PIN serves."""
_LABEL, _KEY_ID = "petugas", "01"

_PUT_CERTIFICATE = """
import sys, pkcs11
library, label, pin, key_id, certificate = sys.argv[1:]
attribute = pkcs11.Attribute
with pkcs11.lib(library).get_token(token_label=label).open(rw=True, user_pin=pin) as session:
    session.create_object({
        attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
        attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        attribute.TOKEN: True,
        attribute.ID: bytes.fromhex(key_id),
        attribute.SUBJECT: b"",
        attribute.VALUE: open(certificate, "rb").read(),
    })
"""
"""softhsm2-util imports keys only."""


class SimulatedToken(Simulator):
    """Made at the first start, and not in the reader until it is plugged in. Unplugged, the reader stays.
    It has no faults; those of a card in a reader are `hw.sim.card`'s."""

    def __init__(self, *, folder: Path) -> None:
        self._faults = StandingFaults()
        super().__init__(DeviceKind.CARD, self._faults)
        self._folder = folder / "card"
        self._reader = self._folder / "reader"
        self._pocket = self._folder / "pocket"

    @staticmethod
    def installed() -> bool:
        return LIBRARY.exists() and shutil.which("softhsm2-util") is not None

    @property
    def url(self) -> str:
        return f"pkcs11://{LIBRARY}?slot=0&id={_KEY_ID}&conf={self._configuration}"

    @property
    def certificate(self) -> Path:
        """The file of the card's certificate, DER."""
        return self._folder / "card.der"

    @property
    def plugged(self) -> bool:
        return self._reader.exists() and any(self._reader.iterdir())

    def start(self) -> None:
        if not self._folder.exists():
            self._make()

    def plug(self) -> None:
        _move(self._pocket, self._reader)

    def unplug(self) -> None:
        _move(self._reader, self._pocket)

    @property
    def _configuration(self) -> Path:
        return self._folder / "softhsm2.conf"

    def _make(self) -> None:
        self._reader.mkdir(parents=True)
        self._pocket.mkdir()
        self._configuration.write_text(
            f"directories.tokendir = {self._reader}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        key = ec.generate_private_key(ec.SECP256R1())
        self.certificate.write_bytes(_certificate(key).public_bytes(serialization.Encoding.DER))
        key_file = self._folder / "key.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._run("softhsm2-util", "--init-token", "--free", "--label", _LABEL, "--pin", PIN, "--so-pin", PIN)
        token = ("--token", _LABEL, "--pin", PIN, "--label", _LABEL, "--id", _KEY_ID)
        self._run("softhsm2-util", "--import", str(key_file), *token)
        key_file.unlink()
        arguments = (str(LIBRARY), _LABEL, PIN, _KEY_ID, str(self.certificate))
        self._run(sys.executable, "-c", _PUT_CERTIFICATE, *arguments)
        self.unplug()

    def _run(self, *command: str) -> None:
        environment = {**os.environ, "SOFTHSM2_CONF": str(self._configuration)}
        subprocess.run(command, env=environment, capture_output=True, check=True)


def _move(source: Path, target: Path) -> None:
    """SoftHSM keeps a token as a folder with a name of its own."""
    for token in source.iterdir():
        token.replace(target / token.name)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PETUGAS SIMULASI")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
