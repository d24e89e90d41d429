"""An update's way, on a card and with a RAUC that are played: installed, tried once, kept or left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.appliance.rauc import BundleError, CommandError, Rauc
from kiosk.appliance.update_files import ReleaseError, load_history, running_version, save_history
from kiosk.appliance.updates import (
    COMPATIBLE,
    Decision,
    History,
    Offer,
    Trial,
    Verdict,
    Version,
    VersionError,
    decide,
    newest,
)
from kiosk.appliance.updating import Unit

CHOOSER = Path(__file__).parents[2] / "systemd/root/usr/lib/kiosk/boot-chooser"


class Machine:
    """A card with two slots whose firmware, boot chooser and RAUC do what the real ones do."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        (folder / "autoboot.txt").write_text("[all]\nboot_partition=2\n[tryboot]\nboot_partition=3\n")
        self.slots = {"A": version, "B": ""}
        self.running = "A"
        self.starts = 0
        self.fails = False

    def choose(self, *words: str) -> str:
        asked = [sys.executable, "-I", CHOOSER, "--folder", self.folder, *words]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    @property
    def other(self) -> str:
        return "B" if self.running == "A" else "A"

    def rauc(self, words: Sequence[str]) -> str:
        match list(words[1:]):
            case ["info", _, bundle]:
                text = Path(bundle).read_text()
                if "version" not in text:
                    raise CommandError("rauc info: signature verification failed")
                return text
            case ["install", bundle]:
                self.choose("set-state", self.other, "bad")
                if self.fails:
                    raise CommandError("rauc install: no space left on device")
                self.slots[self.other] = json.loads(Path(bundle).read_text())["version"]
                self.choose("set-primary", self.other)
            case ["status", "mark-good", "booted"]:
                self.choose("set-state", self.running, "good")
            case ["status", "mark-bad", "other"]:
                self.choose("set-state", self.other, "bad")
            case unknown:
                raise AssertionError(unknown)
        return ""

    def restart(self, *, trial: bool = False) -> None:
        """Trial: with the argument "0 tryboot". A power cut is a restart without."""
        self.starts += 1
        section, partition = "all", 0
        for line in (self.folder / "autoboot.txt").read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line.startswith("boot_partition=") and (section == "all" or (trial and section == "tryboot")):
                partition = int(line.partition("=")[2])
        self.running = {2: "A", 3: "B"}[partition]

    @property
    def version(self) -> str:
        return self.slots[self.running]

    def unit(self) -> Unit:
        history = self.folder / "history.json"
        return Unit(Rauc(self.rauc), Version(self.version), f"start {self.starts}", history)

    def bundle(self, version: str, compatible: str = COMPATIBLE) -> Path:
        path = self.folder / f"{version}.raucb"
        path.write_text(json.dumps({"compatible": compatible, "version": version}))
        return path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, "1.4.0")
    assert made.unit().judge(ready=True) is Verdict.NOTHING
    return made


def test_a_good_update_is_tried_kept_and_stays(machine: Machine) -> None:
    assert machine.unit().install(machine.bundle("1.5.0")) is Decision.INSTALL
    machine.restart(trial=True)
    assert machine.version == "1.5.0"
    assert machine.unit().on_trial()
    assert machine.unit().judge(ready=True) is Verdict.KEEP
    machine.restart()
    assert machine.version == "1.5.0"
    assert machine.unit().judge(ready=True) is Verdict.NOTHING


def test_an_update_that_does_not_get_ready_is_left_and_not_tried_again(machine: Machine) -> None:
    bundle = machine.bundle("1.5.0")
    machine.unit().install(bundle)
    machine.restart(trial=True)
    assert machine.unit().judge(ready=False) is Verdict.LEAVE
    machine.restart()  # what the failed unit does
    assert machine.version == "1.4.0"
    assert machine.unit().judge(ready=True) is Verdict.FELL_BACK
    assert machine.unit().install(bundle) is Decision.REFUSED_BEFORE
    machine.restart(trial=True)
    assert machine.version == "1.4.0"


def test_an_update_that_hangs_is_left_by_cutting_the_power(machine: Machine) -> None:
    machine.unit().install(machine.bundle("1.5.0"))
    machine.restart(trial=True)
    assert machine.version == "1.5.0"
    machine.restart()  # nothing of it ever ran
    assert machine.version == "1.4.0"
    assert machine.unit().judge(ready=True) is Verdict.FELL_BACK


def test_a_later_version_is_taken_after_a_refused_one(machine: Machine) -> None:
    machine.unit().install(machine.bundle("1.5.0"))
    machine.restart(trial=True)
    machine.restart()
    machine.unit().judge(ready=True)
    assert machine.unit().install(machine.bundle("1.5.1")) is Decision.INSTALL
    machine.restart(trial=True)
    assert machine.unit().judge(ready=True) is Verdict.KEEP
    assert machine.version == "1.5.1"


def test_a_unit_without_its_scanner_keeps_its_settled_image(machine: Machine) -> None:
    assert machine.unit().judge(ready=False) is Verdict.NOTHING
    machine.restart()
    assert machine.version == "1.4.0"


def test_nothing_is_judged_between_installation_and_restart(machine: Machine) -> None:
    machine.unit().install(machine.bundle("1.5.0"))
    assert machine.unit().judge(ready=True) is Verdict.PENDING
    assert machine.unit().install(machine.bundle("1.5.0")) is Decision.ON_TRIAL
    machine.restart(trial=True)
    assert machine.version == "1.5.0"


def test_an_installation_that_breaks_off_leaves_everything_as_it_was(machine: Machine) -> None:
    machine.fails = True
    with pytest.raises(CommandError, match="space"):
        machine.unit().install(machine.bundle("1.5.0"))
    machine.restart(trial=True)
    assert machine.version == "1.4.0"
    machine.fails = False
    assert machine.unit().install(machine.bundle("1.5.0")) is Decision.INSTALL


@pytest.mark.parametrize("version", ["1.4.0", "1.4", "1.3.9", "0.9"])
def test_a_downgrade_is_refused(version: str, machine: Machine) -> None:
    assert machine.unit().install(machine.bundle(version)) is Decision.NOT_NEWER


def test_an_image_of_another_machine_is_refused(machine: Machine) -> None:
    assert machine.unit().install(machine.bundle("9.0", compatible="toaster")) is Decision.OTHER_MACHINE


def test_a_bundle_without_a_good_signature_is_passed_over_and_named(machine: Machine) -> None:
    (machine.folder / "9.9.raucb").write_text("forged")
    machine.bundle("1.4.1")
    machine.bundle("1.10.0")
    best, problems = machine.unit().best(machine.folder)
    assert best == machine.folder / "1.10.0.raucb"
    assert len(problems) == 1
    assert "9.9.raucb" in problems[0]


def test_an_empty_folder_offers_nothing(machine: Machine) -> None:
    assert machine.unit().best(machine.folder) == (None, ())


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=4), st.lists(st.integers(0, 99), min_size=1, max_size=4)
)
def test_versions_are_ordered_as_numbers(first: list[int], second: list[int]) -> None:
    def version(numbers: list[int]) -> Version:
        return Version(".".join(map(str, numbers)))

    padded = [(numbers + [0] * 4)[:4] for numbers in (first, second)]
    assert (version(first) < version(second)) == (padded[0] < padded[1])
    assert (version(first) == version(second)) == (padded[0] == padded[1])


@pytest.mark.parametrize("text", ["", "1.", "v1", "1.2-beta", "1..2", "../../etc"])
def test_other_words_are_no_version(text: str) -> None:
    with pytest.raises(VersionError):
        Version(text)


def test_the_newest_image_that_was_not_refused_is_fetched() -> None:
    offered = [Version(text) for text in ("1.3", "1.5", "1.6", "1.4")]
    history = History(refused=frozenset({Version("1.6.0")}))
    assert newest(offered, running=Version("1.4"), history=history) == Version("1.5")
    assert newest(offered, running=Version("1.6"), history=History()) is None


def test_what_is_remembered_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    history = History(Trial(Version("1.5.0"), "a"), frozenset({Version("1.4.9")}))
    save_history(path, history)
    assert load_history(path) == history
    path.write_text("{")
    assert load_history(path) == History()


def test_the_images_version_is_in_its_release_file(tmp_path: Path) -> None:
    release = tmp_path / "release"
    release.write_text("NAME=kiosk\nVERSION=1.4.0\n")
    assert running_version(release) == Version("1.4.0")
    release.write_text("NAME=kiosk\n")
    with pytest.raises(ReleaseError):
        running_version(release)


def test_a_decision_does_not_depend_on_how_a_version_is_written() -> None:
    history = History(refused=frozenset({Version("2.0")}))
    offer = Offer(COMPATIBLE, Version("2.0.0"))
    assert decide(offer, running=Version("1.0"), history=history) is Decision.REFUSED_BEFORE


def test_a_rauc_that_is_not_there_is_told() -> None:
    with pytest.raises(BundleError, match=r"x\.raucb"):
        Rauc(lambda _words: "no json").offer(Path("x.raucb"))
