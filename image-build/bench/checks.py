"""What the image must do, each seen on a machine of its own or in order on one."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.firmware import partitions
from bench.machine import BenchError, Hardware, Machine, new_disk
from bench.office import RESIDENT, Office, flip_bytes, furnish, similarity
from bench.outcomes import CheckFailedError, Seen
from bench.places import Places

ALIKE = 0.85
"""Correlation of a screen with the same one drawn on the host. Measured: same 0.996, others at most 0.69."""
EXT_MAGIC = 0x438
"""Where an ext file system has its magic number: a partition with it is not empty, and not the unit's."""
CALM_S = 180
"""By then a unit that starts things again and again has done so."""


@dataclass(slots=True)
class Bench:
    """image: as it is delivered. out: report and pictures. hardware: of the unit that most checks share.

    authority: folder of the build's signers.

    drawn: what the host drew of each screen. images: version -> bundle. timings: name -> seconds, to report.
    """

    image: Path
    room: Path
    out: Path
    office: Office
    places: Places
    drawn: Path
    authority: Path
    images: Mapping[str, Path] = field(default_factory=dict)
    hardware: Hardware = field(default_factory=Hardware)
    machine: Machine | None = None
    timings: dict[str, float] = field(default_factory=dict)
    _furnished: bool = False

    def unit(self) -> Machine:
        """The shared unit, started: any check may come first."""
        if self.machine is None:
            self.machine = self.fresh("unit", self.hardware)
        if not self.machine.running:
            self.machine.start()
        return self.machine

    def enrolling_unit(self) -> Machine:
        """The same with its office in it and the kiosk running."""
        machine = self.unit()
        if not self._furnished:
            data_partition_is_made(self)
            furnish(machine, self.office)
            self._furnished = True
        machine.wait_for("systemctl is-active --quiet kiosk-ui", timeout_s=900)
        return machine

    def starts_as_new(self) -> None:
        """Its data partition is gone, and its office with it."""
        self._furnished = False

    def fresh(self, name: str, hardware: Hardware | None = None) -> Machine:
        folder = self.room / name
        return Machine(new_disk(self.image, folder / "card.img"), folder, hardware or Hardware())

    def picture(self, name: str, machine: Machine | None = None) -> str:
        (machine or self.unit()).screenshot(self.out / f"{name}.png")
        return f"{name}.png"

    def last_picture(self, check: str) -> tuple[str, ...]:
        """The shared unit's screen, if it runs."""
        if self.machine is None or not self.machine.running:
            return ()
        return (self.picture(f"failed-{re.sub('[^a-z]+', '-', check)}"),)

    def sees(self, screen: str, *, timeout_s: float = 300) -> tuple[float, str]:
        """Waits until the unit's screen is like the host's drawing and less like any other: likeness, file."""
        machine = self.unit()
        others = [file.name for file in self.drawn.glob("*.png") if file.stem != screen]
        ends_s = machine.spent_s() + timeout_s
        alike, best = 0.0, 0.0
        while machine.spent_s() < ends_s:
            name = self.picture(screen)
            seen = self.out / name
            alike = similarity(seen, self.drawn / name)
            best = max(best, alike)
            if alike >= ALIKE and all(similarity(seen, self.drawn / other) < alike for other in others):
                return alike, name
            time.sleep(2.0)
        raise CheckFailedError(f"the screen is not like {screen} (at best {best:.2f}), see {screen}.png")

    def press(self, screen: str, button: str) -> None:
        x, y = self.places[screen][button]
        self.unit().touch(x, y)


def boots(bench: Bench) -> Seen:
    """The image starts from its verified root, and asks what a unit without settings asks."""
    machine = bench.unit()
    line = machine.wait_for_console(r"kiosk-initrd: root [ab], hash \w+", timeout_s=300)
    asked_s = machine.wait_for("systemctl is-active kiosk-provision | grep -q activating", timeout_s=900)
    bench.timings["from power-on to the first questions of a unit without settings"] = asked_s
    root = machine.ask("findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /")
    if "squashfs" not in root or "ro" not in root.split()[-1].split(","):
        raise CheckFailedError(f"the root is {root}")
    up_s = float(machine.ask("cut -d. -f1 /proc/uptime"))
    bench.timings["the same by the unit's clock"] = up_s
    return Seen(f"{line.removeprefix('kiosk-initrd: ')}; first questions {up_s:.0f} s by the unit's clock")


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
    machine.wait_for("findmnt --noheadings /var/lib/kiosk", timeout_s=600)
    kind = machine.ask("blkid -p -o value -s TYPE /dev/disk/by-partlabel/kiosk-data")
    size = int(machine.ask("blockdev --getsize64 /dev/disk/by-partlabel/kiosk-data"))
    if kind != "crypto_LUKS" or size < 1 << 30:
        raise CheckFailedError(f"{kind} of {size} bytes")
    return Seen(f"LUKS2 of {size >> 20} MiB, mounted on /var/lib/kiosk")


def attract_screen(bench: Bench) -> Seen:
    """The kiosk draws on KMS, as its unprivileged user."""
    machine = bench.enrolling_unit()
    alike, picture = bench.sees("attract")
    shown = (
        "systemctl show --value --property=ActiveEnterTimestampMonotonic,InactiveExitTimestampMonotonic "
        "kiosk-ui"
    )
    began_us, ready_us = sorted(int(word) for word in machine.ask(shown).split())
    bench.timings["attract screen after kiosk-ui's start, by the unit's clock"] = (ready_us - began_us) / 1e6
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
    bench.enrolling_unit()
    bench.sees("attract")
    bench.press("attract", "start_id")
    alike, picture = bench.sees("notice")
    _stops(bench, "notice")
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
    machine.wait_for("grep -q '^nameserver 10.0.2.3$' /etc/resolv.conf", timeout_s=300)
    return Seen(f"{machine.ask('cat /etc/resolv.conf')}, from the lease")


def tampered_root(bench: Bench) -> Seen:
    """One changed block at the start of the root: the unit does not start from it."""
    machine = bench.fresh("tampered", Hardware(shell=False))
    _, offset, _ = partitions(machine.disk)["root-a"]
    flip_bytes(machine.disk, offset=offset + 64, count=16)
    machine.start()
    try:
        line = machine.wait_for_console(r"kiosk-initrd: no root partition has the hash", timeout_s=400)
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
        if machine.wait_until_off(timeout_s=600):
            raise CheckFailedError("it asked for a trial boot")
    except BenchError as error:
        raise CheckFailedError(str(error)) from error
    finally:
        machine.cut_power()
    if "Reached target multi-user" in machine.console():
        raise CheckFailedError("it came up")
    return Seen("the kernel restarted the machine before it came up")


def pulled_data_partition(bench: Bench) -> Seen:
    """A card whose data partition is not the unit's: it calls the officer, never makes it anew, never loops."""
    machine = bench.fresh("pulled")
    number, offset, _ = partitions(machine.disk)["kiosk-data"]
    with machine.disk.open("r+b") as card:
        card.seek(offset + EXT_MAGIC)
        card.write(b"\x53\xef")
    try:
        machine.start()
        machine.wait_for("systemctl is-active --quiet kiosk-call-officer", timeout_s=900)
        machine.ask(f"test $(blkid -p -o value -s TYPE /dev/vda{number}) != crypto_LUKS")
        machine.wait_for(f"test $(cut -d. -f1 /proc/uptime) -gt {CALM_S}", timeout_s=900)
        states = machine.ask(
            "systemctl is-active kiosk-data kiosk-call-officer kiosk-ui kiosk-provision || true"
        ).split()
        starts = machine.ask("systemctl show --property=NRestarts --value kiosk-call-officer")
        picture = bench.picture("pulled_data", machine)
    finally:
        machine.cut_power()
    if states != ["failed", "active", "inactive", "inactive"] or starts != "0":
        raise CheckFailedError(f"data, call, kiosk, provision: {states}, call restarted {starts} times")
    return Seen("kiosk-data has failed and the officer is called; nothing was made anew", (picture,))


def failed_starts_call_the_officer(bench: Bench) -> Seen:
    """A kiosk that dies again and again: no loop, no screen that comes and goes, but the officer's."""
    machine = bench.enrolling_unit()
    ended = machine.ask(_KILLED_AGAIN_AND_AGAIN, timeout_s=900)
    calls = machine.ask(
        "journalctl --boot --unit=kiosk-call-officer --output=cat --no-pager | grep -c ^Started"
    )
    states = machine.run("systemctl is-active kiosk-call-officer kiosk-ui")[1].split()
    picture = bench.picture("call_officer")
    machine.ask("systemctl reset-failed; systemctl start --no-block kiosk-ui")
    if (states, calls) != (["active", "failed"], "1"):
        raise CheckFailedError(f"call, kiosk: {states}; called {calls} times after {ended} ends")
    bench.sees("attract", timeout_s=900)
    return Seen(f"after {ended} ends within five minutes the officer is called, once", (picture,))


_KILLED_AGAIN_AND_AGAIN = """
for end in 1 2 3 4 5 6; do
    until test "$(systemctl show --property=MainPID --value kiosk-ui)" != 0; do sleep 1; done
    systemctl kill --signal=KILL kiosk-ui
    sleep 5
    systemctl is-active --quiet kiosk-call-officer && break
done
echo $end"""


def power_cut(bench: Bench) -> Seen:
    """The plug is pulled in mid-enrollment; the same resident proves who sits there, and goes on."""
    machine = bench.enrolling_unit()
    _confirms_who_it_is(bench)
    before = bench.picture("before_power_cut")
    machine.cut_power()
    machine.start()
    _, asked = bench.sees("resume", timeout_s=1800)
    _note_start_times(bench, machine)
    _types_ticket(bench, "resume")
    alike, after = bench.sees("no_camera")
    _stops(bench, "no_camera")
    return Seen(f"asks who sits there, then goes on where it was, likeness {alike:.2f}", (before, asked, after))


_LATEST_OTHER_UNIT = """
for unit in $(systemctl list-dependencies --plain --no-pager multi-user.target | tail -n +2 | sort -u); do
    case $unit in
    kiosk* | *.target) ;;
    *) systemctl show --value --property=ActiveEnterTimestampMonotonic -- $unit ;;
    esac
done | sort -n | tail -1"""
"""When all of a multi-user machine but the kiosk had started: microseconds since the kernel's start."""


def _note_start_times(bench: Bench, machine: Machine) -> None:
    """Of a unit with settings, by its own clock."""
    shown = "systemctl show --value --property=ActiveEnterTimestampMonotonic"
    others_us, screen_us = int(machine.ask(_LATEST_OTHER_UNIT)), int(machine.ask(f"{shown} kiosk-ui"))
    bench.timings["multi-user without the kiosk, from the kernel's start"] = others_us / 1e6
    bench.timings["first screen of a unit with settings, from the kernel's start"] = screen_us / 1e6


def _confirms_who_it_is(bench: Bench) -> None:
    """From the first screen to the capture that comes first."""
    bench.sees("attract")
    bench.press("attract", "start_id")
    bench.sees("notice")
    bench.press("notice", "continue")
    bench.sees("identify")
    _types_ticket(bench, "identify")
    bench.sees("confirm_biodata")
    bench.press("confirm_biodata", "yes_correct")
    bench.sees("no_camera")


def _stops(bench: Bench, screen: str) -> None:
    bench.press(screen, "stop")
    bench.sees("confirm_stop")
    bench.press("confirm_stop", "stop_confirmed")
    bench.sees("attract")


def _types_ticket(bench: Bench, screen: str) -> None:
    for count, character in enumerate(RESIDENT.ticket, start=1):
        bench.press(screen, f"key_{character.lower()}")
        bench.sees(f"{screen}_{count}")
    bench.press(screen, "enter")


def bounded_log(bench: Bench) -> Seen:
    machine = bench.unit()
    where = machine.ask("findmnt --noheadings --output SOURCE --target $(readlink -f /var/log/journal)")
    _, told = machine.run(
        "journalctl --disk-usage; systemd-analyze cat-config systemd/journald.conf | grep SystemMaxUse="
    )
    if "kiosk-data" not in where:
        raise CheckFailedError(f"/var/log/journal lies on {where or 'nothing of its own'}")
    return Seen(f"{where}: {' '.join(told.split())}")
