"""What stands between the unit's loopback and services of the host, in place of services on the unit itself.

`kiosk-ui` reaches 127.0.0.1 only, and there the makers' services are; here they run on the host, 10.0.2.2 in
QEMU's network. The relay is the bench's, in memory: nothing of this is in the image. The packet filter lets
nobody out, so the relay's user gets a way of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.machine import Machine

HOST = "10.0.2.2"
_UNIT, _PROGRAM = "/run/systemd/system/bench-relay.service", "/run/devices_tunnel.py"
_SERVICE = """\
[Unit]
Description=Bench: services of the host as services of this unit
Requires=kiosk-firewall.service
After=kiosk-firewall.service
[Service]
ExecStartPre=+/usr/sbin/nft insert rule inet kiosk output meta skuid daemon ip daddr {host} accept
ExecStart=/usr/bin/python3 {program} {host} {ways}
User=daemon
"""


def relay(machine: Machine, ways: Mapping[int, int]) -> None:
    """From now on the unit's 127.0.0.1:key is the host's 127.0.0.1:value."""
    words = " ".join(f"{port}:{host_port}" for port, host_port in ways.items())
    machine.put(Path(__file__).with_name("devices_tunnel.py"), _PROGRAM)
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "unit"
        unit.write_text(_SERVICE.format(host=HOST, program=_PROGRAM, ways=words))
        machine.put(unit, _UNIT)
    machine.ask("systemctl daemon-reload && systemctl start bench-relay")
