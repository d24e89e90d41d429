"""Where the arrows lead."""

import pytest

from kiosk.ui.focus import Direction, Spot, following, towards

PAD = [Spot(f"{column}{row}", column * 100, 300 - row * 100) for row in range(3) for column in range(3)]
IDS = [spot.id for spot in PAD]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [(Direction.UP, "10"), (Direction.DOWN, "12"), (Direction.LEFT, "01"), (Direction.RIGHT, "21")],
)
def test_the_nearest_target_that_way(direction, expected):
    assert towards(PAD, "11", direction) == expected


def test_from_the_end_of_a_row_on_to_the_next():
    assert towards(PAD, "20", Direction.RIGHT) == "01"


def test_from_the_start_back_round():
    assert towards(PAD, "00", Direction.LEFT) == "22"


def test_without_focus_forward_begins_at_the_first_and_back_at_the_last():
    assert towards(PAD, "", Direction.DOWN) == "00"
    assert towards(PAD, "", Direction.UP) == "22"


def test_a_single_target_keeps_the_focus():
    assert towards([Spot("only", 0, 0)], "only", Direction.RIGHT) == "only"


def test_reading_order_goes_round():
    assert following(IDS, "22", 1) == "00"
    assert following(IDS, "00", -1) == "22"
