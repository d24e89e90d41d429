"""`hw probe` and `hw doctor`: what is printed, and how they end."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.commands import cli, discovery
from hw.sim.code import SimulatedCodeScanner
from hw.sim.printer import SimulatedPrinter

SERVICES = ("sbi:", "epad:", "nut:", "gpsd:", "pkcs11:")


@pytest.fixture
def printer() -> Iterator[SimulatedPrinter]:
    device = SimulatedPrinter()
    device.start()
    yield device
    device.stop()


def test_probe_names_driver_identity_and_state(
    printer: SimulatedPrinter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", printer.url]) == cli.OK
    shown = capsys.readouterr().out
    assert "printer    ready" in shown
    assert printer.url in shown
    assert "hw.printer.slip_printer.EscPosSlipPrinter" in shown
    assert "Simulated TM-SIM SIM0001" in shown


def test_probe_as_json_can_be_read_by_programs(
    printer: SimulatedPrinter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", "--json", printer.url]) == cli.OK
    found = {finding["url"]: finding for finding in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found[printer.url]["state"] == "ready"
    assert found[printer.url]["firmware"] == "1.0"


def test_probe_shows_a_missing_device_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"epad://{tmp_path}/hidraw0"
    assert cli.main(["probe", "--json", url]) == cli.NOT_WELL
    found = {finding["url"]: finding for finding in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (found[url]["state"], found[url]["fault"]) == ("lost", "not_connected")


def test_doctor_is_content_with_healthy_devices(
    printer: SimulatedPrinter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanner = SimulatedCodeScanner(folder=tmp_path)
    scanner.start()
    assert cli.main(["doctor", printer.url, scanner.url]) == cli.OK
    shown = capsys.readouterr().out
    assert "FAILED" not in shown
    assert shown.count("ok ") >= 3
    scanner.stop()


def test_doctor_says_what_to_do(printer: SimulatedPrinter, capsys: pytest.CaptureFixture[str]) -> None:
    printer.fail("cover_open")
    assert cli.main(["doctor", printer.url]) == cli.NOT_WELL
    shown = capsys.readouterr().out
    assert "FAILED  the printer is ready" in shown
    assert "the cover is open" in shown


@pytest.mark.parametrize("command", ["probe", "doctor"])
def test_a_wrong_url_is_a_wrong_command_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "usb:///dev/video0"]) == cli.USAGE
    assert "scheme 'usb'" in capsys.readouterr().err


def test_a_control_port_in_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cli.main(["sim", "--control-port", str(taken.getsockname()[1])]) == cli.NOT_WELL
    assert "Address already in use" in capsys.readouterr().err


def test_a_folder_without_people_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "--people", str(tmp_path)]) == cli.NOT_WELL
    assert str(tmp_path) in capsys.readouterr().err


def test_no_command_is_a_wrong_command_line() -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == cli.USAGE


@pytest.mark.parametrize("command", [[], ["probe"], ["doctor"], ["sim"]])
def test_help_has_examples(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == cli.OK
    assert "examples:\n  hw " in capsys.readouterr().out


def test_by_id_links_and_nodes_become_urls(tmp_path: Path) -> None:
    for node in (
        "v4l/by-id/usb-CAM_1-video-index0",
        "v4l/by-id/usb-CAM_1-video-index1",
        "serial/by-id/usb-SCAN_1-if00",
        "usb/lp0",
        "gpiochip0",
    ):
        (tmp_path / node).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / node).touch()
    found = [url for url in discovery.candidates(dev=tmp_path) if not url.startswith(SERVICES)]
    assert found == [
        f"v4l2://{tmp_path}/v4l/by-id/usb-CAM_1-video-index0",
        f"serial://{tmp_path}/serial/by-id/usb-SCAN_1-if00?proto=code",
        f"escpos://{tmp_path}/usb/lp0",
        "gpio:?factory=lgpio",
    ]
