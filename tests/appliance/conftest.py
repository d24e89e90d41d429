"""A new unit and its authority."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.appliance.provisioning import Places
from kiosk.appliance.provisioning_files import finish_from
from tests.appliance.office import Office
from tests.security.ceremonies import Authority, file_store, make_authority_folder


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority_folder(tmp_path_factory.mktemp("authority") / "made")


@pytest.fixture
def office(authority: Authority, tmp_path: Path) -> Office:
    for name in ("etc", "stick"):
        (tmp_path / name).mkdir()
    places = Places(
        tmp_path / "etc/kiosk.toml", tmp_path / "data", tmp_path / "keys", lambda _config: file_store()
    )
    return Office(places, authority, tmp_path / "stick")


@pytest.fixture
def made(office: Office) -> Office:
    office.begins()
    office.certifies()
    finish_from(office.places, office.stick)
    return office
