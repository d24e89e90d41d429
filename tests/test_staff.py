"""Staff are added from the terminal; what is refused says why."""

import io

import pytest

from kiosk.__main__ import main


@pytest.fixture
def staff(tmp_path, monkeypatch, capsys):
    config = tmp_path / "kiosk.toml"
    config.write_text('[paths]\ndata = "data"\n')

    def run(*arguments, pin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(pin + "\n"))
        status = main(["staff", *arguments, "--config", str(config)])
        return status, capsys.readouterr()

    return run


def test_an_officer_is_added_listed_and_removed(staff):
    assert staff("add", "1001", "--role", "supervisor", pin="483920")[0] == 0
    assert staff("list")[1].out == "1001\tsupervisor\n"
    assert staff("remove", "1001")[0] == 0
    assert staff("list")[1].out == ""


def test_a_pin_that_is_easily_guessed_is_refused(staff):
    status, told = staff("add", "1001", pin="123456")
    assert status == 1
    assert "pin_too_easy" in told.err


def test_a_number_that_is_none_is_told_what_is_allowed(staff):
    status, told = staff("add", "budi", pin="483920")
    assert status == 2
    assert "2 to 12 digits" in told.err
