"""`kiosk roster`: take over the office's list of residents, or write an example of one."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.storage.roster import RosterImport

_EPILOG = """\
examples:
  kiosk roster example --count 20 --out example.csv   write a roster of invented residents
  kiosk roster import example.csv                     take it over
  kiosk roster import desa-1005.csv --config /etc/kiosk/kiosk.toml --json
"""

_IMPORT_EPILOG = """\
The file is CSV in UTF-8, separated by commas, semicolons or tabs, with the header

  nik,no_kk,nama,tempat_lahir,tgl_lahir,jenis_kelamin,agama,status_kawin,pekerjaan,kewarganegaraan,
  golongan_darah,alamat,rt,rw,kode_wilayah,tiket,non_aktif

in any order; tiket and non_aktif may be left out. Coded columns take the SIAK id or its word (1 or
ISLAM), dates 2001-08-17 or 17-08-2001, kode_wilayah four levels (35.03.11.1005). A NIK that is in the
roster already is replaced. One bad value and nothing is imported: each is named with its line.

The exit status is 0 when the file was imported, 1 when it was not.

examples:
  kiosk roster import desa-1005.csv
  kiosk roster import desa-1005.csv --data /var/lib/kiosk --json
"""

_EXAMPLE_EPILOG = """\
The residents are invented: every name begins with CONTOH. The same seed gives the same people.

examples:
  kiosk roster example --out example.csv
  kiosk roster example --count 300 --seed 7 --out training.csv
"""


def configure(subparsers: Any) -> None:
    """Add `roster` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "roster",
        help="import the list of residents, or write an example of one",
        description="The list of residents this unit expects.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    importing = actions.add_parser(
        "import",
        help="take over a CSV file, all of it or nothing",
        description="Take over the residents of a CSV file, all of them or none.",
        epilog=_IMPORT_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    importing.add_argument("file", type=Path, metavar="FILE.csv", help="the office's list of residents")
    importing.add_argument("--config", type=Path, metavar="FILE", help="the unit's configuration")
    importing.add_argument(
        "--data", type=Path, metavar="DIR", help="the unit's data folder, instead of the configured one"
    )
    importing.add_argument("--json", action="store_true", help="print the result as one JSON object")
    importing.set_defaults(run=run_import)

    example = actions.add_parser(
        "example",
        help="write a CSV file of invented residents",
        description="Write a roster of invented residents, for trying out and training.",
        epilog=_EXAMPLE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    example.add_argument(
        "--count", type=_count, default=20, metavar="N", help="how many residents (default: 20)"
    )
    example.add_argument("--seed", type=int, default=1, metavar="N", help="which residents (default: 1)")
    example.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the file to write; it must not exist"
    )
    example.set_defaults(run=run_example)


def run_import(arguments: argparse.Namespace) -> int:
    """0 when the file was imported, 1 when it was not, 2 for a configuration that cannot be read."""
    from kiosk.config import ConfigError, load  # noqa: PLC0415 - imports wait for the run
    from kiosk.storage.database import DatabaseDamagedError  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415
    from kiosk.storage.roster import Roster  # noqa: PLC0415

    try:
        folder = DataFolder(arguments.data or load(arguments.config).data)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with closing(Roster(folder.roster)) as roster:
            listing = arguments.file.read_bytes()
            result = roster.import_listing(listing)
    except (OSError, DatabaseDamagedError) as error:
        print(f"kiosk roster import: {error}", file=sys.stderr)
        return 1
    _log(folder.audit, listing, result)
    print(_as_json(result) if arguments.json else _as_text(arguments.file, result))
    return 1 if result.problems else 0


def run_example(arguments: argparse.Namespace) -> int:
    """0 when the file was written, 1 when it could not be."""
    from kiosk.storage.roster_csv import write_roster  # noqa: PLC0415
    from kiosk.storage.roster_demo import demo_roster  # noqa: PLC0415

    try:
        with arguments.out.open("xb") as stream:
            stream.write(write_roster(demo_roster(arguments.count, arguments.seed)))
    except OSError as error:
        print(f"kiosk roster example: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.out}: {arguments.count} invented residents")
    return 0


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 20_000:
        raise argparse.ArgumentTypeError("1 to 20000")
    return count


def _as_json(result: RosterImport) -> str:
    problems = [
        {"line": p.line, "column": p.column, "value": p.value, "allowed": p.allowed} for p in result.problems
    ]
    counts = {"added": result.added, "changed": result.changed, "unchanged": result.unchanged}
    return json.dumps(counts | {"problems": problems}, ensure_ascii=False)


def _as_text(file: Path, result: RosterImport) -> str:
    if not result.problems:
        return f"{file}: {result.added} added, {result.changed} changed, {result.unchanged} unchanged"
    lines = [
        f"{file}:{p.line}: {p.column + ' ' if p.column else ''}is {p.value!r}; allowed: {p.allowed}"
        for p in result.problems
    ]
    return "\n".join([*lines, f"{file}: nothing was imported"])


def _log(audit: Path, listing: bytes, result: RosterImport) -> None:
    from kiosk.app.audit_trail import record_roster_import  # noqa: PLC0415
    from kiosk.app.clock import Clock  # noqa: PLC0415
    from kiosk.security.audit import AuditLog  # noqa: PLC0415

    record_roster_import(AuditLog(audit, nik_key=None), listing, result, at=Clock().now())
