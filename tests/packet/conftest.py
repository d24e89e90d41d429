from __future__ import annotations

import pytest

from kiosk.packet.contents import PacketContents
from kiosk.packet.seal import SealedPacket, seal
from kiosk.security.keys import provision_development
from tests.packet.made_packets import SEALED_AT, Keys, made_contents, read_keys


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
