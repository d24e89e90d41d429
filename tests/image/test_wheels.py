"""Which rows of the universal lock go into the image."""

from pathlib import Path

from appliance.wheels import FROM_SOURCE, NEEDLESS, TARGET, for_target

LOCKS = Path(__file__).parents[2] / "image-build/locks"

LOCK = """\
# a comment
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
pywin32==312 ; sys_platform == 'win32' \\
    --hash=sha256:dd
lgpio==0.2.2.0 ; python_full_version < '3.13' and platform_machine == 'aarch64' \\
    --hash=sha256:ee
"""


def test_markers_are_asked_of_the_target() -> None:
    rows = {row.name: row for row in for_target(LOCK)}
    assert set(rows) == {"numpy", "lgpio"}
    assert rows["numpy"].requirement == "numpy==2.5.5"
    assert rows["numpy"].hashes == ("bb", "cc")


def test_a_row_keeps_its_hashes_for_pip() -> None:
    (row,) = (row for row in for_target(LOCK) if row.name == "numpy")
    assert row.lines() == "numpy==2.5.5 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc"


def test_the_real_lock_names_one_version_of_each_with_hashes() -> None:
    rows = for_target((LOCKS / "runtime.txt").read_text()) + for_target((LOCKS / "models.txt").read_text())
    runtime = [row for row in rows if row.name not in NEEDLESS]
    assert len({row.name for row in runtime}) == len(runtime)
    assert all(row.hashes for row in runtime)
    assert {"kivy", "numba", "numpy", *FROM_SOURCE} <= {row.name for row in runtime}
    assert TARGET["platform_machine"] == "aarch64"
