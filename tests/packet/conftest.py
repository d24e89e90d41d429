from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest
from cryptography import x509

from kiosk.packet.cms import DeviceSigner
from kiosk.packet.contents import PacketContents
from kiosk.packet.open import read_identity
from kiosk.packet.seal import SealedPacket, seal
from kiosk.security.keys import provision_development
from tests.packet.made_packets import SEALED_AT, made_contents, signer_of


@dataclass(frozen=True)
class Keys:
    folder: Path
    device: DeviceSigner
    receiver: DeviceSigner
    device_anchors: tuple[x509.Certificate, ...]
    receiver_anchors: tuple[x509.Certificate, ...]
    recipient: str
    identity: pyrage.x25519.Identity


def read_keys(folder: Path) -> Keys:
    return Keys(
        folder=folder,
        device=signer_of(folder / "device"),
        receiver=signer_of(folder / "receiver"),
        device_anchors=tuple(x509.load_pem_x509_certificates((folder / "ca/device_ca.pem").read_bytes())),
        receiver_anchors=tuple(x509.load_pem_x509_certificates((folder / "ca/receiver_ca.pem").read_bytes())),
        recipient=(folder / "centre/recipient.txt").read_text().strip(),
        identity=read_identity((folder / "centre/identity.txt").read_text()),
    )


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    provision_development(folder, now=SEALED_AT)
    return read_keys(folder)


@pytest.fixture(scope="session")
def contents() -> PacketContents:
    return made_contents()


@pytest.fixture(scope="session")
def packet(contents: PacketContents, keys: Keys) -> SealedPacket:
    return seal(contents, signer=keys.device, recipients=[keys.recipient])
