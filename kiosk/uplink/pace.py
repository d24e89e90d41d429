"""The bandwidth cap: a token bucket that may go into debt by one request, and waits it off before the next."""

from __future__ import annotations

from collections.abc import Callable


class StopAskedError(Exception):
    """The process was asked to end while it waited."""


class Pace:
    """bytes_per_s: the cap, None for none. wait: sleeps, True when the end was asked for.

    What a request costs is known before it is sent. The line is used at its own speed for one request and
    then left to the office, for as long as those bytes take at the cap.
    """

    def __init__(
        self, *, bytes_per_s: float | None, monotonic_s: Callable[[], float], wait: Callable[[float], bool]
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._monotonic_s = monotonic_s
        self._wait = wait
        self._free_at_s = monotonic_s()

    def spend(self, size_bytes: int) -> None:
        """Returns when `size_bytes` may be sent. Raises StopAskedError."""
        if self._bytes_per_s is None:
            return
        debt_s = self._free_at_s - self._monotonic_s()
        if debt_s > 0 and self._wait(debt_s):
            raise StopAskedError
        self._free_at_s = max(self._free_at_s, self._monotonic_s()) + size_bytes / self._bytes_per_s
