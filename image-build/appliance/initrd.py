"""The initial RAM disk: busybox, dmsetup and the few modules that reach the root partition."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from appliance.process import output, run

LOADER = "usr/lib/ld-linux-aarch64.so.1"
LIBRARIES = "usr/lib/aarch64-linux-gnu"


def make_initrd(archive: Path, *, system: Path, source: Path) -> None:
    """system: the target's root. source: folder of `init` and `modules`."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        for folder in ("bin", "dev", "etc", "proc", "root", "sys", LIBRARIES):
            (tree / folder).mkdir(parents=True)
        (tree / "lib").symlink_to("usr/lib")
        shutil.copy(source / "init", tree / "init")
        shutil.copy(source / "modules", tree / "etc/modules")
        shutil.copy(system / "usr/bin/busybox", tree / "bin/busybox")
        shutil.copy(system / "usr/sbin/dmsetup", tree / "bin/dmsetup")
        for library in needed_libraries(system / "usr/sbin/dmsetup", system / LIBRARIES):
            shutil.copy((system / LIBRARIES / library).resolve(), tree / LIBRARIES / library)
        shutil.copy((system / LOADER).resolve(), tree / LOADER)
        _modules(tree, system, (source / "modules").read_text().split())
        _pack(tree, archive)


def needed_libraries(program: Path, libraries: Path) -> tuple[str, ...]:
    """Names of shared libraries, with those that they need."""
    found: dict[str, None] = {}
    waiting = [program]
    while waiting:
        dynamic = output("readelf", "--dynamic", "--wide", waiting.pop())
        for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            if name not in found and not name.startswith("ld-linux"):
                found[name] = None
                waiting.append(libraries / name)
    return tuple(found)


def with_dependencies(names: Iterable[str], modules_dep: str) -> tuple[str, ...]:
    """Paths of modules.dep for the named modules; a name that the kernel has built in is passed over."""
    needs = {}
    for line in modules_dep.splitlines():
        path, _, rest = line.partition(":")
        needs[Path(path).name.partition(".")[0].replace("-", "_")] = (path, *rest.split())
    found: dict[str, None] = {}
    for name in names:
        found.update(dict.fromkeys(needs.get(name.replace("-", "_"), ())))
    return tuple(found)


def _modules(tree: Path, system: Path, names: Iterable[str]) -> None:
    """Unpacked: busybox's modprobe reads no compressed modules."""
    (source,) = (system / "usr/lib/modules").iterdir()
    target = tree / "usr/lib/modules" / source.name
    for path in with_dependencies(names, (source / "modules.dep").read_text()):
        file = target / path.removesuffix(".xz")
        file.parent.mkdir(parents=True, exist_ok=True)
        packed = (source / path).read_bytes()
        is_packed = path.endswith(".xz")
        file.write_bytes(
            subprocess.run(["xz", "-dc"], input=packed, check=True, stdout=subprocess.PIPE).stdout
            if is_packed
            else packed
        )
    for name in ("modules.builtin", "modules.order"):
        shutil.copy(source / name, target / name)
    run("depmod", "--basedir", tree, source.name)


def _pack(tree: Path, archive: Path) -> None:
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*"))
    run("find", tree, "-exec", "touch", "--no-dereference", "--date=@0", "{}", "+")
    packed = subprocess.run(
        ["cpio", "--quiet", "--create", "--format=newc", "--reproducible", "--owner=0:0"],
        input="\n".join([".", *names]).encode(),
        cwd=tree,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    archive.write_bytes(gzip.compress(packed, 9, mtime=0))
