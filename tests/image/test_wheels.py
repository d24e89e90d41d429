"""Which rows of the universal lock go into the image."""

from pathlib import Path

from appliance.wheels import FROM_SOURCE, TARGET, for_target, needed

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


def test_the_real_locks_name_one_version_of_each_with_hashes() -> None:
    runtime = needed((LOCKS / name).read_text() for name in ("runtime.txt", "models.txt", "tpm.txt"))
    assert len({row.name for row in runtime}) == len(runtime)
    assert all(row.hashes for row in runtime)
    assert {"kivy", "numba", "numpy", *FROM_SOURCE} <= {row.name for row in runtime}
    assert TARGET["platform_machine"] == "aarch64"


def test_two_locks_that_agree_install_a_package_once() -> None:
    assert [row.name for row in needed((LOCK, LOCK))] == ["numpy", "lgpio"]


def test_two_locks_that_disagree_are_left_to_pip_which_refuses_them() -> None:
    other = "numpy==2.5.6 --hash=sha256:bb\n"
    assert [row.requirement for row in needed((LOCK, other)) if row.name == "numpy"] == [
        "numpy==2.5.5",
        "numpy==2.5.6",
    ]
