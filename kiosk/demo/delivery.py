"""What arrived at the centre, opened with the centre's key and checked to the last record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kiosk.packet.cms import verify_detached
from kiosk.packet.faults import PacketFault
from kiosk.packet.open import open_packet, read_identity
from kiosk.packet.receipts import verify_receipt
from kiosk.packet.verify import Check, verify_contents
from kiosk.security.keys import load_device_keys
from kiosk.security.nik_hash import nik_hash


@dataclass(frozen=True, slots=True)
class Delivered:
    """packet, receipt: the copies kept. checks: all of them, in order."""

    packet: Path
    receipt: Path
    checks: tuple[Check, ...]

    @property
    def whole(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)


def check_delivery(store: Path, keys: Path, packet_sha256: str, *, out: Path) -> Delivered:
    """Copies packet and receipt from the store to `out` and checks both."""
    data = (store / "packets" / f"{packet_sha256}.ktp").read_bytes()
    receipt = (store / "packets" / f"{packet_sha256}.receipt").read_bytes()
    kept = Delivered(out / f"{packet_sha256}.ktp", out / f"{packet_sha256}.receipt", ())
    kept.packet.write_bytes(data)
    kept.receipt.write_bytes(receipt)
    unit = load_device_keys(keys, verify=verify_detached)
    checks = [Check("content address", hashlib.sha256(data).hexdigest() == packet_sha256, packet_sha256)]
    answer = verify_receipt(receipt, packet_sha256=packet_sha256, anchors=unit.anchors.receivers)
    checks.append(_of("receipt", answer))
    identity = read_identity((keys / "centre" / "identity.txt").read_text())
    opened = open_packet(data, identity=identity, anchors=unit.anchors.devices)
    checks.append(_of("envelope, decryption and signatures", opened))
    if not isinstance(opened, PacketFault):
        checks += verify_contents(opened, nik_hash=lambda nik: nik_hash(nik, key=unit.nik_hash_key))
    return Delivered(kept.packet, kept.receipt, tuple(checks))


def _of(name: str, answer: object) -> Check:
    if isinstance(answer, PacketFault):
        return Check(name, passed=False, detail=str(answer))
    return Check(name, passed=True, detail="holds")
