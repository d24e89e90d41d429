"""A wrong configuration is told by line, with what is allowed."""

from pathlib import Path

import pytest

from kiosk.config import ConfigError, default_text, load, parse
from kiosk.enrollment.positions import Modality

FILE = Path("/somewhere/kiosk.toml")


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parse(text, path=FILE)
    return [str(problem) for problem in raised.value.problems]


def test_the_documented_default_is_itself_valid():
    assert parse(default_text(), path=FILE).policy == load().policy


def test_an_empty_file_means_the_defaults():
    config = parse("", path=FILE)
    assert config.unit_id == "KIOSK-1"
    assert config.policy.minimum_scores[Modality.FINGERPRINT] == 30


def test_relative_paths_are_taken_from_the_files_folder():
    assert parse('[paths]\ndata = "d"\n', path=FILE).data == Path("/somewhere/d")


def test_an_unknown_key_is_named_with_its_line_and_its_siblings():
    assert problems_of('[unit]\nid = "A"\nofice = "X"\n') == [
        "line 3: unit.ofice is unknown; allowed: in [unit]: id, office"
    ]


def test_an_unknown_table_is_named_with_the_tables_there_are():
    assert "allowed: the tables devices, keys, paths, policy" in problems_of("[polcy]\nidle_s = 20\n")[0]


def test_a_value_out_of_range_is_told_with_the_range():
    assert problems_of("\n[policy]\nidle_s = 5\n") == [
        "line 3: policy.idle_s is 5; allowed: a number from 20 to 3600"
    ]


def test_true_is_not_a_number():
    assert problems_of("[policy]\nattempts_allowed = true\n") == [
        "line 2: policy.attempts_allowed is True; allowed: a whole number from 1 to 10"
    ]


def test_a_store_that_is_no_url_is_refused():
    assert "file:///FOLDER" in problems_of('[uplink]\nstore = "ftp://x"\n')[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ca = 7", "uplink.ca is 7; allowed: a text in quotes"),
        ("part_kb = 3", "uplink.part_kb is 3; allowed: a whole number from 4 to 32000"),
        ("part_kb = 32001", "uplink.part_kb is 32001; allowed: a whole number from 4 to 32000"),
        ("part_kb = 12.5", "uplink.part_kb is 12.5; allowed: a whole number from 4 to 32000"),
        ("bandwidth_kbps = -1", "uplink.bandwidth_kbps is -1; allowed: a number from 0 to 1000000"),
        ('bandwidth_kbps = "8"', "uplink.bandwidth_kbps is '8'; allowed: a number from 0 to 1000000"),
    ],
)
def test_the_uplinks_line_is_told_with_what_is_allowed(line: str, told: str):
    assert problems_of(f"[uplink]\n{line}\n") == [f"line 2: {told}"]


def test_all_problems_are_told_at_once():
    assert len(problems_of('[unit]\nid = "a b"\n[screen]\nwidth = 3\n')) == 2


def test_text_that_is_not_toml_is_told_with_its_line():
    assert problems_of("[unit]\nid = \n")[0].startswith("line 2: the file is not TOML")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="unreadable"):
        load(tmp_path / "none.toml")
