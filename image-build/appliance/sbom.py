"""What the image is made of: a CycloneDX 1.6 list from dpkg's status and the Python packages' metadata."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping
from email import message_from_string
from pathlib import Path
from typing import Any
from urllib.parse import quote

DISTRIBUTION = "debian-13"


def make_sbom(file: Path, *, dpkg_status: Path, unpacked: Path, site: Path, version: str, epoch: int) -> None:
    components = [
        *debian_components(dpkg_status.read_text()),
        *(_debian(*line.split()) for line in unpacked.read_text().splitlines()),
        *python_components(path.read_text() for path in sorted(site.glob("*.dist-info/METADATA"))),
    ]
    file.write_text(json.dumps(document(components, version=version, epoch=epoch), indent=1) + "\n")


def document(components: Iterable[Mapping[str, Any]], *, version: str, epoch: int) -> dict[str, Any]:
    """The serial number is a hash of the content: equal images have equal lists."""
    listed = sorted(components, key=lambda one: str(one["purl"]))
    content = json.dumps(listed)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}",
        "version": 1,
        "metadata": {
            "timestamp": dt.datetime.fromtimestamp(epoch, dt.UTC).isoformat(),
            "component": {"type": "firmware", "name": "ektp-kiosk", "version": version},
        },
        "components": listed,
    }


def debian_components(status: str) -> list[dict[str, Any]]:
    """One for each installed package of a dpkg status file."""
    found = []
    for paragraph in status.split("\n\n"):
        fields = message_from_string(paragraph)
        if fields.get("Status", "").endswith(" installed"):
            found.append(_debian(fields["Package"], fields["Version"], fields["Architecture"]))
    return found


def python_components(metadata: Iterable[str]) -> list[dict[str, Any]]:
    """One for each METADATA file (core metadata, PEP 566)."""
    found = []
    for text in metadata:
        fields = message_from_string(text)
        name, version = fields["Name"], fields["Version"]
        component: dict[str, Any] = {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}",
        }
        licence = fields.get("License-Expression") or fields.get("License") or ""
        if licence and "\n" not in licence:
            component["licenses"] = [{"license": {"name": licence}}]
        found.append(component)
    return found


def _debian(name: str, version: str, architecture: str = "arm64") -> dict[str, Any]:
    return {
        "type": "operating-system" if name.startswith("linux-image") else "library",
        "name": name,
        "version": version,
        "purl": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}&distro={DISTRIBUTION}",
    }
