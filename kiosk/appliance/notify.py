"""Telling the service manager how it stands: sd_notify(3), datagrams on the socket it names."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

Notify = Callable[[str], None]
"""Takes lines such as READY=1, STATUS=..., WATCHDOG=1."""


def notifier(environment: Mapping[str, str]) -> Notify:
    """For the socket in NOTIFY_SOCKET; does nothing where there is none, as on a developer's machine."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return lambda _lines: None
    target = "\0" + address[1:] if address.startswith("@") else address

    def notify(lines: str) -> None:
        # The manager may be restarting; the next line tells it the same.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)  # a full queue must not hold up a frame
            try:
                channel.sendto(lines.encode(), target)
            except OSError:
                return

    return notify


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """After how many seconds of silence the manager restarts this process; None when it does not watch."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) else None
