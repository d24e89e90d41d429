"""The list of what the image is made of."""

from appliance.sbom import debian_components, document, python_components

STATUS = """\
Package: libc6
Status: install ok installed
Architecture: arm64
Version: 2.41-12+deb13u1
Description: GNU C Library
 a second line

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1
"""
METADATA = "Name: Segno_x\nVersion: 1.6.6\nLicense-Expression: BSD-3-Clause\n\nText: no header\n"


def test_an_installed_package_is_listed_with_its_address() -> None:
    (component,) = debian_components(STATUS)
    assert component["purl"] == "pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=arm64&distro=debian-13"


def test_a_python_package_is_listed_with_its_licence() -> None:
    (component,) = python_components([METADATA])
    assert component["purl"] == "pkg:pypi/segno-x@1.6.6"
    assert component["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]


def test_equal_content_gives_an_equal_document_whatever_the_order() -> None:
    parts = [*debian_components(STATUS), *python_components([METADATA])]
    one, two = (document(order, version="1", epoch=0) for order in (parts, parts[::-1]))
    assert one == two
    assert one["specVersion"] == "1.6"
    assert document(parts[:1], version="1", epoch=0)["serialNumber"] != one["serialNumber"]
