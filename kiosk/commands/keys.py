"""`kiosk keys`: the key ceremony of one unit."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.security.key_report import CertificateLine

Told = dict[str, Any]

_EPILOG = """\
a new unit, with what the authority gave out:
  kiosk keys init --device-ca device_ca.pem --centre-ca centre_ca.pem --office-key office.key
  kiosk keys csr -o KIOSK-7.csr               carry it to the authority, which answers with a certificate
  kiosk keys import KIOSK-7.pem
  kiosk keys recipients import recipients.json     its signature lies beside it: recipients.json.p7s
  kiosk keys show

later:
  kiosk keys renew /media/stick               take recipients.json and KIOSK-7.pem, leave KIOSK-7.csr
  kiosk keys rotate && kiosk keys csr -o KIOSK-7-next.csr    the old key signs until the import
  kiosk keys destroy --yes                    before the unit changes hands

`kiosk keys COMMAND --help` tells more. The unit's number and where its keys live ([keys] store) come from the
configuration. The exit status is 1 when a step was refused; nothing has changed then.
"""


def configure(subparsers: Any) -> None:
    """Add `keys` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "keys",
        help="make, certify, rotate and destroy this unit's keys",
        description="The key ceremony of this unit.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(required=True, metavar="COMMAND")
    init = _step(
        steps, "init", _init, "make the keys", "kiosk keys init --in tpm --device-ca d.pem --centre-ca c.pem"
    )
    init.add_argument("--in", dest="store", choices=("file", "tpm"), help="where (default: [keys] store)")
    init.add_argument("--device-ca", type=Path, required=True, metavar="PEM", help="who certifies units")
    init.add_argument(
        "--centre-ca", type=Path, required=True, metavar="PEM", help="who signs lists of recipients"
    )
    init.add_argument("--office-key", type=Path, metavar="FILE", help="32 bytes shared by the office's units")
    csr = _step(steps, "csr", _csr, "ask for a certificate", "kiosk keys csr -o KIOSK-7.csr")
    csr.add_argument("-o", "--out", type=Path, metavar="FILE", help="default: standard output")
    certificate = _step(
        steps, "import", _import, "take the certificate", "kiosk keys import KIOSK-7.pem between.pem"
    )
    certificate.add_argument(
        "certificates",
        nargs="+",
        type=Path,
        metavar="PEM",
        help="the unit's, then any between it and the authority",
    )
    _step(steps, "rotate", _rotate, "make the next key", "kiosk keys rotate && kiosk keys csr -o next.csr")
    recipients = _step(
        steps,
        "recipients",
        _recipients,
        "take a list of recipients",
        "kiosk keys recipients import recipients.json",
    )
    recipients.add_argument("action", choices=("import",))
    recipients.add_argument("list", type=Path, metavar="JSON", help="its signature is FILE.p7s, or --signature")
    recipients.add_argument("--signature", type=Path, metavar="P7S", help="detached CMS, DER")
    renew = _step(
        steps, "renew", _renew, "take what a stick brings, and ask anew", "kiosk keys renew /media/stick"
    )
    renew.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: the officer's stick")
    _step(steps, "show", _show, "what there is, and until when", "kiosk keys show --json | jq .certificate")
    destroy = _step(steps, "destroy", _destroy, "destroy every key", "kiosk keys destroy --yes")
    destroy.add_argument("--yes", action="store_true", help="open enrollments are lost; sealed packets are not")


def _step(
    steps: Any, name: str, run: Callable[[argparse.Namespace, Config], Told], words: str, example: str
) -> argparse.ArgumentParser:
    step: argparse.ArgumentParser = steps.add_parser(
        name,
        help=words,
        description=f"{words.capitalize()}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    step.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    step.add_argument("--json", action="store_true", help="one JSON object")
    step.set_defaults(run=lambda arguments: _told(arguments, run))
    return step


class _RefusedError(Exception):
    """fault: of KeyFault, or empty."""

    def __init__(self, detail: str, fault: str = "") -> None:
        super().__init__(detail)
        self.fault = fault


def _told(arguments: argparse.Namespace, run: Callable[[argparse.Namespace, Config], Told]) -> int:
    """0 when done, 1 when refused, 2 for a configuration or a file that cannot be read."""
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415

    os.environ.setdefault("TSS2_LOG", "all+none")  # tpm2-tss would tell in its own words what the answer says
    try:
        result = run(arguments, load(arguments.config))
    except (KeyFileError, _RefusedError) as error:
        fault = str(error.fault)
        if arguments.json:
            print(json.dumps({"done": False, "fault": fault, "detail": str(error)}))
        else:
            print(f"kiosk keys: refused: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"kiosk keys: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(json.dumps({"done": True, **result}) if arguments.json else _as_text(result))
    return 0


def _init(arguments: argparse.Namespace, config: Config) -> Told:
    from kiosk.security.ceremony import create_keys  # noqa: PLC0415

    if arguments.store:
        config = replace(config, key_store=replace(config.key_store, kind=arguments.store))
    key_id = _done(
        create_keys(
            config.keys,
            _store(config),
            device_authority=arguments.device_ca.read_bytes(),
            centre_authority=arguments.centre_ca.read_bytes(),
            office_key=arguments.office_key.read_bytes() if arguments.office_key else None,
        )
    )
    return {"key_id": key_id, "store": config.key_store.kind, "folder": str(config.keys)}


def _csr(arguments: argparse.Namespace, config: Config) -> Told:
    from kiosk.security.ceremony import request  # noqa: PLC0415

    asked = _done(request(config.keys, _store(config), unit_id=config.unit_id))
    if arguments.out is None:
        return {"request": asked.decode()}
    arguments.out.write_bytes(asked)
    return {"written": str(arguments.out), "unit": config.unit_id}


def _import(arguments: argparse.Namespace, config: Config) -> Told:
    from kiosk.security.ceremony import import_certificate, key_id_of_certificate  # noqa: PLC0415

    pem = b"".join(path.read_bytes().rstrip() + b"\n" for path in arguments.certificates)
    certificate = _done(
        import_certificate(
            config.keys, _store(config), pem, unit_id=config.unit_id, now=dt.datetime.now(dt.UTC)
        )
    )
    until = certificate.not_valid_after_utc.isoformat()
    return {"key_id": key_id_of_certificate(certificate), "valid_until": until}


def _rotate(arguments: argparse.Namespace, config: Config) -> Told:
    del arguments
    from kiosk.security.ceremony import rotate  # noqa: PLC0415

    return {"next_key_id": _done(rotate(config.keys, _store(config)))}


def _recipients(arguments: argparse.Namespace, config: Config) -> Told:
    from kiosk.packet.cms import verify_detached  # noqa: PLC0415
    from kiosk.security.ceremony import import_recipients  # noqa: PLC0415

    signature = arguments.signature or arguments.list.with_name(f"{arguments.list.name}.p7s")
    found = _done(
        import_recipients(
            config.keys,
            arguments.list.read_bytes(),
            signature.read_bytes(),
            verify=verify_detached,
            now=dt.datetime.now(dt.UTC),
        )
    )
    return {
        "version": found.version,
        "valid_until": found.valid_until.isoformat(),
        "recipients": list(found.recipients),
    }


def _renew(arguments: argparse.Namespace, config: Config) -> Told:
    """What is refused keeps nothing else from being taken."""
    from contextlib import nullcontext  # noqa: PLC0415

    from kiosk.appliance.key_stick import renew  # noqa: PLC0415
    from kiosk.courier.office_stick import StickError, stick  # noqa: PLC0415

    try:
        with nullcontext(arguments.folder) if arguments.folder else stick() as folder:
            now = dt.datetime.now(dt.UTC)
            found = tuple(renew(folder, config.keys, _store(config), unit_id=config.unit_id, now=now))
    except StickError as error:
        raise _RefusedError(f"the stick: {error}") from error
    refused = [f"{one.file}: {one.refusal.detail}" for one in found if one.refusal is not None]
    if refused:
        raise _RefusedError("; ".join(refused))
    return {"done_with": [one.file for one in found]}


def _show(arguments: argparse.Namespace, config: Config) -> Told:
    del arguments
    from kiosk.security.key_report import report  # noqa: PLC0415

    found = report(config.keys)
    return {
        "folder": str(config.keys),
        "store": found.store,
        "certificate": _line(found.certificate) if found.certificate else "none yet: kiosk keys csr",
        "next_key": "waits for its certificate" if found.next_key_waits else "none",
        "retired": [_line(line) for line in found.retired],
        "authorities": {name: [_line(line) for line in lines] for name, lines in found.authorities.items()},
        "list_version": found.list_version,
        "list_valid_until": found.list_valid_until.isoformat() if found.list_valid_until else "",
        "recipients": list(found.recipients),
    }


def _destroy(arguments: argparse.Namespace, config: Config) -> Told:
    from kiosk.security.ceremony import destroy  # noqa: PLC0415

    if not arguments.yes:
        raise _RefusedError("open enrollments cannot be read without their keys; --yes when that is meant")
    return {"destroyed": list(destroy(config.keys))}


def _store(config: Config) -> Any:
    from kiosk.compose import configured_store  # noqa: PLC0415

    return configured_store(config)


def _done(result: Any) -> Any:
    from kiosk.security.key_faults import KeyRefusal  # noqa: PLC0415

    if isinstance(result, KeyRefusal):
        raise _RefusedError(result.detail, str(result.fault))
    return result


def _line(line: CertificateLine) -> Told:
    return {
        "subject": line.subject,
        "key_id": line.key_id,
        "fingerprint": line.fingerprint,
        "valid_until": line.valid_until.isoformat(),
    }


def _as_text(result: Told, indent: str = "") -> str:
    lines = []
    for name, value in result.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", _as_text(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{indent}{name}:", *(_as_text(item, indent + "  ") for item in value)]
        else:
            lines.append(f"{indent}{name}: {', '.join(value) or '-' if isinstance(value, list) else value}")
    return "\n".join(lines)
