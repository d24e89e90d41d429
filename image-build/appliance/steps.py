"""A build is a list of steps; a step whose inputs are the same as last time is not done again."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One result of the build.

    make: writes the result to the path it is given, which does not exist yet.
    inputs: files and folders whose content decides the result. settings: anything else that does.
    after: names of steps whose results it reads.
    """

    name: str
    make: Callable[[Path], None]
    inputs: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """seconds: what making it took, now or when it was made."""

    name: str
    key: str
    seconds: float
    reused: bool


def content_key(paths: Iterable[Path], settings: Sequence[str]) -> str:
    """A hash of names, contents and executable bits. Bytecode and file times do not count."""
    digest = hashlib.sha256()
    for setting in settings:
        digest.update(f"{setting}\0".encode())
    for path in paths:
        for file in _files(path):
            executable = file.stat().st_mode & 0o100
            digest.update(f"{path.name}/{file.relative_to(path)}\0{executable}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return (path,)
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    )


class Builder:
    """Makes steps in order below `folder`: <step>/result beside <step>/made.json, its key and time."""

    def __init__(self, folder: Path, *, say: Callable[[str], None] | None = None) -> None:
        self.folder = folder
        self._keys: dict[str, str] = {}
        self._say = say or (lambda line: print(line, file=sys.stderr, flush=True))

    def result(self, name: str) -> Path:
        return self.folder / name / "result"

    def build(self, steps: Sequence[Step]) -> tuple[Done, ...]:
        """Each result is whole or absent: an interrupted step is made again, the ones before it are not."""
        return tuple(self._build(step, f"{number}/{len(steps)}") for number, step in enumerate(steps, start=1))

    def _build(self, step: Step, count: str) -> Done:
        key = content_key(step.inputs, (*step.settings, *(self._keys[name] for name in step.after)))
        self._keys[step.name] = key
        room = self.folder / step.name
        note = room / "made.json"
        result = self.result(step.name)
        if note.exists() and result.exists():
            made = json.loads(note.read_text())
            if made["key"] == key:
                self._say(f"[image {count}] {step.name}: unchanged (took {made['seconds']:.0f} s)")
                return Done(step.name, key, made["seconds"], reused=True)
        self._say(f"[image {count}] {step.name} ...")
        _remove(room)
        room.mkdir(parents=True)
        began_s = time.monotonic()
        partial = room / "partial"
        step.make(partial)
        partial.rename(result)
        seconds = time.monotonic() - began_s
        note.write_text(json.dumps({"key": key, "seconds": round(seconds, 1)}))
        self._say(f"[image {count}] {step.name}: {seconds:.0f} s")
        return Done(step.name, key, seconds, reused=False)


def mounted_below(folder: Path, mounts: str) -> tuple[str, ...]:
    """mounts: the text of /proc/self/mounts."""
    points = (line.split()[1].replace("\\040", " ") for line in mounts.splitlines() if line)
    return tuple(point for point in points if Path(point).is_relative_to(folder))


def _remove(folder: Path) -> None:
    """Raises OSError while something is mounted below: removing would empty it, the host's devices even."""
    if points := mounted_below(folder.resolve(), Path("/proc/self/mounts").read_text()):
        raise OSError(f"still mounted: {' '.join(points)}")
    if folder.exists():
        shutil.rmtree(folder)
