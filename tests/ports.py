"""Ports for servers that a storyboard starts, ends and starts again at the same place.

They lie below the ports the kernel hands to connections (from 32,768 on, ip(7) ip_local_port_range), and away
from the scanners' 4501 to 4600: between end and next start nobody else of a parallel run comes to sit there.
"""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack
from typing import Final

_PORTS: Final = range(10_000, 32_768)


def unused_port(*, neighbours: tuple[int, ...] = ()) -> int:
    """A port nobody has, nor those so many above it."""
    dice = random.SystemRandom()
    while True:
        port = dice.choice(_PORTS[: len(_PORTS) - max(neighbours, default=0)])
        with ExitStack() as probes:
            try:
                for each in (port, *(port + above for above in neighbours)):
                    probes.enter_context(socket.create_server(("127.0.0.1", each)))
            except OSError:
                continue
            return port
