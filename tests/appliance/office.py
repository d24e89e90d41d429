"""A new unit, the authority it belongs to, and the stick between them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.appliance.provisioning import FORMAT, Places
from kiosk.appliance.provisioning_files import begin_from
from tests.security.ceremonies import UNIT, Authority

TODAY = dt.datetime.now(dt.UTC)
PIN = "759204"


@dataclass
class Office:
    """A new unit, the authority it belongs to, and a stick that travels between them."""

    places: Places
    authority: Authority
    stick: Path

    @property
    def anchor(self) -> Path:
        return self.authority.folder / "centre_ca.pem"

    def settings(self, **changes: Any) -> dict[str, Any]:
        folder = self.authority.folder
        return {
            "format": FORMAT,
            "valid_until": (TODAY + dt.timedelta(days=7)).isoformat(),
            "unit_id": UNIT,
            "office": "KECAMATAN CONTOH",
            "store": "s3://ktp?endpoint=https://store.example",
            "devices": {"slap": "sbi://127.0.0.1:4501?type=slap", "panel": "gpio:?factory=lgpio"},
            "device_authority": (folder / "device_ca.pem").read_text(),
            "centre_authority": (folder / "centre_ca.pem").read_text(),
            "office_key": base64.b64encode((folder / "office.key").read_bytes()).decode(),
            **changes,
        }

    def signs(self, settings: Mapping[str, Any]) -> Path:
        file = self.stick / "provision.json"
        file.write_text(json.dumps(settings))
        signature = self.authority.sign(file.read_bytes())
        file.with_name("provision.json.p7s").write_bytes(signature)
        return file

    def begins(self, **changes: Any) -> Path:
        return begin_from(self.places, self.signs(self.settings(**changes)), authority=self.anchor)

    def certifies(self) -> None:
        """What the authority does with the stick."""
        asked = (self.stick / f"{UNIT}.csr").read_bytes()
        (self.stick / f"{UNIT}.pem").write_bytes(self.authority.certify(asked, now=TODAY))
        document, signature = self.authority.recipients(1, valid_from=TODAY - dt.timedelta(hours=1))
        (self.stick / "recipients.json").write_bytes(document)
        (self.stick / "recipients.json.p7s").write_bytes(signature)
