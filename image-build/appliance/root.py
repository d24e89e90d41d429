"""The root file system, in layers: system (Debian, Python packages), application (with its units), kernels."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.authority import ANCHORS
from appliance.process import run, run_in

SITE = "usr/lib/kiosk/site"
ENVIRONMENT = "usr/lib/kiosk/environment"
PYTHON = "python3.13"
PYTHON_LIBRARY = f"usr/lib/{PYTHON}"

SIMULATION = ("hw/sim", "kiosk/demo", "kiosk/simulated.py")
"""Of a checkout, and never on a unit."""

_TARGET_ENV = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONHASHSEED": "0",
}

_MODULES_LEFT_OUT = (
    *(
        "sound/soc/intel",
        "sound/soc/mediatek",
        "sound/soc/qcom",
        "sound/soc/sof",
        "sound/pci",
        "sound/firewire",
    ),
    *("drivers/net/ethernet", "drivers/net/wireless", "drivers/infiniband", "drivers/iio", "drivers/ata"),
    *("drivers/gpu/drm/amd", "drivers/gpu/drm/nouveau", "drivers/gpu/drm/radeon", "drivers/gpu/drm/msm"),
    *("drivers/media/dvb-frontends", "drivers/media/tuners", "drivers/media/pci", "drivers/isdn"),
    *("drivers/scsi/lpfc", "drivers/scsi/qla2xxx", "drivers/scsi/mpt3sas", "drivers/target", "drivers/staging"),
    *("fs/btrfs", "fs/xfs", "fs/bcachefs", "fs/ocfs2", "fs/smb", "fs/nfs", "fs/nfsd", "fs/f2fs", "fs/gfs2"),
)
_MODULES_KEPT_WITHIN = ("drivers/net/ethernet/broadcom/genet",)

_FILES_LEFT_OUT = (
    *("etc/apt", "usr/bin/apt*", "usr/lib/apt", "usr/share/keyrings", "usr/share/zoneinfo/right"),
    *(
        "var/cache",
        "var/lib/apt",
        "var/log",
        "var/lib/dpkg/info",
        "var/lib/dbus",
        "var/lib/systemd/random-seed",
    ),
    *("usr/share/lintian", "usr/share/gdb", "usr/share/i18n", "usr/share/locale", "usr/share/man", "etc/ssh"),
    *("etc/machine-id", "etc/resolv.conf", f"{PYTHON_LIBRARY}/test", f"{PYTHON_LIBRARY}/idlelib"),
)
_FOLDERS_NEEDED = ("boot", "etc/kiosk", "var/cache", "var/lib/kiosk", "var/log/journal")

COMPILED = ("_lgpio", "_wsq", "tpm2_pytss")
"""Made here for the target. A build in which one of them lacks a library ends; a unit would go on without."""

SYSTEM_SETTINGS = (*_MODULES_LEFT_OUT, *_FILES_LEFT_OUT, *_FOLDERS_NEEDED)
"""What a system depends on beside the packages."""


def make_system(root: Path, *, base: Path, kernel: Path, libraries: Iterable[Path], site: Path) -> None:
    """Everything that a change of the application leaves as it is. libraries: unpacked packages."""
    root.mkdir()
    run("tar", "--extract", "--file", base, "--directory", root, "--numeric-owner")
    _modules(root, kernel)
    for package in libraries:
        lay_in(root, package)
    shutil.copytree(site, root / SITE, symlinks=True)
    for pattern in _FILES_LEFT_OUT:
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    _compile_bytecode(root, PYTHON_LIBRARY, SITE)
    (root / "etc/machine-id").write_text("uninitialized\n")
    (root / "etc/hostname").write_text("kiosk\n")
    for folder in _FOLDERS_NEEDED:
        (root / folder).mkdir(parents=True, exist_ok=True)
    run_in(
        root, PYTHON, "-B", "-c", f"import {', '.join(COMPILED)}", env={**_TARGET_ENV, "PYTHONPATH": f"/{SITE}"}
    )


def lay_in(root: Path, package: Path) -> None:
    """A library and its licence. The linker's cache need not know it: the folder is always searched."""
    documents = shutil.ignore_patterns("changelog*")
    shutil.copytree(package / "usr", root / "usr", symlinks=True, dirs_exist_ok=True, ignore=documents)


def make_application(
    layer: Path,
    *,
    system: Path,
    project: Path,
    overlays: Iterable[Path],
    kernel_flags: Path,
    authority: Path,
    version: str,
) -> None:
    """layer: what the application adds to the system. overlays: laid over it, the later wins."""
    layer.mkdir()
    for package in ("kiosk", "hw"):
        shutil.copytree(
            project / package,
            layer / SITE / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.md"),
        )
    for name in SIMULATION:
        left_out = layer / SITE / name
        shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink(missing_ok=True)
    for overlay in overlays:
        run("cp", "--recursive", "--no-dereference", "--preserve=mode,links", f"{overlay}/.", layer)
    with (layer / ENVIRONMENT).open("a") as environment:
        environment.write(kernel_flags.read_text())
    for name, target in ANCHORS.items():
        (layer / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(authority / name, layer / target)
    release = layer / "etc/kiosk-release"
    release.write_text(f"VERSION={version}\n")
    with merged((system,), upper=layer) as root:
        run_in(root, "systemd-sysusers", env=_TARGET_ENV)
        _compile_bytecode(root, f"{SITE}/kiosk", f"{SITE}/hw")


def make_kernels(layer: Path, *, system: Path, application: Path, kernel_flags: Path, kept: Path) -> None:
    """layer: Numba's compiled functions beside their sources, for the target's processor.

    kept: where they stay from build to build; Numba compiles again what has another source, and what was
    compiled before an interruption is not lost.
    """
    kept.mkdir(exist_ok=True)
    with merged((application, system), upper=kept) as root:
        env = {
            **_TARGET_ENV,
            **environment_of(kernel_flags.read_text()),
            "PYTHONPATH": f"/{SITE}",
            "NUMBA_CACHE_LOCATOR_CLASSES": "InTreeCacheLocator",
        }
        run_in(root, PYTHON, "-m", "kiosk.compile_kernels", env=env)
        sources = {path.stem for path in (root / SITE / "kiosk").rglob("*kernels*.py")}
    for file in sorted(kept.rglob("*.nb[ic]")):
        if file.name.partition(".")[0] in sources:
            target = layer / file.relative_to(kept)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def environment_of(text: str) -> Mapping[str, str]:
    """NAME=value lines, as systemd's EnvironmentFile= reads them."""
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@contextmanager
def merged(layers: Sequence[Path], *, upper: Path | None = None) -> Iterator[Path]:
    """A mount of the layers, the first on top; what is written to it lands in `upper`."""
    with tempfile.TemporaryDirectory(dir=layers[0].parent) as name:
        root, work = Path(name) / "root", Path(name) / "work"
        root.mkdir()
        work.mkdir()
        options = f"lowerdir={':'.join(str(layer) for layer in layers)}"
        if upper is not None:
            options += f",upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", options, root)
        try:
            yield root
        finally:
            run("umount", "--lazy", root)


def _compile_bytecode(root: Path, *folders: str) -> None:
    """Checked against nothing: the root cannot change, and its files' times mean nothing.

    Bytecode is the same on every processor: a python3.13 of the host writes it in a tenth of the time.
    """
    options = ("-m", "compileall", "-q", "-f", "-j", "2", "--invalidation-mode", "unchecked-hash")
    if _runs(PYTHON):
        where = ("-s", str(root), "-p", "/")
        run(PYTHON, *options, *where, *(root / folder for folder in folders), env={"PYTHONHASHSEED": "0"})
    else:
        run_in(root, PYTHON, *options, *(f"/{folder}" for folder in folders), env=_TARGET_ENV)


def _runs(program: str) -> bool:
    """A version manager's wrapper may be there without the version."""
    return shutil.which(program) is not None and not subprocess.run([program, "-c", ""], check=False).returncode


def _modules(root: Path, kernel: Path) -> None:
    """The kernel package's modules without those of other machines' hardware."""
    (source,) = (kernel / "usr/lib/modules").iterdir()
    target = root / "usr/lib/modules" / source.name
    shutil.copytree(source, target, symlinks=True)
    for name in _MODULES_LEFT_OUT:
        for file in list((target / "kernel" / name).rglob("*.ko*")):
            if not file.relative_to(target / "kernel").as_posix().startswith(_MODULES_KEPT_WITHIN):
                file.unlink()
    run("depmod", "--basedir", root, source.name)
