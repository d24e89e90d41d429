"""`kiosk keys` and `kiosk authority`: a ceremony from the keyboard, and what each refusal says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.__main__ import main
from kiosk.compose import load_keys
from kiosk.config import ConfigError, load
from kiosk.security.keys import load_receiver_keys
from tests.security.swtpm import needs_swtpm, software_tpm

Keys = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "authority"
    assert main(["authority", "init", str(folder), "--name", "Kabupaten Contoh"]) == 0
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """With a passphrase, since the machine that runs this may have no identity of its own."""
    (tmp_path / "passphrase").write_text("garuda\n")
    path = tmp_path / "kiosk.toml"
    path.write_text('[unit]\nid = "KIOSK-7"\n[paths]\nkeys = "keys"\n[keys]\npassphrase_file = "passphrase"\n')
    return path


@pytest.fixture
def keys(config: Path, capsys: pytest.CaptureFixture[str]) -> Keys:
    """Runs a step and returns what it said in JSON, with its exit status."""

    def run(*arguments: str | Path) -> dict[str, Any]:
        capsys.readouterr()
        status = main(["keys", *map(str, arguments), "--config", str(config), "--json"])
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said | {"status": status}

    return run


def init(authority: Path) -> tuple[str | Path, ...]:
    trusted = ("--device-ca", authority / "device_ca.pem", "--centre-ca", authority / "centre_ca.pem")
    return ("init", *trusted, "--office-key", authority / "office.key")


def signed_list(authority: Path, folder: Path, number: int) -> Path:
    path = folder / f"recipients-{number}.json"
    assert main(["authority", "list", str(authority), "--number", str(number), "-o", str(path)]) == 0
    return path


def commission(keys: Keys, authority: Path, folder: Path) -> None:
    assert keys(*init(authority))["status"] == 0
    keys("csr", "-o", folder / "unit.csr")
    certified = ("certify", authority, folder / "unit.csr", "--unit", "KIOSK-7", "-o", folder / "unit.pem")
    assert main(["authority", *map(str, certified)]) == 0
    assert keys("import", folder / "unit.pem")["status"] == 0
    assert keys("recipients", "import", signed_list(authority, folder, 1))["version"] == 1


def test_a_ceremony_gives_a_unit_that_starts(keys: Keys, config: Path, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    loaded = load_keys(load(config))
    assert loaded.recipients == ((authority / "recipient.txt").read_text().strip(),)
    shown = keys("show")
    assert (shown["store"], shown["certificate"]["subject"]) == ("file", "KIOSK-7")
    assert shown["list_version"] == 1


@needs_swtpm
def test_a_ceremony_in_the_tpm(keys: Keys, config: Path, authority: Path, tmp_path: Path):
    with software_tpm(tmp_path / "tpm") as tcti:
        config.write_text(config.read_text() + f'store = "tpm"\ntpm = "{tcti}"\n')
        commission(keys, authority, tmp_path)
        load_keys(load(config))
        assert keys("show")["store"] == "tpm"


def test_a_step_out_of_turn_is_refused(keys: Keys):
    assert keys("csr") | {"detail": ""} == {"done": False, "fault": "missing", "detail": "", "status": 1}
    assert keys("show")["fault"] == "missing"
    assert keys("rotate")["fault"] == "missing"


def test_a_second_start_is_refused(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    assert keys(*init(authority))["fault"] == "already_there"


def test_a_list_that_goes_back_is_refused(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    assert keys("recipients", "import", signed_list(authority, tmp_path, 4))["version"] == 4
    assert keys("recipients", "import", signed_list(authority, tmp_path, 3))["fault"] == "older_version"


def test_a_list_without_its_signature_is_a_missing_file(
    config: Path, authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = signed_list(authority, tmp_path, 1)
    path.with_name(path.name + ".p7s").unlink()
    assert main(["keys", "recipients", "import", str(path), "--config", str(config)]) == 2
    assert "recipients-1.json.p7s" in capsys.readouterr().err


def stick_with(authority: Path, folder: Path, *, number: int) -> Path:
    """As the office sends it: a list with its signature."""
    stick = folder / "stick"
    stick.mkdir()
    listed = signed_list(authority, folder, number)
    for name in ("recipients.json", "recipients.json.p7s"):
        (stick / name).write_bytes(listed.with_name(name.replace("recipients", listed.stem)).read_bytes())
    return stick


def test_a_stick_brings_a_newer_list_and_then_the_certificate_it_asked_for(
    keys: Keys, authority: Path, tmp_path: Path
):
    commission(keys, authority, tmp_path)
    before = keys("show")["certificate"]
    stick = stick_with(authority, tmp_path, number=5)
    assert keys("renew", stick)["done_with"] == ["recipients.json", "KIOSK-7.csr"]
    assert keys("show")["list_version"] == 5

    asked, answer = stick / "KIOSK-7.csr", stick / "KIOSK-7.pem"
    assert main(["authority", *map(str, ("certify", authority, asked, "--unit", "KIOSK-7", "-o", answer))]) == 0
    assert keys("renew", stick)["done_with"] == ["recipients.json", "KIOSK-7.pem", "KIOSK-7.csr"]
    after = keys("show")["certificate"]
    assert after["key_id"] == before["key_id"]
    assert after["fingerprint"] != before["fingerprint"]


def test_what_is_refused_on_a_stick_is_named_and_the_rest_is_taken(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    stick = stick_with(authority, tmp_path, number=5)
    (stick / "KIOSK-7.pem").write_bytes((authority / "device_ca.pem").read_bytes())
    said = keys("renew", stick)
    assert said["status"] == 1
    assert "KIOSK-7.pem" in said["detail"]
    assert keys("show")["list_version"] == 5
    assert (stick / "KIOSK-7.csr").exists()


def test_a_forged_list_on_a_stick_changes_nothing(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    stick = stick_with(authority, tmp_path, number=5)
    listed = stick / "recipients.json"
    listed.write_text(json.dumps(json.loads(listed.read_text()) | {"version": 6}))
    said = keys("renew", stick)
    assert (said["status"], said["detail"].startswith("recipients.json")) == (1, True)
    assert keys("show")["list_version"] == 1


def test_keys_are_destroyed_only_when_it_is_meant(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    assert keys("destroy")["status"] == 1
    assert (tmp_path / "keys/device/key.pem").exists()
    assert "device/key.pem" in keys("destroy", "--yes")["destroyed"]
    assert keys("show")["fault"] == "missing"


def test_the_wrong_passphrase_does_not_start_the_unit(keys: Keys, authority: Path, tmp_path: Path):
    commission(keys, authority, tmp_path)
    (tmp_path / "passphrase").write_text("rajawali\n")
    assert keys("csr")["fault"] == "wrong_passphrase"


def test_a_passphrase_file_that_is_not_there_is_the_configuration_s_fault(config: Path, tmp_path: Path):
    (tmp_path / "passphrase").unlink()
    with pytest.raises(ConfigError, match=r"line 6: keys.passphrase_file"):
        load_keys(load(config))


def test_the_authority_refuses_another_unit_s_request(keys: Keys, authority: Path, tmp_path: Path):
    keys(*init(authority))
    keys("csr", "-o", tmp_path / "unit.csr")
    asked = ("certify", authority, tmp_path / "unit.csr", "--unit", "KIOSK-8", "-o", tmp_path / "unit.pem")
    assert main(["authority", *map(str, asked)]) == 1
    assert not (tmp_path / "unit.pem").exists()


def test_the_authority_signs_no_list_that_units_would_refuse(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = ("list", authority, "--number", 0, "-o", tmp_path / "list.json")
    assert main(["authority", *map(str, asked)]) == 1
    assert "allowed: 1 or more" in capsys.readouterr().err


def test_a_receiver_gets_what_it_needs_and_no_authority_s_key(authority: Path, tmp_path: Path):
    assert main(["authority", "receiver", str(authority), "-o", str(tmp_path / "receiver")]) == 0
    keys = load_receiver_keys(tmp_path / "receiver")
    assert keys.anchors.devices
    assert (tmp_path / "receiver/centre/identity.txt").read_text().startswith("AGE-SECRET-KEY-1")
    found = {path.name for path in (tmp_path / "receiver").rglob("*.key")}
    assert found == {"nik_hash.key"}
    assert main(["authority", "receiver", str(authority), "-o", str(tmp_path / "receiver")]) == 1
    shutil.rmtree(tmp_path / "receiver")
