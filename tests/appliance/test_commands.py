"""The commands the units run, by their words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.commands.ready import watched

UNITS = Path(__file__).parents[2] / "systemd/root/usr/lib/systemd/system"
REPORT = {"version": "1.4.0", "screen": True, "kernels": 9, "compiled": 0, "journal": True, "devices": {}}


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A configuration whose store is a folder with two images."""
    images = tmp_path / "store/images"
    images.mkdir(parents=True)
    for version in ("1.4.0", "1.5.0", "1.6.0"):
        (images / f"{version}.raucb").write_text(version)
    (tmp_path / "release").write_text("VERSION=1.4.0\n")
    (tmp_path / "updates").mkdir()
    config = tmp_path / "kiosk.toml"
    config.write_text(f'[uplink]\nstore = "file://{tmp_path}/store"\n')
    return tmp_path


def fetch(unit: Path) -> int:
    places = ["--config", str(unit / "kiosk.toml"), "--into", str(unit / "updates")]
    return main(
        ["update", "fetch", *places, "--release", f"{unit}/release", "--history", f"{unit}/history.json"]
    )


def test_the_newest_image_is_fetched_and_older_ones_make_room(unit: Path) -> None:
    (unit / "updates/1.4.5.raucb").touch()
    assert fetch(unit) == 0
    assert {path.name for path in (unit / "updates").iterdir()} == {"1.6.0.raucb", "1.6.0.raucb.tag"}


def test_a_refused_image_is_not_fetched(unit: Path) -> None:
    (unit / "history.json").write_text('{"trial": null, "refused": ["1.6.0"]}')
    assert fetch(unit) == 0
    assert {path.name for path in (unit / "updates").iterdir()} == {"1.5.0.raucb", "1.5.0.raucb.tag"}


def test_a_unit_that_runs_the_newest_fetches_nothing(unit: Path) -> None:
    (unit / "release").write_text("VERSION=1.6.0\n")
    assert fetch(unit) == 0
    assert not list((unit / "updates").iterdir())


def test_an_image_without_a_version_fetches_nothing(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (unit / "release").write_text("")
    assert fetch(unit) == 1
    assert "VERSION" in capsys.readouterr().err


def test_ready_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "ready.json"
    assert main(["ready", "--report", str(report)]) == 1
    assert "NOT READY  screen" in capsys.readouterr().out
    report.write_text(json.dumps(REPORT))
    assert main(["ready", "--report", str(report)]) == 0


def test_ready_waits_until_the_last_device_is_there(tmp_path: Path) -> None:
    report, pauses = tmp_path / "ready.json", list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        state = "ready" if len(pauses) == 3 else "connecting"
        report.write_text(json.dumps(REPORT | {"devices": {"slap": state}}))

    checks = watched(report, wait_s=60.0, monotonic_s=lambda: sum(pauses), pause=pause)
    assert all(check.ready for check in checks)
    assert len(pauses) == 3


def test_ready_gives_up_after_its_time(tmp_path: Path) -> None:
    pauses = list[float]()
    checks = watched(tmp_path / "none", wait_s=5.0, monotonic_s=lambda: sum(pauses), pause=pauses.append)
    assert not checks[0].ready
    assert sum(pauses) == 5.0


def test_without_a_store_the_uplink_has_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text("")
    assert main(["uplink", "--config", str(tmp_path / "kiosk.toml"), "--once"]) == 0


def test_a_store_on_this_machine_needs_no_way_out(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["firewall", "--config", str(unit / "kiosk.toml")]) == 0
    assert capsys.readouterr().out == ""


def test_the_stores_address_is_printed_for_nft(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kiosk.toml").write_text('[uplink]\nstore = "s3://ktp?endpoint=https://203.0.113.7:9000"\n')
    assert main(["firewall", "--config", str(tmp_path / "kiosk.toml")]) == 0
    assert "add element inet kiosk store4 { 203.0.113.7 . 9000 timeout 60m }" in capsys.readouterr().out


def test_every_unit_runs_a_command_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        line.partition("-m kiosk ")[2].split()
        for path in UNITS.glob("*.service")
        for line in path.read_text().splitlines()
        if line.startswith("ExecStart=") and "-m kiosk " in line
    ]
    assert commands
    for words in commands:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0, words
    capsys.readouterr()
