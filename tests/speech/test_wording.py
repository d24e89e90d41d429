"""Numbers as a person would read them aloud."""

import pytest

from kiosk.speech.wording import speakable


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("9999994101800001", "9 9 9 9, 9 9 4 1, 0 1 8 0, 0 0 0 1"),
        ("9999 9941 0180 0001", "9 9 9 9, 9 9 4 1, 0 1 8 0, 0 0 0 1"),
        ("01-01-1980", "01, 01, 1980"),
        ("Tunggu 30 detik", "Tunggu 30 detik"),
        ("Langkah 2 dari 9", "Langkah 2 dari 9"),
        ("NIK: 9999994101800001.", "NIK: 9 9 9 9, 9 9 4 1, 0 1 8 0, 0 0 0 1."),
        ("tahun 1980", "tahun 1980"),
    ],
)
def test_identity_numbers_are_read_digit_by_digit(words, said):
    assert speakable(words) == said
