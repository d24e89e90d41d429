"""`kiosk packet`: check packets as a courier can, or open them as the centre does."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from kiosk.packet.faults import PacketFault
    from kiosk.packet.open import OpenedPacket

_EPILOG = """\
examples:
  kiosk packet verify var/outbox/*.ktp
  kiosk packet verify packet.ktp --anchors device_ca.pem --identity identity.txt
  kiosk packet open packet.ktp --anchors device_ca.pem --identity identity.txt --out person/
  kiosk packet verify *.ktp --anchors device_ca.pem --json | jq 'select(.passed | not)'

Without --identity only the envelope is checked: which unit sealed it, when, and that it is whole. With
--json each packet gives one line. The exit status is 1 when a packet failed, 2 when a key file will not do.
"""


class _UnusableError(Exception):
    """A file named on the command line that will not do."""


def configure(subparsers: Any) -> None:
    """Add `packet` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "packet",
        help="verify or open sealed packets",
        description="Verify sealed packets, or open them with the centre's identity.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("verify", "open"), help="check, or check and write out the parts")
    parser.add_argument("packets", nargs="+", type=Path, metavar="PACKET", help="a sealed packet (.ktp)")
    parser.add_argument(
        "--anchors",
        type=Path,
        default=Path("var/keys/ca/device_ca.pem"),
        metavar="PEM",
        help="authorities of the units (default var/keys/ca/device_ca.pem)",
    )
    parser.add_argument("--officers", type=Path, metavar="PEM", help="authorities of the officers' cards")
    parser.add_argument("--identity", type=Path, metavar="KEY", help="age identity file of the centre")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where `open` writes, a folder per packet")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when every packet passed, 1 when one did not, 2 for wrong arguments or key files."""
    opening = arguments.action == "open"
    if opening and (arguments.identity is None or arguments.out is None):
        print("kiosk packet open: needs --identity and --out", file=sys.stderr)
        return 2
    try:
        anchors = _anchors(arguments.anchors)
        officers = () if arguments.officers is None else _anchors(arguments.officers)
        identity = None if arguments.identity is None else _identity(arguments.identity)
    except _UnusableError as error:
        print(f"kiosk packet: {error}", file=sys.stderr)
        return 2
    passed = True
    for path in arguments.packets:
        result = _examine(path, anchors, officers, identity, arguments.out if opening else None)
        passed &= bool(result["passed"])
        print(json.dumps(result, separators=(",", ":")) if arguments.json else _as_text(result), flush=True)
    return 0 if passed else 1


def _examine(
    path: Path,
    anchors: Sequence[x509.Certificate],
    officers: Sequence[x509.Certificate],
    identity: Any,
    out: Path | None,
) -> dict[str, Any]:
    from kiosk.packet.envelope import check_envelope  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.packet.faults import PacketFault  # noqa: PLC0415
    from kiosk.packet.open import open_envelope  # noqa: PLC0415
    from kiosk.packet.verify import verify_contents  # noqa: PLC0415

    try:
        envelope = check_envelope(path.read_bytes(), anchors=anchors)
    except OSError as error:
        return {"file": str(path), "passed": False, "error": error.strerror}
    if isinstance(envelope, PacketFault):
        return {"file": str(path), "passed": False, "fault": _fault(envelope)}
    header = envelope.header
    result: dict[str, Any] = {
        "file": str(path),
        "passed": True,
        "sha256": envelope.sha256,
        "unit": header.unit_id,
        "office": header.office_code,
        "sealed_at": header.sealed_at.isoformat(),
        "clock": header.clock_trust.value,
        "signer": envelope.signer.subject.rfc4514_string(),
        "contents": "not checked: no identity",
    }
    if identity is None:
        return result
    opened = open_envelope(envelope, (identity,), anchors)
    if isinstance(opened, PacketFault):
        return result | {"passed": False, "contents": "not opened", "fault": _fault(opened)}
    checks = verify_contents(opened, officer_anchors=officers)
    result["contents"] = {check.name: check.detail for check in checks}
    failed = [check.name for check in checks if not check.passed]
    if failed:
        return result | {"passed": False, "failed": failed}
    return result if out is None else result | _write(opened, out / envelope.sha256)


def _write(opened: OpenedPacket, folder: Path) -> dict[str, Any]:
    """Writes manifest and parts for the owner's eyes only; what they hold is personal."""
    from kiosk.packet.manifest import document  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, mode=0o700)
        for name, data in {"manifest.json": document(opened.manifest), **opened.parts}.items():
            target = folder / name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            target.touch(mode=0o600)
            target.write_bytes(data)
    except OSError as error:
        return {"passed": False, "error": f"{folder}: {error.strerror}"}
    return {"written": str(folder)}


def _fault(fault: PacketFault) -> dict[str, Any]:
    return {
        "kind": fault.kind.value,
        "where": fault.where,
        "offset": fault.offset,
        "found": fault.found,
        "allowed": fault.allowed,
    }


def _as_text(result: dict[str, Any]) -> str:
    lines = [f"{result['file']}: {'passed' if result['passed'] else 'FAILED'}"]
    for name, value in result.items():
        if name in ("file", "passed"):
            continue
        if isinstance(value, dict):
            lines += [f"  {name}:", *(f"    {key}: {item}" for key, item in value.items() if item is not None)]
        else:
            lines.append(f"  {name}: {', '.join(value) if isinstance(value, list) else value}")
    return "\n".join(lines)


def _anchors(path: Path) -> tuple[x509.Certificate, ...]:
    from cryptography import x509  # noqa: PLC0415

    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise _UnusableError(f"{path}: no certificates in PEM ({error})") from error


def _identity(path: Path) -> Any:
    from kiosk.packet.open import read_identity  # noqa: PLC0415

    try:
        return read_identity(path.read_text())
    except (OSError, ValueError) as error:
        raise _UnusableError(f"{path}: {error}") from error
