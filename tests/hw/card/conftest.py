from __future__ import annotations

from pathlib import Path

import pytest

from tests.hw.card.peers import PeersAbsentError, install


@pytest.fixture(scope="session")
def pkcs11_site() -> Path:
    try:
        return install()
    except PeersAbsentError as absent:
        pytest.skip(f"python-pkcs11 is absent: {absent}")


@pytest.fixture
def python_pkcs11(pkcs11_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's child process finds python-pkcs11; this process does not."""
    monkeypatch.setenv("PYTHONPATH", str(pkcs11_site))
