"""STREAM of the simulated scanner: motion JPEG until somebody ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.sbi.faults import FaultPlan, ScannerFault
from hw.sim.sbi.wire import STREAM_HEAD, Connection, response, stream_part

FRAME_INTERVAL_S: Final = 0.1
_JPEG_QUALITY: Final = 80
_FRAMES_BEFORE_FAULT: Final = 3


def send_stream(
    connection: Connection,
    *,
    frame: Callable[[float], NDArray[np.uint8]],
    ended: threading.Event,
    timeout_s: float,
    interval_s: float,
    plugged: Callable[[], bool],
    faults: FaultPlan,
) -> None:
    """frame: the picture so many seconds after the stream began. interval_s: from one to the next. Returns when
    the stream has ended."""
    started = time.monotonic()
    connection.send(STREAM_HEAD)
    count = 0
    while not ended.is_set() and not connection.peer_is_gone():
        elapsed_s = time.monotonic() - started
        if not plugged():
            return connection.send(_closing(605))
        if elapsed_s > timeout_s:
            return connection.send(_closing(609))
        part = stream_part(_jpeg(frame(elapsed_s)))
        if count >= _FRAMES_BEFORE_FAULT and _misbehave(connection, faults, part):
            return None
        connection.send(part)
        count += 1
        ended.wait(max(0.0, count * interval_s - (time.monotonic() - started)))
    return connection.send(_closing(0))


def _misbehave(connection: Connection, faults: FaultPlan, part: bytes) -> bool:
    """True when the stream is over for it."""
    if faults.use(ScannerFault.STREAM_CORRUPT):
        connection.send(stream_part(b"\xff\xd8 this is no picture"))
    if faults.use(ScannerFault.STREAM_TIMEOUT):
        connection.send(_closing(609))
        return True
    if faults.use(ScannerFault.STREAM_BREAKS):
        connection.send(part[: len(part) // 2])
        return True
    if faults.use(ScannerFault.SLOW_DRIP):
        connection.drip(part)
        return True
    if faults.use(ScannerFault.STREAM_SECOND_RESPONSE):
        connection.send(_closing(610))
        _wait_for_peer(connection)
        return True
    if faults.use(ScannerFault.STREAM_STALLS):
        _wait_for_peer(connection)
        return True
    return False


def _wait_for_peer(connection: Connection) -> None:
    while not connection.peer_is_gone():
        time.sleep(0.02)


def _closing(code: int) -> bytes:
    return response({"errorCode": str(code), "errorInfo": "Success" if code == 0 else "Stream ended"})


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    done, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("the picture cannot be coded as JPEG")
    return coded.tobytes()
