"""A capture waits for a hand that lies still; many things may come first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from hw.sim.sbi.wire import Connection

_MOMENT_S: Final = 0.02


class RefusedError(Exception):
    """The service answers with this error code instead of a capture."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self.code = code


class Hold:
    """plugged: is the cable in; streaming_on: has nobody closed the stream that the capture came with."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout_s: float,
        plugged: Callable[[], bool],
        streaming_on: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._plugged = plugged
        self._streaming_on = streaming_on
        self._began_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def moment(self) -> None:
        """RefusedError 106 when the cable is pulled, 700 when the stream stops, 701 when time is up."""
        if not self._plugged():
            raise RefusedError(106)
        if not self._streaming_on():
            raise RefusedError(700)
        if self.elapsed_s >= self._timeout_s or self._connection.peer_is_gone():
            raise RefusedError(701)
        time.sleep(_MOMENT_S)
