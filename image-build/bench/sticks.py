"""What is plugged into the unit's USB: a stick with a signed order, and what has no business there."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path

from appliance.authority import CERTIFICATE, KEY, PROVISIONER, PROVISIONER_KEY
from cryptography import x509

from bench.checks import Bench
from bench.machine import Machine
from bench.office import UNIT
from bench.outcomes import CheckFailedError, Seen
from kiosk.appliance.orders import FILE, FORMAT, SIGNATURE, OrderKind
from kiosk.packet.cms import key_id

LABEL = "KIOSK-ORDER"
_SIZE_MIB = 48
"""FAT32 from 33 MiB on, as sticks have it."""

_DATA_UUID = "blkid -p -o value -s UUID /dev/disk/by-partlabel/kiosk-data"
_ORDER_LOG = "journalctl --unit=kiosk-order --boot --output=cat --no-pager"
_KEYBOARD = "grep -l 'QEMU USB Keyboard' /sys/bus/usb/devices/*/product"
_DRIVERS = 'for part in "$(dirname $(' + _KEYBOARD + '))"/*:*; do readlink $part/driver || echo none; done'


def keyboard_gets_no_driver(bench: Bench) -> Seen:
    """Whoever plugs a keyboard in types nothing."""
    machine = bench.unit()
    before = machine.ask("ls /dev/input | sort")
    machine.qmp.command("device_add", driver="usb-kbd", bus="usb.0", id="keyboard")
    machine.wait_for(f"udevadm settle && {_KEYBOARD}", timeout_s=300, what="the keyboard on the bus")
    drivers, after = machine.ask(_DRIVERS), machine.ask("ls /dev/input | sort")
    machine.qmp.command("device_del", id="keyboard")
    if (drivers, after) != ("none", before):
        raise CheckFailedError(f"its driver: {drivers}; input devices {before!r}, then {after!r}")
    return Seen("the keyboard is on the bus, without a driver and without an input device")


def order_resets_the_unit(bench: Bench) -> Seen:
    """A stranger's is refused; one of the authority in the image destroys the keys, and the unit is as new."""
    machine = bench.enrolling_unit()
    uuid = machine.ask(_DATA_UUID)
    document = reset_order(bench.office.folder / "keys/device/certificate.pem")
    stranger = make_stick(bench, document, certificate=CERTIFICATE, key=KEY)
    plug(machine, stranger)
    machine.wait_for(
        f"{_ORDER_LOG} | grep 'kiosk order:'", timeout_s=900, what="the refusal of a stranger's order"
    )
    refused = machine.ask(f"{_ORDER_LOG} | grep 'kiosk order:' | tail -1")
    unplug(machine)
    plug(machine, make_stick(bench, document, certificate=PROVISIONER, key=PROVISIONER_KEY))
    if machine.wait_until_off(timeout_s=1800):
        raise CheckFailedError("it asked for a trial boot")
    bench.starts_as_new()
    machine.start()
    machine.wait_for("systemctl is-active kiosk-provision | grep -q activating", timeout_s=1800)
    now = machine.ask(_DATA_UUID)
    left = machine.ask("find /var/lib/kiosk/keys /var/lib/kiosk/etc /var/lib/kiosk/data -type f | wc -l")
    if now == uuid or left != "0":
        raise CheckFailedError(f"data partition {uuid}, then {now}; {left} files of before")
    picture = bench.picture("first_questions")
    return Seen(
        f"a stranger's: {refused}; the authority's: another data partition, first questions", (picture,)
    )


def reset_order(certificate: Path) -> bytes:
    """For the unit of that certificate, for a day, if nothing is lost by it."""
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    fields = {
        "format": FORMAT,
        "order": str(OrderKind.RESET),
        "unit_id": UNIT,
        "key_id": key_id(x509.load_pem_x509_certificate(certificate.read_bytes())),
        "valid_until": until.isoformat(),
        "undelivered_too": 0,
    }
    return json.dumps(fields).encode()


def make_stick(bench: Bench, document: bytes, *, certificate: str, key: str) -> Path:
    """A FAT file system with the order, signed as an office does it. Both names: of the build's authority."""
    folder = bench.room / "stick" / certificate.removesuffix(".pem")
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(document)
    signer = ("-signer", bench.authority / certificate, "-inkey", bench.authority / key)
    words = ("-in", folder / FILE, "-outform", "DER", "-out", folder / SIGNATURE)
    stick = folder / "stick.img"
    with stick.open("wb") as made:
        made.truncate(_SIZE_MIB << 20)
    for command in (
        ("openssl", "cms", "-sign", "-binary", *signer, *words),
        ("mkfs.vfat", "-F", "32", "-n", LABEL, stick),
        ("mcopy", "-i", stick, folder / FILE, folder / SIGNATURE, "::"),
    ):
        subprocess.run(command, check=True, capture_output=True)
    return stick


def plug(machine: Machine, stick: Path) -> None:
    machine.set_clock()  # an order has a date
    backing = {"driver": "file", "filename": str(stick)}
    machine.qmp.command("blockdev-add", **{"driver": "raw", "node-name": "stick", "file": backing})
    machine.qmp.command("device_add", driver="usb-storage", bus="usb.0", id="stick", drive="stick")


def unplug(machine: Machine) -> None:
    machine.qmp.command("device_del", id="stick")
    machine.wait_for("! test -e /dev/kiosk/stick", timeout_s=300, what="the end of the stick")
    machine.qmp.command("blockdev-del", **{"node-name": "stick"})
