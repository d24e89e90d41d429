"""Which stores a unit may name, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.uplink.store import StoreUrlError, open_store


@pytest.mark.parametrize(
    "url",
    [
        "",
        "packets",
        "http://127.0.0.1:8333/bucket",
        "file://host/folder",
        "s3://",
        "s3://bucket?endpoint=http://192.0.2.7:8333",
        "s3://bucket?endpoint=127.0.0.1:8333",
        "s3://bucket?key=secret",
    ],
)
def test_a_url_that_will_not_do_says_what_is_allowed(url: str):
    with pytest.raises(StoreUrlError, match="allowed"):
        open_store(url)


@pytest.mark.parametrize("text", ["", "[other]\n", "[default]\naws_access_key_id = x\n", "\x00"])
def test_a_credentials_file_that_will_not_do_is_named(tmp_path: Path, text: str):
    file = tmp_path / "store.ini"
    file.write_text(text)
    with pytest.raises(StoreUrlError, match=r"store\.ini"):
        open_store(f"s3://bucket?endpoint=https://127.0.0.1&credentials={file}")


def test_a_folder_with_a_space_in_its_name_is_a_store(tmp_path: Path):
    store = open_store(f"file://{tmp_path}/stik%20kurir")
    assert store.receipt("ab" * 32) is None
    assert list(store.unanswered()) == []
    store.put_packet("ab" * 32, b"x")
    assert (tmp_path / "stik kurir/packets" / f"{'ab' * 32}.ktp").read_bytes() == b"x"
