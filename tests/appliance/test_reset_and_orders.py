"""A unit becomes new again: by its own command, or by a signed order on a stick."""

from __future__ import annotations

import datetime as dt
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from kiosk.appliance.orders import FORMAT as ORDER
from kiosk.appliance.orders import OrderRefusedError
from kiosk.appliance.provisioning_files import finish_from
from kiosk.appliance.reset import ResetRefusedError, reset
from kiosk.commands.order import follow
from kiosk.config import load
from kiosk.security.ceremony import key_id_of_certificate
from kiosk.security.keys import CERTIFICATE
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from tests.appliance.office import TODAY, Office
from tests.enrollment.people import NOW
from tests.security.ceremonies import UNIT, make_authority_folder


def test_a_reset_leaves_no_key_and_no_settings(made: Office) -> None:
    config = load(made.places.settings)
    secrets = [path.read_bytes() for path in config.keys.rglob("*.key")]
    assert secrets
    destroyed = reset(config, confirmed=UNIT)
    assert "kiosk.toml" in destroyed
    assert not [path for path in config.keys.rglob("*") if path.is_file()]
    assert not made.places.settings.exists()
    assert reset(config, confirmed=UNIT) == (), "again, after a power cut"


def test_a_reset_wants_the_units_name(made: Office) -> None:
    config = load(made.places.settings)
    with pytest.raises(ResetRefusedError, match=UNIT):
        reset(config, confirmed="KIOSK-8")
    assert made.places.settings.exists()


def put_one(folder: DataFolder) -> str:
    with closing(Outbox(folder.outbox)) as outbox:
        return outbox.put(b"sealed", enrollment_id="E-1", nik_hash="00", sealed_at=TODAY)


def test_a_reset_waits_for_undelivered_packets(made: Office) -> None:
    config = load(made.places.settings)
    put_one(DataFolder(config.data))
    with pytest.raises(ResetRefusedError, match="1 packets"):
        reset(config, confirmed=UNIT)
    with pytest.raises(ResetRefusedError, match="--destroying 1"):
        reset(config, confirmed=UNIT, destroying=2)
    assert reset(config, confirmed=UNIT, destroying=1)


def test_a_reset_counts_records_not_sealed_and_packets_it_cannot_read(made: Office) -> None:
    config = load(made.places.settings)
    folder = DataFolder(config.data)
    sha256 = put_one(folder)
    (folder.outbox / f"{sha256}.json").write_text("rotten")
    with Journal(folder.journal, wrapping_key=bytes(32)) as journal:
        for enrollment_id in ("E-1", "E-2"):
            journal.append(enrollment_id, {"kind": "begun"}, NOW)
    with pytest.raises(ResetRefusedError, match=r"1 packets .* 1 records are not sealed"):
        reset(config, confirmed=UNIT, destroying=1)
    assert made.places.settings.exists()
    assert reset(config, confirmed=UNIT, destroying=2)


# --- orders on a stick ----------------------------------------------------------------------------


def key_id(office: Office) -> str:
    certificate = (load(office.places.settings).keys / CERTIFICATE).read_bytes()
    return key_id_of_certificate(x509.load_pem_x509_certificates(certificate)[0])


def orders(office: Office, **changes: Any) -> None:
    fields = {
        "format": ORDER,
        "order": "reset",
        "unit_id": UNIT,
        "key_id": key_id(office),
        "valid_until": (TODAY + dt.timedelta(days=7)).isoformat(),
        "undelivered_too": False,
        **changes,
    }
    (office.stick / "order.json").write_text(json.dumps(fields))
    signature = office.authority.sign((office.stick / "order.json").read_bytes())
    (office.stick / "order.json.p7s").write_bytes(signature)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What the service manager was asked for, by a `systemctl` of our own."""
    log = tmp_path / "asked"
    log.touch()
    command = tmp_path / "bin/systemctl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\necho "$*" >>"{log}"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    return log


def test_a_signed_order_resets_the_unit_it_names(made: Office, asked: Path) -> None:
    orders(made)
    assert follow(load(made.places.settings), made.stick, authority=made.anchor) == 0
    assert asked.read_text() == "start --no-block kiosk-reset.service\n"


def test_a_unit_set_up_anew_under_its_name_does_not_follow_the_order_again(made: Office, asked: Path) -> None:
    orders(made)
    first = key_id(made)
    reset(load(made.places.settings), confirmed=UNIT)
    made.begins()
    made.certifies()
    finish_from(made.places, made.stick)
    assert key_id(made) != first
    with pytest.raises(OrderRefusedError, match=first):
        follow(load(made.places.settings), made.stick, authority=made.anchor)
    assert asked.read_text() == ""


def test_a_stick_without_an_order_does_nothing(made: Office, asked: Path) -> None:
    assert follow(load(made.places.settings), made.stick, authority=made.anchor) == 0
    assert asked.read_text() == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"unit_id": "KIOSK-8"}, "KIOSK-8"),
        ({"valid_until": "2020-01-01T00:00:00+00:00"}, "2020"),
        ({"order": "explode"}, "explode"),
        ({"key_id": "ab" * 32}, "for the key 'abab"),
        ({"undelivered_too": True}, "how many"),
        ({"format": "another"}, "form"),
        ({"more": 1}, "form"),
        ({"valid_until": "2020-01-01"}, "cannot be read"),
    ],
)
def test_an_order_that_will_not_do_is_refused(
    changes: dict[str, Any], named: str, made: Office, asked: Path
) -> None:
    orders(made, **changes)
    with pytest.raises(OrderRefusedError, match=named):
        follow(load(made.places.settings), made.stick, authority=made.anchor)
    assert asked.read_text() == ""


def test_an_order_of_a_stranger_is_refused(made: Office, asked: Path, tmp_path: Path) -> None:
    orders(made)
    stranger = make_authority_folder(tmp_path / "stranger")
    with pytest.raises(OrderRefusedError):
        follow(load(made.places.settings), made.stick, authority=stranger.folder / "centre_ca.pem")
    assert asked.read_text() == ""


def test_an_order_waits_for_undelivered_packets(made: Office, asked: Path) -> None:
    config = load(made.places.settings)
    put_one(DataFolder(config.data))
    orders(made)
    with pytest.raises(OrderRefusedError, match="1 packets"):
        follow(config, made.stick, authority=made.anchor)
    orders(made, undelivered_too=1)
    assert follow(config, made.stick, authority=made.anchor) == 0
    assert asked.read_text() == "start --no-block kiosk-reset.service\n"
