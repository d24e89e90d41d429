"""`kiosk packet` as a courier and as the centre use it."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path

import pyrage
import pytest

from kiosk.commands import packet as command
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import Keys


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser.add_subparsers())
    chosen = parser.parse_args(["packet", *arguments])
    return int(chosen.run(chosen))


@pytest.fixture
def file(packet: SealedPacket, tmp_path: Path) -> str:
    path = tmp_path / "packet.ktp"
    path.write_bytes(packet.data)
    return str(path)


@pytest.fixture
def anchors(keys: Keys) -> list[str]:
    return ["--anchors", str(keys.folder / "ca/device_ca.pem")]


@pytest.fixture
def identity(keys: Keys) -> list[str]:
    return ["--identity", str(keys.folder / "centre/identity.txt")]


def told(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_courier_learns_that_the_contents_are_unchecked(file: str, anchors: list[str], capsys):
    assert run("verify", file, *anchors, "--json") == 0
    (result,) = told(capsys)
    assert result["passed"] is True
    assert result["contents"] == "not checked: no identity"
    assert result["unit"] == "KIOS-01"


def test_the_centre_sees_every_check(file: str, anchors: list[str], identity: list[str], capsys):
    assert run("verify", file, *anchors, *identity, "--json") == 0
    (result,) = told(capsys)
    assert result["contents"]["device_chain"] == "11 links recomputed"


def test_opening_writes_the_parts_for_their_owner_only(
    file: str, anchors: list[str], identity: list[str], tmp_path: Path, capsys
):
    assert run("open", file, *anchors, *identity, "--out", str(tmp_path / "out"), "--json") == 0
    (result,) = told(capsys)
    folder = tmp_path / "out" / result["sha256"]
    assert result["written"] == str(folder)
    assert json.loads((folder / "manifest.json").read_text())["format"] == "ktp-el-manifest/3"
    assert (folder / "records/face.fac").read_bytes().startswith(b"FAC\x00")
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_opening_twice_into_one_folder_overwrites_nothing(
    file: str, anchors: list[str], identity: list[str], tmp_path: Path, capsys
):
    arguments = ["open", file, *anchors, *identity, "--out", str(tmp_path / "out"), "--json"]
    assert run(*arguments) == 0
    assert run(*arguments) == 1
    assert "exists" in told(capsys)[1]["error"]


def test_each_packet_gives_a_line_that_names_its_damage(file: str, anchors: list[str], tmp_path: Path, capsys):
    damaged = tmp_path / "damaged.ktp"
    damaged.write_bytes(Path(file).read_bytes()[:3000])
    assert run("verify", file, str(damaged), str(tmp_path / "gone.ktp"), *anchors, "--json") == 1
    whole, cut, gone = told(capsys)
    assert whole["passed"] is True
    assert (cut["fault"]["kind"], cut["fault"]["offset"]) == ("truncated", 3000)
    assert gone["error"] == "No such file or directory"


def test_the_text_says_the_same(file: str, anchors: list[str], tmp_path: Path, capsys):
    damaged = tmp_path / "damaged.ktp"
    damaged.write_bytes(b"x" * 3000)
    assert run("verify", file, str(damaged), *anchors) == 1
    text = capsys.readouterr().out
    assert f"{file}: passed" in text
    assert f"{damaged}: FAILED" in text
    assert "allowed: the fixed ustar header" in text


def test_another_centres_identity_opens_nothing(file: str, anchors: list[str], tmp_path: Path, capsys):
    other = tmp_path / "other.txt"
    other.write_text(f"# created: 2026-03-02\n{pyrage.x25519.Identity.generate()}\n")
    assert run("verify", file, *anchors, "--identity", str(other), "--json") == 1
    (result,) = told(capsys)
    assert result["contents"] == "not opened"
    assert result["fault"]["kind"] == "not_for_this_key"


@pytest.mark.parametrize("wrong", ["--anchors", "--identity"])
def test_a_wrong_key_file_is_named(file: str, anchors: list[str], wrong: str, tmp_path: Path, capsys):
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    assert run("verify", file, *anchors, wrong, str(bad)) == 2
    assert "bad.pem" in capsys.readouterr().err


def test_open_needs_identity_and_folder(file: str, anchors: list[str], capsys):
    assert run("open", file, *anchors) == 2
    assert "--identity and --out" in capsys.readouterr().err
