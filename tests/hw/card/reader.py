"""A whole PC/SC service with one virtual reader and one simulated card, seen by nobody else on the machine.

Runs in mount and network name spaces of its own, for vpcd listens on every address, and pcscd has one place
only for its socket. `unshare ... python -m tests.hw.card.reader FOLDER PIN` makes FOLDER/pcscd.comm and
FOLDER/card.der, then does what standard input says, a word a line, and answers each with the tries left.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from hw.sim.card import VPCD_PORT, PivApplication, SimulatedPivCard
from tests.hw.card.authority import issue
from tests.hw.support import eventually

PCSCD, DRIVER = "/usr/sbin/pcscd", "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
SOCKET = "pcscd.comm"
NAME_SPACES = ("unshare", "--map-root-user", "--mount", "--net")


def run(*command: str) -> None:
    subprocess.run(command, check=True)


class Service:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._configuration = folder / "readers"
        self._configuration.mkdir()
        (self._configuration / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{VPCD_PORT}\n'
            f"LIBPATH {DRIVER}\nCHANNELID {VPCD_PORT}\n"
        )
        run("ip", "link", "set", "lo", "up")
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        Path("/run/pcscd").mkdir()
        run("mount", "--bind", str(folder), "/run/pcscd")
        self._process = self._start()

    def restart(self) -> None:
        self.stop()
        self._process = self._start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        command = (PCSCD, "--foreground", "--critical", "--config", str(self._configuration))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually((self._folder / SOCKET).exists, what="pcscd listens")
        return process


def main() -> None:
    folder, pin = Path(sys.argv[1]), sys.argv[2]
    credential = issue("ec")
    (folder / "card.der").write_bytes(credential.certificate_der)
    assert isinstance(credential.key, ec.EllipticCurvePrivateKey)
    application = PivApplication(credential.key, credential.certificate, pin=pin)
    card = SimulatedPivCard(application, module="/nonexistent")
    service = Service(folder)
    actions = {
        "insert": card.plug,
        "pull": card.unplug,
        "pull_in_call": lambda: card.fail("pulled_in_call"),
        "restart": service.restart,
        "end": service.stop,
        "look": lambda: None,
    }
    print("ready", flush=True)
    try:
        for word in sys.stdin:
            actions[word.strip()]()
            print(application.tries_left, flush=True)
    finally:
        card.stop()
        service.stop()


if __name__ == "__main__":
    main()
