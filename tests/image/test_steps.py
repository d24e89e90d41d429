"""What is built again, and what is not."""

from pathlib import Path

import pytest
from appliance.steps import Builder, Step, content_key, mounted_below


def write(text: str, calls: list[str]):
    def make(path: Path) -> None:
        calls.append(text)
        path.write_text(text)

    return make


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "one.py").write_text("1")
    return folder


def quiet(folder: Path) -> Builder:
    return Builder(folder, say=lambda _line: None)


def test_equal_inputs_are_made_once(tmp_path: Path, source: Path) -> None:
    calls: list[str] = []
    steps = [Step("first", write("a", calls), inputs=(source,))]
    quiet(tmp_path / "out").build(steps)
    (done,) = quiet(tmp_path / "out").build(steps)
    assert calls == ["a"]
    assert done.reused


def test_a_changed_file_makes_its_step_and_those_after_it_again(tmp_path: Path, source: Path) -> None:
    calls: list[str] = []
    steps = [
        Step("base", write("base", calls)),
        Step("app", write("app", calls), inputs=(source,), after=("base",)),
        Step("disk", write("disk", calls), after=("app",)),
    ]
    quiet(tmp_path / "out").build(steps)
    (source / "one.py").write_text("2")
    quiet(tmp_path / "out").build(steps)
    assert calls == ["base", "app", "disk", "app", "disk"]


def test_an_interrupted_step_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    builder = quiet(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        builder.build([Step("first", breaks)])
    assert not builder.result("first").exists()
    calls: list[str] = []
    builder.build([Step("first", write("whole", calls))])
    assert builder.result("first").read_text() == "whole"


def test_a_key_knows_content_names_and_executable_bits(source: Path) -> None:
    keys = [content_key((source,), ())]
    (source / "one.py").chmod(0o755)
    keys.append(content_key((source,), ()))
    (source / "one.py").rename(source / "two.py")
    keys.append(content_key((source,), ()))
    keys.append(content_key((source,), ("setting",)))
    assert len(set(keys)) == 4


def test_a_key_ignores_bytecode_and_times(source: Path) -> None:
    key = content_key((source,), ())
    (source / "__pycache__").mkdir()
    (source / "__pycache__/one.cpython-313.pyc").write_bytes(b"compiled")
    (source / "one.py").touch()
    assert content_key((source,), ()) == key


def test_a_mount_in_a_results_folder_is_seen_before_anything_is_removed() -> None:
    mounts = "proc /proc proc rw 0 0\ndevtmpfs /build/system/partial/dev devtmpfs rw 0 0\n"
    assert mounted_below(Path("/build/system"), mounts) == ("/build/system/partial/dev",)
    assert mounted_below(Path("/build/sys"), mounts) == ()
