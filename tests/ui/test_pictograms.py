"""Our drawings are all there and inside their square."""

import re
from pathlib import Path

import pytest

from kiosk.ui.pictograms import DRAWINGS, Disc, Fill, Ring, Stroke, arc

APP = Path(__file__).parents[2] / "kiosk" / "app"
NAMED = set(re.findall(r'pictogram="(\w+)"', "".join(path.read_text() for path in APP.glob("*.py"))))
NAMED |= set(re.findall(r'MessageBody\("(\w+)"', "".join(path.read_text() for path in APP.glob("*.py"))))


def extent(shape):
    match shape:
        case Stroke(points, width):
            return points, width / 2
        case Ring(width=width):
            return arc(shape), width / 2
        case Disc(centre, radius):
            return (centre,), radius
        case Fill(points):
            return points, 0.0


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_stays_near_its_square(name):
    for shape in DRAWINGS[name]:
        points, reach = extent(shape)
        for x, y in points:
            assert x - reach >= -0.05
            assert x + reach <= 1.05
            assert y - reach >= -0.05
            assert y + reach <= 1.05


def test_every_drawing_the_controller_names_exists():
    assert NAMED
    assert set(DRAWINGS) >= NAMED
