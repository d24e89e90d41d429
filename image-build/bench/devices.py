"""The devices of a unit on the bench: simulated on the host, on the real wires into the machine.

| device | wire |
| --- | --- |
| face camera | the kernel's vivid camera; its picture comes from the host's motion JPEG (`devices_camera.py`) |
| slap scanner, iris camera | SBI services of the host behind a relay on the unit's loopback |
| single-finger module | QEMU's USB serial adapter (FTDI), its other end the simulated module's line |
| panel | the lines of the machine's GPIO chip (`devices_panel.py`) |
| signature | the touch screen |
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from bench import devices_panel
from bench.devices_board import board_tree
from bench.devices_relay import relay
from bench.machine import Hardware, Machine
from hw.api import DeviceKind
from hw.sim.control_client import Simulation, spawn_simulation

FACE_PORT = 8081
CAPTURE, OUTPUT = 20, 21
"""Numbers of vivid's video nodes."""

_CA = "/etc/kiosk/sbi_ca.pem"
_SITE = "/usr/lib/kiosk/site"
_VIVID = (
    "modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1 "
    f"ccs_cap_mode=0 ccs_out_mode=0 vid_cap_nr={CAPTURE} vid_out_nr={OUTPUT}"
)
"""One HDMI input, one HDMI output, no scaler: with one, the kernel (6.12) reads beyond the looped picture."""

_SCAN = """
import base64, sys, time
sys.path.insert(0, "{site}")
from hw.api import Frame
from hw.registry import open_device
module = open_device("{url}")
module.start()
for _ in range(300):
    found = module.scan()
    if isinstance(found, Frame):
        print("PICTURE", base64.b64encode(found.pixels.tobytes()).decode(), *found.pixels.shape)
        break
    time.sleep(0.2)
module.stop()
"""


@dataclass(frozen=True, slots=True)
class ServedDevices:
    simulation: Simulation
    urls: Mapping[str, str]
    """As the unit's settings name them."""

    device_ca: Path

    def hardware(self, room: Path) -> Hardware:
        """room: the machine's folder."""
        room.mkdir(parents=True, exist_ok=True)
        bare = Hardware()
        machine = ("-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", str(bare.memory_mib))
        tree = board_tree(room / "board.dtb", machine=(*machine, "-nodefaults", "-display", "none"))
        line = urlsplit(self.simulation.urls[DeviceKind.FINGER_MODULE]).path
        return Hardware(
            extra=(
                *("-dtb", str(tree)),
                *("-chardev", f"serial,id=finger,path={line}", "-device", "usb-serial,chardev=finger"),
                *("-qtest", f"unix:{room / 'qtest'},server=on,wait=off", "-qtest-log", "none"),
            )
        )

    def connect(self, machine: Machine) -> None:
        """Wires camera and services to a machine that runs."""
        machine.ask(_VIVID)
        machine.wait_for(f"test -c /dev/video{CAPTURE} && test -e /dev/kiosk/finger", timeout_s=600)
        urls = self.simulation.urls
        scanners = (DeviceKind.SLAP_SCANNER, DeviceKind.IRIS_CAMERA)
        ways = {_port(self.urls[kind]): _port(urls[kind]) for kind in scanners}
        relay(machine, {**ways, FACE_PORT: _port(urls[DeviceKind.FACE_CAMERA])})
        machine.put(Path(__file__).with_name("devices_camera.py"), "/run/devices_camera.py")
        machine.ask(
            f"systemd-run --unit=bench-camera --setenv=PYTHONPATH={_SITE} python3 /run/devices_camera.py "
            f"http://127.0.0.1:{FACE_PORT}/face.mjpg /dev/video{CAPTURE} /dev/video{OUTPUT}"
        )


@contextmanager
def served_devices(*, seed: int) -> Iterator[ServedDevices]:
    """Everything listens on 127.0.0.1."""
    with spawn_simulation(seed=seed) as simulation:
        urls = simulation.urls
        query = parse_qs(urlsplit(urls[DeviceKind.SLAP_SCANNER]).query)
        known = {
            DeviceKind.FACE_CAMERA: f"v4l2:///dev/video{CAPTURE}",
            DeviceKind.FINGER_MODULE: "serial:///dev/kiosk/finger?proto=r30x",
            DeviceKind.PANEL: devices_panel.URL,
        }
        for kind, word in ((DeviceKind.SLAP_SCANNER, "slap"), (DeviceKind.IRIS_CAMERA, "iris")):
            known[kind] = f"sbi://127.0.0.1:{_port(urls[kind])}?type={word}&ca={_CA}"
        yield ServedDevices(simulation, {str(kind): url for kind, url in known.items()}, Path(query["ca"][0]))


def finger_picture(machine: Machine, url: str) -> NDArray[np.uint8] | None:
    """What the finger module sees now, by the unit's own driver, as the user of the kiosk, who must not run."""
    script = _SCAN.format(site=_SITE, url=url)
    told = machine.ask(
        "cd /tmp && setpriv --reuid=kiosk-ui --regid=kiosk-ui --groups=dialout "
        f"python3 - <<'END'\n{script}\nEND",
        timeout_s=600,
    )
    for words in (line.split() for line in told.splitlines()):
        if words[:1] == ["PICTURE"]:
            pixels = np.frombuffer(base64.b64decode(words[1]), np.uint8)
            return pixels.reshape(int(words[2]), int(words[3]))
    return None


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None, url  # noqa: S101 - the simulation's own URLs
    return port
