"""`kiosk update`: a newer signed image, from the store or from a stick, while nobody enrolls."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

_HISTORY = Path("/var/lib/kiosk/rauc/history.json")
_RELEASE = Path("/etc/kiosk-release")
_RESTART = ("systemctl", "start", "--no-block", "kiosk-tryboot.service")
_STATUS = ("systemctl", "show", "--property=StatusText", "--value", "kiosk-ui.service")
_EPILOG = """\
examples:
  kiosk update fetch --config /etc/kiosk/kiosk.toml --into /var/lib/kiosk/updates
  kiosk update install --from /var/lib/kiosk/updates --restart
  kiosk update install --from /run/kiosk/stick --restart      every *.raucb of a stick; the newest counts

The exit status is 0 when an image was installed or none was to be, 1 when one could not be.
"""


def configure(subparsers: Any) -> None:
    """Add `update` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "update",
        help="fetch or install a newer image",
        description="Fetch signed images from the store; install a newer one into the slot that does not run.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="the newest image of the store, unless it is here or not newer")
    fetch.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    fetch.add_argument("--into", type=Path, required=True, metavar="DIR")
    fetch.add_argument("--history", type=Path, default=_HISTORY, metavar="FILE")
    fetch.add_argument("--release", type=Path, default=_RELEASE, metavar="FILE")
    fetch.set_defaults(run=run_fetch)
    install = actions.add_parser("install", help="the newest image of a folder, if it is newer than what runs")
    install.add_argument("--from", dest="folder", type=Path, required=True, metavar="DIR")
    install.add_argument("--history", type=Path, default=_HISTORY, metavar="FILE")
    install.add_argument("--release", type=Path, default=_RELEASE, metavar="FILE")
    install.add_argument("--restart", action="store_true", help="restart into it, once, for its trial")
    install.set_defaults(run=run_install)


def run_fetch(arguments: argparse.Namespace) -> int:
    from kiosk.appliance.update_files import ReleaseError, load_history, running_version  # noqa: PLC0415
    from kiosk.appliance.updates import Version, newest  # noqa: PLC0415
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.uplink.images import fetch_image, remove_others  # noqa: PLC0415
    from kiosk.uplink.store import StoreUnavailableError, open_store  # noqa: PLC0415
    from kiosk.uplink.tls import trust_only  # noqa: PLC0415

    config = load(arguments.config)
    if not config.store:
        return 0
    try:
        running = running_version(arguments.release)
        if config.uplink_ca is not None:
            trust_only(config.uplink_ca)
        store = open_store(config.store)
        offered = {Version(text): size for text, size in store.images()}
        wanted = newest(offered, running=running, history=load_history(arguments.history))
        if wanted is None:
            print(f"image {running}: the store has none that is newer")
            return 0
        remove_others(arguments.into, keep=wanted.text)
        path = fetch_image(store, wanted.text, size=offered[wanted], into=arguments.into)
    except (ReleaseError, StoreUnavailableError, OSError, ValueError) as error:
        print(f"kiosk update fetch: {error}", file=sys.stderr)
        return 1
    print(f"{path}")
    return 0


def run_install(arguments: argparse.Namespace) -> int:
    return install_from(
        arguments.folder, restart=arguments.restart, history=arguments.history, release=arguments.release
    )


def install_from(folder: Path, *, restart: bool, history: Path = _HISTORY, release: Path = _RELEASE) -> int:
    """The newest bundle of the folder, while the screen is idle. The exit status."""
    from kiosk.appliance.heartbeat import IDLE  # noqa: PLC0415
    from kiosk.appliance.rauc import BundleError, CommandError, Rauc, run_command  # noqa: PLC0415
    from kiosk.appliance.update_files import BOOT_ID, ReleaseError, running_version  # noqa: PLC0415
    from kiosk.appliance.updates import Decision  # noqa: PLC0415
    from kiosk.appliance.updating import Unit  # noqa: PLC0415

    try:
        unit = Unit(Rauc(), running_version(release), BOOT_ID.read_text().strip(), history)
        bundle, problems = unit.best(folder)
        for problem in problems:
            print(f"kiosk update install: {problem}", file=sys.stderr)
        if bundle is None:
            return int(bool(problems))
        if (status := run_command(_STATUS).strip()) != IDLE:
            print(f"kiosk update install: the screen is {status or 'not up'}; next time")
            return 0
        decision = unit.install(bundle)
    except (BundleError, CommandError, ReleaseError) as error:
        print(f"kiosk update install: {error}", file=sys.stderr)
        return 1
    print(f"{bundle.name}: {decision}")
    if decision is Decision.INSTALL and restart:
        return subprocess.run(_RESTART, check=False).returncode
    return 0
