"""What stands between the unit's loopback and services of the host, in place of services on the unit itself.

`kiosk-ui` reaches 127.0.0.1 only, and there the makers' services are; here they run on the host, which QEMU's
network shows as 10.0.2.2. These units are the bench's, in memory: nothing of this is in the image. The packet
filter lets nobody out, so each relay opens its one way for its own user.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.machine import Machine

HOST = "10.0.2.2"
_USER = "daemon"
_UNITS = "/run/systemd/system"

_SOCKET = """\
[Unit]
Description=Bench: the host's port {host_port} as port {port} of this unit
[Socket]
ListenStream=127.0.0.1:{port}
"""
_SERVICE = """\
[Unit]
Description=Bench: the host's port {host_port} as port {port} of this unit
Requires=kiosk-firewall.service
After=kiosk-firewall.service
[Service]
ExecStartPre=+/usr/sbin/nft insert rule inet kiosk output \\
    meta skuid {user} ip daddr {host} tcp dport {host_port} accept
ExecStart=/usr/lib/systemd/systemd-socket-proxyd {host}:{host_port}
User={user}
"""


def relay(machine: Machine, *, port: int, host_port: int) -> None:
    """From now on the unit's 127.0.0.1:port is the host's 127.0.0.1:host_port."""
    name = f"bench-relay-{port}"
    values = {"port": port, "host_port": host_port, "host": HOST, "user": _USER}
    with tempfile.TemporaryDirectory() as folder:
        for suffix, text in (("socket", _SOCKET), ("service", _SERVICE)):
            unit = Path(folder) / f"{name}.{suffix}"
            unit.write_text(text.format(**values))
            machine.put(unit, f"{_UNITS}/{unit.name}")
    machine.ask(f"systemctl daemon-reload && systemctl start {name}.socket")
