"""What the TPM's binding is compiled against, and what of it comes into the image."""

import tarfile
from pathlib import Path

import pytest
from appliance import debian
from appliance.__main__ import steps
from appliance.root import lay_in
from appliance.steps import Builder
from appliance.tpm import HEADERS, LEFT_OUT, LOADER, lay_out

LIBRARIES = Path("usr/lib/aarch64-linux-gnu")


def put(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The unpacked packages, with the files that matter here."""
    folder = tmp_path / "packages"
    put(folder / HEADERS / "usr/include/tss2/tss2_esys.h")
    for name in ("tss2-esys", *LEFT_OUT):
        put(folder / HEADERS / LIBRARIES / f"pkgconfig/{name}.pc")
    (folder / HEADERS / LIBRARIES / "libtss2-esys.so").symlink_to("libtss2-esys.so.0.0.1")
    put(folder / LOADER / LIBRARIES / "libtss2-tctildr.so.0.0.0", "loader")
    (folder / LOADER / LIBRARIES / "libtss2-tctildr.so.0").symlink_to("libtss2-tctildr.so.0.0.0")
    for name in ("copyright", "changelog.gz", "changelog.Debian.gz"):
        put(folder / LOADER / "usr/share/doc" / LOADER / name)
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An archive of a root, whose library is the one that a unit runs."""
    root = tmp_path / "root"
    put(root / LIBRARIES / "libtss2-esys.so.0.0.1", "of the image")
    put(root / LIBRARIES / "libssl.so.3")
    with tarfile.open(tmp_path / "base.tar", "w") as archive:
        archive.add(root, arcname=".")
    return tmp_path / "base.tar"


def test_it_is_linked_with_the_libraries_of_the_image(tmp_path: Path, packages: Path, base: Path) -> None:
    lay_out(tmp_path / "target", packages=packages, base=base)
    found = tmp_path / "target" / LIBRARIES
    assert (found / "libtss2-esys.so").read_text() == "of the image"
    assert (found / "libtss2-tctildr.so.0").read_text() == "loader"
    assert not (found / "libssl.so.3").exists()


def test_it_never_hears_of_libraries_that_a_unit_has_not(tmp_path: Path, packages: Path, base: Path) -> None:
    lay_out(tmp_path / "target", packages=packages, base=base)
    known = {file.stem for file in (tmp_path / "target" / LIBRARIES / "pkgconfig").iterdir()}
    assert known == {"tss2-esys"}


def test_the_loader_comes_into_the_root_with_its_licence_and_its_links(tmp_path: Path, packages: Path) -> None:
    root = tmp_path / "system"
    put(root / LIBRARIES / "libc.so.6", "before")
    lay_in(root, packages / LOADER)
    assert (root / LIBRARIES / "libtss2-tctildr.so.0").readlink() == Path("libtss2-tctildr.so.0.0.0")
    assert (root / LIBRARIES / "libc.so.6").read_text() == "before"
    assert [file.name for file in (root / "usr/share/doc" / LOADER).iterdir()] == ["copyright"]


def test_a_new_lock_of_the_binding_or_a_new_base_makes_the_site_again(tmp_path: Path) -> None:
    every = steps(Builder(tmp_path), mirror="http://deb.example", version="1", authority=None)
    site = next(step for step in every if step.name == "site")
    assert {"tpm.txt", "tpm.py"} <= {path.name for path in site.inputs}
    assert set(site.after) == {"base", "packages"}
    assert all(path.exists() for path in site.inputs)


def test_no_base_is_made_again_for_it() -> None:
    listed = debian.package_names((Path(__file__).parents[2] / "image-build/debian-packages.txt").read_text())
    assert {HEADERS, LOADER} <= set(debian.UNPACKED)
    assert not {HEADERS, LOADER} & set(listed)
