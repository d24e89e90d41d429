"""The units as systemd itself reads them: nothing unknown in them, and how little each may do."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "systemd" / "root"
UNITS = ROOT / "usr/lib/systemd/system"
IMAGE_UNITS = ROOT.parents[1] / "image-build/root/usr/lib/systemd/system"
"""Units that only the image has, beside ours there."""
SERVICES = sorted(path.name for folder in (UNITS, IMAGE_UNITS) for path in folder.glob("*.service"))
THRESHOLD = 15
"""Tenths: exposure 1.5."""
NOT_ON_A_WORKSTATION = ("/usr/sbin/nft", "/usr/bin/chronyc")
NEW_KEYS = {"RestartMode": 254}
"""Key -> the release of systemd that brought it. The image has 257, a workstation with Debian 12 has 252."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian: systemd)"
)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with the scripts' place in the image replaced by their place here."""
    place = tmp_path_factory.mktemp("units")
    folder, scripts = place / "system", place / "kiosk"
    for source in (UNITS, IMAGE_UNITS):
        shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(source.parents[1] / "kiosk", scripts, dirs_exist_ok=True)
    for path in folder.rglob("*.service"):
        if not path.is_symlink():
            path.write_text(path.read_text().replace("/usr/lib/kiosk/", f"{scripts}/"))
    return folder


def analyze(units: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_LOG_COLOR": "0"}
    return subprocess.run(
        ["systemd-analyze", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def release() -> int:
    told = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.split()[1])


def instance(name: str) -> str:
    return name.replace("@.", "@1.")


@needs_systemd
def test_systemd_finds_nothing_unknown_missing_or_circular(units: Path) -> None:
    names = [str(units / path.name) for path in sorted(units.iterdir()) if path.is_file()]
    verified = analyze(units, "verify", "--man=no", "--recursive-errors=yes", *names)
    unheard = tuple(f"Unknown key '{key}' in section" for key, since in NEW_KEYS.items() if release() < since)
    excused = (*(f"Command {program} " for program in NOT_ON_A_WORKSTATION), *unheard)
    complaints = [
        line
        for line in (verified.stdout + verified.stderr).splitlines()
        if line.strip() and not any(words in line for words in excused)
    ]
    assert complaints == []


@needs_systemd
def test_a_misspelt_key_would_be_told(units: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.service"
    wrong.write_text((units / "kiosk-ui.service").read_text().replace("DevicePolicy=", "DevicesPolicy="))
    assert "DevicesPolicy" in analyze(units, "verify", "--man=no", str(wrong)).stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_at_most_one_and_a_half(units: Path, name: str) -> None:
    judged = analyze(
        units,
        "security",
        "--offline=true",
        f"--threshold={THRESHOLD}",
        "--no-pager",
        str(units / instance(name)),
    )
    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


@needs_systemd
def test_an_open_unit_would_be_refused(units: Path, tmp_path: Path) -> None:
    open_unit = tmp_path / "other-ui.service"  # not named kiosk-*: without the common sandbox
    open_unit.write_text((units / "kiosk-ui.service").read_text())
    judged = analyze(units, "security", "--offline=true", f"--threshold={THRESHOLD}", str(open_unit))
    assert judged.returncode != 0


@needs_systemd
@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("kiosk-ui.service", ["IPAddressDeny", "UserOrDynamicUser"]),
        ("kiosk-uplink.service", ["PrivateDevices", "UserOrDynamicUser"]),
        ("kiosk-provision.service", ["PrivateNetwork", "UserOrDynamicUser"]),
    ],
)
def test_the_two_halves_of_the_kiosk_keep_apart(units: Path, name: str, never: list[str]) -> None:
    judged = analyze(units, "security", "--offline=true", "--json=short", str(units / name))
    found = {line["json_field"]: line for line in json.loads(judged.stdout)}
    for field in never:
        exposure = float(found[field]["exposure"] or 0)
        assert exposure <= 0.1, found[field]  # 0.1 is an allow-list of the loopback alone


def section(name: str, title: str) -> dict[str, list[str]]:
    """Every value of each key, in order."""
    values: dict[str, list[str]] = {}
    current = ""
    for line in (UNITS / name).read_text().splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif current == title and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


def test_the_uplink_sees_the_outbox_and_no_key() -> None:
    service = section("kiosk-uplink.service", "Service")
    assert service["TemporaryFileSystem"] == ["/var/lib/kiosk:ro"]
    assert service["BindPaths"] == ["/var/lib/kiosk/data/outbox"]
    assert service["BindReadOnlyPaths"] == ["/var/lib/kiosk/keys/ca"]


def test_the_screen_ends_in_a_call_for_the_officer_and_not_in_a_loop() -> None:
    unit, service = section("kiosk-ui.service", "Unit"), section("kiosk-ui.service", "Service")
    assert unit["OnFailure"] == ["kiosk-call-officer.service"]
    burst, interval_s = int(unit["StartLimitBurst"][0]), int(unit["StartLimitIntervalSec"][0])
    # The slowest start that hangs must still count against the limit.
    slowest_s = int(service["WatchdogSec"][0]) + int(service["RestartSec"][0])
    assert burst * slowest_s < interval_s
    assert section("kiosk-call-officer.service", "Unit").get("OnFailure") is None


def test_an_image_that_did_not_prove_itself_is_left_unless_it_is_settled() -> None:
    judged = section("kiosk-mark-good.service", "Unit")
    assert (judged["OnFailure"], judged.get("FailureAction")) == (["kiosk-leave-trial.service"], None)
    assert section("kiosk-leave-trial.service", "Unit")["FailureAction"] == ["reboot"]
    assert section("kiosk-leave-trial.service", "Service")["ExecStart"] == [
        "/usr/lib/kiosk/boot-chooser is-settled"
    ]


def test_the_frame_feeds_a_watchdog_above_the_boards_own() -> None:
    service = section("kiosk-ui.service", "Service")
    assert service["Type"] == ["notify"]
    manager = configparser.ConfigParser()
    manager.read(ROOT / "usr/lib/systemd/system.conf.d/kiosk.conf")
    assert int(service["WatchdogSec"][0]) > 0
    assert int(manager["Manager"]["RuntimeWatchdogSec"]) > 0


@pytest.mark.parametrize(
    "unit", ["getty@.service", "serial-getty@.service", "autovt@.service", "debug-shell.service"]
)
def test_no_console_offers_a_login(unit: str) -> None:
    assert (ROOT / "etc/systemd/system" / unit).readlink() == Path("/dev/null")


def test_every_wish_leads_to_a_unit() -> None:
    for link in [*UNITS.glob("*.wants/*")]:
        assert link.resolve().is_file(), link


def test_users_on_the_data_partition_have_fixed_numbers() -> None:
    lines = (ROOT / "usr/lib/sysusers.d/kiosk.conf").read_text().splitlines()
    numbered = {
        line.split()[1] for line in lines if line.startswith(("u ", "g ")) and line.split()[2].isdecimal()
    }
    folders = (ROOT / "usr/lib/kiosk/data-folders.conf").read_text().splitlines()
    owners = {word for line in folders if line.startswith("d ") for word in line.split()[3:5]}
    assert owners - {"root"} <= numbered
    for path in UNITS.glob("*.service"):
        for key in ("User", "Group"):
            for name in section(path.name, "Service").get(key, []):
                assert name in numbered, path.name


@needs_systemd
def test_users_and_folders_are_made_as_written(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None or shutil.which("systemd-tmpfiles") is None:
        pytest.skip("systemd-sysusers and systemd-tmpfiles are not installed")
    if os.geteuid() != 0:
        pytest.skip("making users in a folder asks for root")
    (tmp_path / "etc").mkdir()
    shutil.copytree(ROOT / "usr/lib/sysusers.d", tmp_path / "usr/lib/sysusers.d")
    (tmp_path / "usr/lib/tmpfiles.d").mkdir()
    shutil.copy(ROOT / "usr/lib/kiosk/data-folders.conf", tmp_path / "usr/lib/tmpfiles.d")
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    users = {
        line.split(":")[0]: line.split(":")[2] for line in (tmp_path / "etc/passwd").read_text().splitlines()
    }
    assert (users["kiosk-ui"], users["kiosk-uplink"]) == ("880", "881")
    (tmp_path / "var/lib").mkdir(parents=True)
    for _ in range(2):  # at each start again
        folders = ["systemd-tmpfiles", "--create", f"--root={tmp_path}", "data-folders.conf"]
        done = subprocess.run(folders, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    outbox = (tmp_path / "var/lib/kiosk/data/outbox").stat()
    assert (oct(outbox.st_mode), outbox.st_uid, outbox.st_gid) == ("0o42770", 880, 882)


def test_every_group_is_made_or_debians_own() -> None:
    """A unit with a group that is not there does not start (systemd.exec(5), exit status 216)."""
    debian = {"video", "render", "input", "dialout", "audio", "lp"}  # base-passwd, and systemd's own basic.conf
    lines = (ROOT / "usr/lib/sysusers.d/kiosk.conf").read_text().splitlines()
    made = {line.split()[1] for line in lines if line.startswith(("u ", "g "))}
    for path in UNITS.glob("*.service"):
        for groups in section(path.name, "Service").get("SupplementaryGroups", []):
            assert set(groups.split()) <= debian | made, path.name
