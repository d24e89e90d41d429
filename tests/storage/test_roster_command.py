"""`kiosk roster`: an office takes over its list, or is told line by line why not."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.commands import roster as command
from kiosk.enrollment.person import Person
from kiosk.security.audit import AuditLog
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster import Roster
from kiosk.storage.roster_demo import demo_roster


def kiosk(*arguments: object) -> int:
    parser = argparse.ArgumentParser("kiosk")
    command.configure(parser.add_subparsers(required=True))
    parsed = parser.parse_args([str(argument) for argument in arguments])
    status = parsed.run(parsed)
    assert isinstance(status, int)
    return status


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "example.csv"
    assert kiosk("roster", "example", "--count", 12, "--seed", 5, "--out", path) == 0
    return path


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def imported(path: Path) -> tuple[Person, ...]:
    with closing(Roster(path)) as roster:
        return roster.persons()


def test_the_example_imports(example: Path, data: DataFolder, capsys):
    assert kiosk("roster", "import", example, "--data", data.root) == 0
    assert capsys.readouterr().out.endswith("example.csv: 12 added, 0 changed, 0 unchanged\n")
    assert set(imported(data.roster)) == set(demo_roster(12, seed=5))


def test_the_configuration_says_where_the_data_lies(example: Path, tmp_path: Path, capsys):
    config = tmp_path / "kiosk.toml"
    config.write_text('[paths]\ndata = "unit"\n')
    assert kiosk("roster", "import", example, "--config", config, "--json") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result == {"added": 12, "changed": 0, "unchanged": 0, "problems": []}
    assert len(imported(tmp_path / "unit" / "roster.sqlite")) == 12


def test_a_bad_value_is_told_with_its_line_and_nothing_is_imported(example: Path, data: DataFolder, capsys):
    example.write_text(example.read_text().replace("A007", "A/7"))
    assert kiosk("roster", "import", example, "--data", data.root) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[-2].endswith("example.csv:8: tiket is 'A/7'; allowed: 1 to 12 letters and digits, or empty")
    assert out[-1].endswith("nothing was imported")
    assert imported(data.roster) == ()


def test_problems_are_told_as_json(example: Path, data: DataFolder, capsys):
    example.write_text(example.read_text().replace("A007", "A/7"))
    assert kiosk("roster", "import", example, "--data", data.root, "--json") == 1
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["added"] == 0
    assert result["problems"] == [
        {"line": 8, "column": "tiket", "value": "A/7", "allowed": "1 to 12 letters and digits, or empty"}
    ]


def test_every_import_leaves_an_audit_line_without_persons(example: Path, data: DataFolder):
    kiosk("roster", "import", example, "--data", data.root)
    (line,) = (json.loads(line) for line in data.audit.read_text().splitlines())
    assert line["event"] == "roster_imported"
    assert line["details"]["added"] == 12
    assert AuditLog(data.audit, nik_key=None).verify().sound


def test_a_missing_file_is_told(data: DataFolder, tmp_path: Path, capsys):
    assert kiosk("roster", "import", tmp_path / "nowhere.csv", "--data", data.root) == 1
    assert "nowhere.csv" in capsys.readouterr().err


def test_a_wrong_configuration_is_told(example: Path, tmp_path: Path, capsys):
    config = tmp_path / "kiosk.toml"
    config.write_text("[paths]\ndate = 1\n")
    assert kiosk("roster", "import", example, "--config", config) == 2
    assert "line 2: paths.date" in capsys.readouterr().err


def test_an_example_never_overwrites(example: Path, capsys):
    before = example.read_bytes()
    assert kiosk("roster", "example", "--out", example) == 1
    assert "example.csv" in capsys.readouterr().err
    assert example.read_bytes() == before


@pytest.mark.parametrize("count", ["0", "-1", "20001", "many"])
def test_a_count_out_of_range_is_a_usage_error(tmp_path: Path, count: str):
    with pytest.raises(SystemExit):
        kiosk("roster", "example", f"--count={count}", "--out", tmp_path / "x.csv")


@pytest.mark.parametrize("words", [("roster",), ("roster", "import"), ("roster", "example")])
def test_the_help_shows_examples(capsys, words: tuple[str, ...]):
    with pytest.raises(SystemExit):
        kiosk(*words, "--help")
    out = capsys.readouterr().out
    assert "examples:" in out
    assert "kiosk roster" in out
