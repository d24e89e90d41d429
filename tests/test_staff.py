"""Staff are added from the terminal; what is refused says why."""

import datetime as dt
import io

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.__main__ import main
from kiosk.security.certificates import make_authority


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


def test_a_card_is_given_by_its_certificate_file_and_taken_away(staff, tmp_path):
    now = dt.datetime.now(dt.UTC)
    authority = make_authority("CONTOH", now=now, lifetime=dt.timedelta(days=9))
    file = tmp_path / "1001.pem"
    file.write_bytes(authority[1].public_bytes(Encoding.PEM))
    staff("add", "1001", pin="483920")
    assert staff("card", "1001", "--certificate", str(file))[1].out == "1001\tofficer\tcard\n"
    assert staff("card", "1001", "--no-certificate")[0] == 0


def test_a_card_without_a_certificate_is_told_why(staff, tmp_path):
    staff("add", "1001", pin="483920")
    assert staff("card", "1001")[0] == 2
    assert "cannot be read" in staff("card", "1001", "--certificate", str(tmp_path / "none.pem"))[1].err
    (tmp_path / "text.pem").write_text("no certificate")
    status, told = staff("card", "1001", "--certificate", str(tmp_path / "text.pem"))
    assert status == 1
    assert "no_certificate" in told.err
