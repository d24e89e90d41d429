"""Words as a synthesiser should read them. Pure."""

from __future__ import annotations

import re

_LONG_NUMBER = re.compile(r"(?<![\d.,])(?:\d{4}(?: \d{4})+|\d{5,})(?![\d.,]\d)")
_DATE = re.compile(r"\b(\d{2})-(\d{2})-(\d{4})\b")


def speakable(words: str) -> str:
    """Identity numbers digit by digit, in groups of four; dates as three numbers.

    A NIK read as one quantity ("tiga kuadriliun") cannot be checked by listening.
    """
    return _DATE.sub(r"\1, \2, \3", _LONG_NUMBER.sub(_spelled, words))


def _spelled(match: re.Match[str]) -> str:
    digits = match.group().replace(" ", "")
    groups = (digits[i : i + 4] for i in range(0, len(digits), 4))
    return ", ".join(" ".join(group) for group in groups)
