"""Lines, sizes and pages, with letters that are all as wide as half their height."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.typeset import Typesetter, pages


class HalfWide:
    def width(self, words: str, font_px: int, *, bold: bool) -> float:  # noqa: ARG002
        return len(words) * font_px / 2

    def line_height(self, font_px: int) -> float:
        return font_px * 1.2


SETTER = Typesetter(HalfWide())
WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=20).map(" ".join)


def test_words_go_to_the_next_line_when_they_do_not_fit():
    assert SETTER.wrap("satu dua tiga", 10, 40) == ("satu dua", "tiga")


def test_a_word_wider_than_the_line_has_one_of_its_own():
    assert SETTER.wrap("a mempertanggungjawabkan b", 10, 40) == ("a", "mempertanggungjawabkan", "b")


def test_lines_are_evened_out():
    evened = SETTER.fit("aaa bbb ccc ddd eee", 79, 100, largest_px=10, smallest_px=10)
    assert SETTER.block("aaa bbb ccc ddd eee", 10, 79).lines == ("aaa bbb ccc ddd", "eee")
    assert evened.lines == ("aaa bbb ccc", "ddd eee")


def test_the_largest_letters_that_fit_are_taken():
    block = SETTER.fit("satu dua", 100, 100, largest_px=60, smallest_px=10)
    assert block.fits
    assert block.width <= 100
    assert block.height <= 100
    assert not SETTER.block("satu dua", block.font_px + 3, 100, 100).fits


def test_text_that_cannot_fit_says_so_and_is_still_whole():
    block = SETTER.fit("satu dua tiga", 30, 10, largest_px=60, smallest_px=20)
    assert not block.fits
    assert block.font_px == 20
    assert " ".join(block.lines) == "satu dua tiga"


@given(words=WORDS, width=st.floats(20, 400))
def test_no_word_is_ever_lost_or_split(words, width):
    block = SETTER.fit(words, width, 100, largest_px=20, smallest_px=8)
    assert " ".join(block.lines).split() == words.split()


@given(words=WORDS, width=st.floats(60, 400))
def test_evening_costs_no_line(words, width):
    evened = SETTER.fit(words, width, float("inf"), largest_px=10, smallest_px=10)
    assert len(evened.lines) == len(SETTER.wrap(words, 10, width))


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([], ()),
        ([10, 10, 10], ((0, 1, 2),)),
        ([30, 30, 30, 30], ((0, 1), (2, 3))),
        ([200, 10], ((0,), (1,))),
        ([10, 200, 10], ((0,), (1,), (2,))),
    ],
)
def test_pages(heights, expected):
    assert pages(heights, available=70, gap=5) == expected


@given(st.lists(st.floats(1, 90), max_size=30))
def test_each_item_is_on_one_page_in_order(heights):
    result = pages(heights, available=100, gap=5)
    assert [index for page in result for index in page] == list(range(len(heights)))
    assert all(sum(heights[i] for i in page) + 5 * (len(page) - 1) <= 100 for page in result)
