"""One appliance on the bench: a disk, QEMU, its console, and a root shell that the bench adds from outside."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.firmware import TRYBOOT, Boot, read_boot
from bench.qmp import Qmp

PASSPHRASE = "perahu-kecil-di-teluk"  # noqa: S105 - opens nothing but the bench's own cards
"""Of the bench's data partition; the firmware's credential stands for a secure element."""

_SHELL_UNIT = """\
[Unit]
DefaultDependencies=no
BindsTo=dev-virtio\\x2dports-bench.device
After=dev-virtio\\x2dports-bench.device
[Service]
ExecStart=/bin/sh -c 'exec /bin/sh <>/dev/virtio-ports/bench >&0 2>&1'
Restart=always
RestartSec=2
"""
_TOLD = (
    *("systemd.journald.forward_to_console=1", "systemd.journald.max_level_console=info"),
    "systemd.default_device_timeout_sec=900",
)
"""The log on the console; and a device may come as late as an emulation on a busy host brings it."""

_WANTED = "[Unit]\nWants=bench-shell.service\n"


class BenchError(Exception):
    """What was waited for did not come, or the machine ended."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """width, height: of the screen in pixels. extra: further words of QEMU's command line.

    instruction_shift: an instruction takes 2 to this power nanoseconds of the unit's clock, however busy the
    host is, so that the unit's own timeouts and watchdogs mean the same on any host.
    """

    memory_mib: int = 2048
    instruction_shift: int = 1
    width: int = 1280
    height: int = 800
    shell: bool = True
    passphrase: str = PASSPHRASE
    extra: tuple[str, ...] = ()


@dataclass(slots=True)
class Machine:
    """disk: raw image, changed by the machine. room: sockets and logs of this machine."""

    disk: Path
    room: Path
    hardware: Hardware = field(default_factory=Hardware)
    _process: subprocess.Popen[bytes] | None = None
    _qmp: Qmp | None = None
    _shell: socket.socket | None = None
    _starts: int = 0
    started_s: float = 0.0
    _spent_s: float = 0.0
    _worked_s: float = 0.0
    _looked_s: float = 0.0
    boot: Boot | None = None

    def start(self, *, trial: bool = False) -> None:
        """Power on. trial: the restart before asked for a trial boot."""
        self.room.mkdir(parents=True, exist_ok=True)
        self.boot = read_boot(self.disk, self.room, trial=trial)
        self._starts += 1
        for name in ("qmp", "bench"):
            (self.room / name).unlink(missing_ok=True)
        self.started_s = time.monotonic()
        self._worked_s, self._looked_s = 0.0, self.started_s
        with self.console_file.open("wb") as _, (self.room / "qemu.log").open("ab") as told:
            self._process = subprocess.Popen(self._command(self.boot), stdout=told, stderr=told)
        self._wait_for((self.room / "qmp").exists, "QEMU's socket", timeout_s=60)
        self._qmp = Qmp(self.room / "qmp")

    @property
    def console_file(self) -> Path:
        return self.room / f"console-{self._starts}.log"

    @property
    def qmp(self) -> Qmp:
        assert self._qmp is not None, "the machine is off"  # noqa: S101 - a mistake of the bench
        return self._qmp

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spent_s(self) -> float:
        """What the unit had of the host so far: processor seconds, or a quarter of the clock's while it idles.

        All patience is counted in these: a busy host makes a unit slow, and no check fail.
        """
        now_s = time.monotonic()
        worked_s = self._worked_s
        if self._process is not None:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
                worked_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self._spent_s += max(worked_s - self._worked_s, (now_s - self._looked_s) / 4)
        self._worked_s, self._looked_s = worked_s, now_s
        return self._spent_s

    def console(self) -> str:
        return self.console_file.read_text("utf-8", "replace")

    def wait_for_console(self, pattern: str, *, timeout_s: float) -> str:
        """Returns what matched. Raises BenchError, with the console's last lines."""
        found: list[str] = []

        def seen() -> bool:
            match = re.search(pattern, self.console())
            found.extend([match.group(0)] if match else [])
            return match is not None

        self._wait_for(seen, f"{pattern!r} on the console", timeout_s=timeout_s)
        return found[0]

    def run(self, command: str, *, timeout_s: float = 120.0) -> tuple[int, str]:
        """A shell command in the machine, as root: exit status and what it wrote."""
        shell = self._connected(timeout_s)
        mark = f"=={time.monotonic_ns()}=="
        shell.sendall(f"{{ {command}\n}} </dev/null; echo {mark}$?\n".encode())
        told = b""
        ends_s = self.spent_s() + timeout_s
        pattern = re.compile(re.escape(mark).encode() + rb"(\d+)\r?\n")
        while (ended := pattern.search(told)) is None:
            if self.spent_s() > ends_s or not self.running:
                raise BenchError(f"no answer to {command!r} in {timeout_s} s; so far {told[-500:]!r}")
            try:
                told += shell.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                self._wait_for(lambda: not self.running, "the end of the machine", timeout_s=60)
                raise BenchError(f"the machine ended during {command!r}") from error
        return int(ended.group(1)), told[: ended.start()].decode("utf-8", "replace")

    def ask(self, command: str, *, timeout_s: float = 120.0) -> str:
        """As `run`; raises BenchError unless the status is 0."""
        status, told = self.run(command, timeout_s=timeout_s)
        if status:
            raise BenchError(f"{command!r} ended with status {status}: {told[-500:]}")
        return told.strip()

    def wait_for(self, command: str, *, timeout_s: float, what: str = "") -> float:
        """Until a shell command in the machine succeeds; seconds since power-on."""
        ends_s = self.spent_s() + timeout_s
        last = ""
        while self.spent_s() < ends_s:
            status, last = self.run(command, timeout_s=min(120.0, timeout_s))
            if status == 0:
                return time.monotonic() - self.started_s
            time.sleep(2.0)
        raise BenchError(f"{what or command!r} did not happen in {timeout_s:.0f} s: {last[-300:]}")

    def set_clock(self) -> None:
        """The host's time, as a time server would give it: an emulated clock falls behind by minutes."""
        self.ask(f"date --utc --set=@{time.time():.3f} >/dev/null")

    def put(self, file: Path, target: str) -> None:
        """Copies a file of the host into the machine."""
        packed = base64.encodebytes(file.read_bytes()).decode()
        self.ask(f"base64 -d >{target} <<'END'\n{packed}END", timeout_s=300)

    def screenshot(self, file: Path) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.qmp.screenshot(file)
        return file

    def touch(self, x_px: float, y_px: float) -> None:
        """A finger comes down and leaves; long enough for a slow emulation to draw a frame between."""
        x, y = x_px / self.hardware.width, y_px / self.hardware.height
        self.qmp.touch(x, y, down=True)
        time.sleep(0.8)
        self.qmp.touch(x, y, down=False)

    def cut_power(self) -> None:
        """At once, as a pulled plug: nothing is written any more."""
        self._end()

    def shut_down(self, *, timeout_s: float = 180.0) -> None:
        self.run("systemctl poweroff --no-block")
        self.wait_until_off(timeout_s=timeout_s)

    def wait_until_off(self, *, timeout_s: float) -> bool:
        """Whether it ended by asking the firmware for a trial boot."""
        self._wait_for(lambda: not self.running, "the end of the machine", timeout_s=timeout_s)
        self._end()
        return TRYBOOT in self.console()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for opened in (self._qmp, self._shell):
            if opened is not None:
                opened.close()
        self._process = self._qmp = self._shell = None

    def _connected(self, timeout_s: float) -> socket.socket:
        if self._shell is None:
            self._shell = socket.socket(socket.AF_UNIX)
            self._shell.connect(str(self.room / "bench"))
            self._shell.settimeout(0.5)
            self._greet(self._shell, timeout_s)
        return self._shell

    def _greet(self, shell: socket.socket, timeout_s: float) -> None:
        """The shell may start minutes after the socket is there: ask until it answers."""
        told = b""
        ends_s = self.spent_s() + max(timeout_s, 600.0)
        shell.sendall(b"echo ==there==\n")
        while b"==there==\n" not in told:
            if self.spent_s() > ends_s or not self.running:
                raise BenchError("the shell of the bench does not answer")
            with contextlib.suppress(TimeoutError):
                told += shell.recv(4096)

    def _wait_for(self, condition: Callable[[], bool], what: str, *, timeout_s: float) -> None:
        ends_s = self.spent_s() + timeout_s
        while not condition():
            if self.spent_s() > ends_s:
                raise BenchError(f"{what} did not come in {timeout_s:.0f} s")
            if self._process is not None and self._process.poll() is not None and not condition():
                tail = self.console()[-800:]
                raise BenchError(f"{what} did not come before the machine ended; console: {tail}")
            time.sleep(0.2)

    def _command(self, boot: Boot) -> Sequence[str]:
        hardware = self.hardware
        words = [
            *(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "qemu-system-aarch64",
                "-machine",
                "virt",
                "-cpu",
                "cortex-a72",
                "-smp",
                "2",
            ),
            *(
                "-accel",
                "tcg",
                "-icount",
                f"shift={hardware.instruction_shift}",
                "-m",
                str(hardware.memory_mib),
            ),
            *("-nodefaults", "-display", "none"),
            *("-kernel", str(boot.kernel), "-initrd", str(boot.initrd)),
            *("-drive", f"if=none,id=card,format=raw,file={self.disk},cache=writeback,discard=unmap"),
            *("-device", "virtio-blk-pci,drive=card", "-device", "virtio-rng-pci", "-no-reboot"),
            *("-device", "qemu-xhci,id=usb"),
            *("-device", f"virtio-gpu-pci,xres={hardware.width},yres={hardware.height}"),
            *("-device", "virtio-tablet-pci", "-serial", f"file:{self.console_file}"),
            *("-qmp", f"unix:{self.room / 'qmp'},server=on,wait=off"),
            *("-netdev", "user,id=net,net=10.0.2.0/24", "-device", "virtio-net-pci,netdev=net,romfile="),
        ]
        credentials = {"kiosk.passphrase": hardware.passphrase} if hardware.passphrase else {}
        if hardware.shell:
            words += [
                *(
                    "-device",
                    "virtio-serial-pci",
                    "-chardev",
                    f"socket,id=bench,path={self.room / 'bench'},server=on,wait=off",
                ),
                *("-device", "virtserialport,chardev=bench,name=bench"),
            ]
            credentials["systemd.extra-unit.bench-shell.service"] = _SHELL_UNIT
            credentials["systemd.unit-dropin.sysinit.target"] = _WANTED
        line = " ".join((boot.command_line, *_TOLD, *_given(credentials)))
        return [*words, "-append", line, *hardware.extra]


def _given(credentials: Mapping[str, str]) -> Iterator[str]:
    """Words of the kernel's command line; on a unit it is verified before it is read, so nobody can add any."""
    for name, text in credentials.items():
        yield f"systemd.set_credential_binary={name}:{base64.b64encode(text.encode()).decode()}"


def new_disk(image: Path, disk: Path, *, size_gib: int = 4) -> Path:
    """A card of the bench: the image's copy, as large as a card is. Holes stay holes."""
    disk.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", image, disk], check=True)
    subprocess.run(["truncate", f"--size={size_gib}G", disk], check=True)
    return disk
