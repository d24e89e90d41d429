"""What NUT writes, read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.power.nut_words import NutSyntaxError, power_status, words


def test_a_quoted_value_is_one_word() -> None:
    assert words('VAR kiosk ups.model "Back-UPS 650"') == ("VAR", "kiosk", "ups.model", "Back-UPS 650")


def test_an_empty_value_is_a_word() -> None:
    assert words('VAR kiosk ups.firmware ""') == ("VAR", "kiosk", "ups.firmware", "")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_escaped_values_come_back(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert words(f'VAR kiosk x "{escaped}"') == ("VAR", "kiosk", "x", value)


@pytest.mark.parametrize("line", ['VAR "open', 'VAR a"b', 'VAR "a"b', 'VAR "a\\"'])
def test_a_torn_line_is_no_line(line: str) -> None:
    with pytest.raises(NutSyntaxError):
        words(line)


@given(st.text(max_size=200))
def test_noise_is_words_or_an_error(noise: str) -> None:
    with contextlib.suppress(NutSyntaxError):
        assert words(f"VAR {noise}")[0] == "VAR"


@pytest.mark.parametrize(
    ("tokens", "on_mains", "critical"),
    [
        ("OL", True, False),
        ("OL CHRG LB", True, False),
        ("OL BOOST", True, False),
        ("OB DISCHRG", False, False),
        ("OB LB", False, True),
        ("OL FSD", True, True),
        ("LB", None, True),
        ("WAIT", None, False),
        ("", None, False),
    ],
)
def test_status_tokens(tokens: str, on_mains: bool | None, critical: bool) -> None:
    status = power_status({"ups.status": tokens}, read_ns=7)
    assert (status.on_mains, status.critical, status.read_ns) == (on_mains, critical, 7)


def test_what_the_ups_does_not_measure_is_none() -> None:
    status = power_status({"ups.status": "OL RB"}, read_ns=0)
    assert (status.charge_percent, status.runtime_s, status.battery_worn) == (None, None, True)


def test_a_charge_over_a_hundred_is_full() -> None:
    assert power_status({"battery.charge": "104"}, read_ns=0).charge_percent == 100


@pytest.mark.parametrize("value", ["lots", "nan", "inf", "-3", ""])
def test_a_charge_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(NutSyntaxError, match=r"battery\.charge"):
        power_status({"battery.charge": value}, read_ns=0)
