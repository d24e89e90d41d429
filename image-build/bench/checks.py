"""What the image must do, each seen on a machine of its own or in order on one."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.firmware import partitions
from bench.machine import BenchError, Hardware, Machine, new_disk
from bench.office import Office, flip_bytes, furnish, similarity
from bench.outcomes import CheckFailedError, Seen
from bench.places import Places

ALIKE = 0.85
"""Correlation of a screen with the same one drawn on the host. Measured: same 0.996, others at most 0.69."""


@dataclass(slots=True)
class Bench:
    """image: as it is delivered. out: report and pictures. slow: patience, in units of an idle host's.

    hardware: of the unit that most checks share.
    """

    image: Path
    room: Path
    out: Path
    office: Office
    places: Places
    drawn: Path
    slow: float = 1.0
    hardware: Hardware = field(default_factory=Hardware)
    machine: Machine | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def unit(self) -> Machine:
        if self.machine is None:
            raise CheckFailedError("no unit is running: an earlier check ended without one")
        return self.machine

    def fresh(self, name: str, hardware: Hardware | None = None) -> Machine:
        folder = self.room / name
        return Machine(new_disk(self.image, folder / "card.img"), folder, hardware or Hardware())

    def picture(self, name: str) -> str:
        self.unit().screenshot(self.out / f"{name}.png")
        return f"{name}.png"

    def sees(self, screen: str, *, timeout_s: float) -> tuple[float, str]:
        """Waits until the unit's screen is like the host's drawing: likeness and picture."""
        ends_s = time.monotonic() + timeout_s * self.slow
        best = 0.0
        while time.monotonic() < ends_s:
            name = self.picture(screen)
            best = max(best, similarity(self.out / name, self.drawn / name))
            if best >= ALIKE:
                return best, name
            time.sleep(2.0)
        raise CheckFailedError(f"the screen is not like {screen} (at best {best:.2f}), see {screen}.png")

    def press(self, screen: str, button: str) -> None:
        x, y = self.places[screen][button]
        self.unit().touch(x, y)


def boots(bench: Bench) -> Seen:
    """The image starts from its verified root, and asks what a unit without settings asks."""
    bench.machine = bench.fresh("unit", bench.hardware)
    bench.machine.start()
    line = bench.machine.wait_for_console(r"kiosk-initrd: root [ab], hash \w+", timeout_s=300 * bench.slow)
    waited = "systemctl is-active kiosk-provision | grep -q activating"
    asked_s = bench.machine.wait_for(waited, timeout_s=900 * bench.slow)
    bench.timings["first questions of a unit without settings"] = asked_s
    root = bench.machine.ask("findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /")
    if "squashfs" not in root or "ro" not in root.split()[-1]:
        raise CheckFailedError(f"the root is {root}")
    return Seen(f"{line.removeprefix('kiosk-initrd: ')}; first questions after {asked_s:.0f} s")


def no_failed_units(bench: Bench) -> Seen:
    machine = bench.unit()
    failed = machine.ask("systemctl list-units --failed --no-legend --plain")
    if failed:
        raise CheckFailedError(failed)
    started = machine.ask("systemctl list-units --state=active --no-legend --plain | wc -l")
    return Seen(f"none of {started} units has failed")


def no_ordering_cycles(bench: Bench) -> Seen:
    _, told = bench.unit().run("journalctl --boot --quiet --grep 'ordering cycle' --no-pager")
    if told.strip():
        raise CheckFailedError(told.strip())
    return Seen("no ordering cycle in the log")


def data_partition_is_made(bench: Bench) -> Seen:
    """The first start makes it, encrypted, as large as the card allows."""
    machine = bench.unit()
    machine.wait_for("findmnt --noheadings /var/lib/kiosk", timeout_s=600 * bench.slow)
    kind = machine.ask("blkid -p -o value -s TYPE /dev/disk/by-partlabel/kiosk-data")
    size = int(machine.ask("blockdev --getsize64 /dev/disk/by-partlabel/kiosk-data"))
    if kind != "crypto_LUKS" or size < 1 << 30:
        raise CheckFailedError(f"{kind} of {size} bytes")
    return Seen(f"LUKS2 of {size >> 20} MiB, mounted on /var/lib/kiosk")


def attract_screen(bench: Bench) -> Seen:
    """The kiosk draws on KMS, as its unprivileged user."""
    machine = bench.unit()
    furnish(machine, bench.office)
    began_s = time.monotonic()
    machine.wait_for("systemctl is-active --quiet kiosk-ui", timeout_s=900 * bench.slow)
    alike, picture = bench.sees("attract", timeout_s=600)
    bench.timings["attract screen after the unit's start"] = time.monotonic() - began_s
    pid = machine.ask("systemctl show --property=MainPID --value kiosk-ui")
    user = machine.ask(f"stat -c %U /proc/{pid}")
    drawn = machine.ask(f"ls -l /proc/{pid}/fd | grep -c /dev/dri/card")
    if user != "kiosk-ui" or drawn == "0":
        raise CheckFailedError(f"drawn by {user}, {drawn} open cards")
    return Seen(f"likeness {alike:.2f}; process of {user} with /dev/dri/card open", (picture,))


def no_compilation(bench: Bench) -> Seen:
    """Kernels are those of the image: none was compiled or written since."""
    told = (
        bench.unit()
        .ask(
            "find /usr/lib/kiosk/site/kiosk -name '*.nbi' | wc -l; "
            "find / -xdev -name '*.nbi' -newer /proc/1 2>/dev/null | wc -l; "
            "find /var /tmp /run -name '*.nb[ic]' 2>/dev/null | wc -l"
        )
        .split()
    )
    if int(told[0]) == 0 or told[1:] != ["0", "0"]:
        raise CheckFailedError(f"in the image, newer, elsewhere: {told}")
    return Seen(f"{told[0]} compiled kernels in the read-only root, none anywhere else")


def touch_enters_the_flow(bench: Bench) -> Seen:
    bench.sees("attract", timeout_s=60)
    bench.press("attract", "start_id")
    alike, picture = bench.sees("notice", timeout_s=120)
    bench.press("notice", "stop")
    return Seen(f"the notice after a touch, likeness {alike:.2f}", (picture,))


def no_network_for_the_screen(bench: Bench) -> Seen:
    """The process with the plaintext reaches the loopback only; the one with the network sees no devices."""
    machine = bench.unit()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = ("10.0.2.2", listening.getsockname()[1])
        status, told = machine.run(
            "systemd-run --quiet --collect --wait --pipe --uid=kiosk-ui "
            "-p IPAddressDeny=any -p IPAddressAllow=localhost "
            f'python3 -c "import socket; socket.create_connection({there}, 5)" 2>&1'
        )
    if status == 0 or not re.search(r"PermissionError|refused|unreachable|not permitted", told):
        raise CheckFailedError(f"status {status}: {told[-200:]}")
    devices = machine.ask("systemctl show --property=PrivateDevices --value kiosk-uplink")
    if devices != "yes":
        raise CheckFailedError(f"kiosk-uplink: PrivateDevices={devices}")
    return Seen(f"{told.strip().splitlines()[-1]}; kiosk-uplink has no devices")


def name_servers_are_known(bench: Bench) -> Seen:
    """The cable's network is up, and who asks for a name knows whom."""
    machine = bench.unit()
    machine.wait_for("grep -q '^nameserver 10.0.2.3$' /etc/resolv.conf", timeout_s=120 * bench.slow)
    return Seen(f"{machine.ask('cat /etc/resolv.conf')}, from the lease")


def tampered_root(bench: Bench) -> Seen:
    """One changed block at the start of the root: the unit does not start from it."""
    machine = bench.fresh("tampered", Hardware(shell=False))
    _, offset, _ = partitions(machine.disk)["root-a"]
    flip_bytes(machine.disk, offset=offset + 64, count=16)
    machine.start()
    try:
        line = machine.wait_for_console(
            r"kiosk-initrd: no root partition has the hash", timeout_s=400 * bench.slow
        )
        if "systemd[1]" in machine.console():
            raise CheckFailedError("the service manager was started all the same")
    finally:
        machine.cut_power()
    return Seen(f"{line.removeprefix('kiosk-initrd: ')}; nothing was started")


def tampered_file(bench: Bench) -> Seen:
    """One changed block deep in the root: the kernel restarts the machine when it is read."""
    machine = bench.fresh("tampered-deep", Hardware(shell=False))
    _, offset, _ = partitions(machine.disk)["root-a"]
    for part in range(1, 400):
        flip_bytes(machine.disk, offset=offset + part * (1 << 20), count=4096)
    machine.start()
    try:
        if machine.wait_until_off(timeout_s=600 * bench.slow):
            raise CheckFailedError("it asked for a trial boot")
    except BenchError as error:
        raise CheckFailedError(str(error)) from error
    finally:
        machine.cut_power()
    if "Reached target multi-user" in machine.console():
        raise CheckFailedError("it came up")
    return Seen("the kernel restarted the machine before it came up")


def pulled_data_partition(bench: Bench) -> Seen:
    """A card whose data partition has lost its header: the screen calls the officer, nothing loops."""
    machine = bench.fresh("pulled")
    _, offset, _ = partitions(machine.disk)["kiosk-data"]
    with machine.disk.open("r+b") as card:
        card.seek(offset + 0x438)
        card.write(b"\x53\xef")
    bench.machine, before = machine, bench.machine
    try:
        machine.start()
        machine.wait_for("systemctl is-failed --quiet kiosk-data", timeout_s=900 * bench.slow)
        state = machine.ask("systemctl is-active kiosk-call-officer || true")
        time.sleep(20)
        picture = bench.picture("pulled_data")
        ui = machine.ask("systemctl is-active kiosk-ui || true")
        if ui == "active":
            raise CheckFailedError("the kiosk runs without its data")
    finally:
        machine.cut_power()
        bench.machine = before
    return Seen(f"kiosk-data failed, kiosk-call-officer is {state}, kiosk-ui is {ui}", (picture,))


def power_cut(bench: Bench) -> Seen:
    """The plug is pulled in mid-enrollment; the same resident goes on where it stopped."""
    machine = bench.unit()
    bench.sees("attract", timeout_s=300)
    _identify(bench)
    began = bench.picture("before_power_cut")
    machine.cut_power()
    machine.start()
    machine.wait_for("systemctl is-active --quiet kiosk-ui", timeout_s=1800 * bench.slow)
    bench.sees("attract", timeout_s=600)
    _identify(bench)
    alike, picture = bench.sees("resume", timeout_s=120)
    return Seen(f"the resume screen, likeness {alike:.2f}", (began, picture))


def _identify(bench: Bench) -> None:
    """From the first screen past the notice, by typing a NIK."""
    bench.press("attract", "start_id")
    bench.sees("notice", timeout_s=120)
    bench.press("notice", "continue")
    bench.sees("identify", timeout_s=120)
    bench.press("identify", "by_nik")
    bench.sees("identify_nik", timeout_s=120)
    for digit in bench.office.nik:
        bench.press("identify_nik", f"key_{digit}")
        time.sleep(0.5 * bench.slow)
    bench.press("identify_nik", "enter")
    time.sleep(5 * bench.slow)


def bounded_log(bench: Bench) -> Seen:
    machine = bench.unit()
    where = machine.ask("findmnt --noheadings --output SOURCE --target $(readlink -f /var/log/journal)")
    _, told = machine.run(
        "journalctl --disk-usage; systemd-analyze cat-config systemd/journald.conf | grep SystemMaxUse="
    )
    if "kiosk-data" not in where:
        raise CheckFailedError(f"/var/log/journal lies on {where or 'nothing of its own'}")
    return Seen(f"{where}: {' '.join(told.split())}")
