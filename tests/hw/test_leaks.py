"""Opening, closing and frames leave threads, descriptors and memory where they were.

A few rounds of each; `make soak` goes through a thousand openings and ten thousand frames.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hw.soak.subjects import OPENINGS, SUBJECTS
from tests.hw.soak.wear import measure

SLACK_BYTES = 12 * 1024 * 1024
"""What the allocators of C libraries keep or give back at their own time, in a process that has done much else:
less than five pictures of 720 lines."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_few_rounds_leave_nothing(name: str, tmp_path: Path) -> None:
    subject = SUBJECTS[name]
    wear = measure(subject, tmp_path, cycles=6 if subject.unit == OPENINGS else 40, rest_s=0.2)
    assert wear.grown_bytes <= SLACK_BYTES, f"{wear.grown_bytes / 1e6:.1f} MB more"
