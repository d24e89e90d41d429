"""A simulated face camera: a motion JPEG server on the loopback."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from hw.api import CaptureSet, DeviceKind
from hw.sim.device import ArmedFaults, Simulator
from hw.sim.subject import Subject

FRAME_INTERVAL_S = 1 / 12
JPEG_QUALITY = 85
_BOUNDARY = "frame"


class SimulatedFaceCamera(Simulator):
    """Pictures are made only while somebody looks.

    Faults: `stalled`, no picture for the next `count` frame times while the connection stays open;
    `corrupt`, the next pictures are cut in half.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._arrived_s = time.monotonic()
        self._lock = threading.Lock()
        self._faults = ArmedFaults("stalled", "corrupt")
        super().__init__(DeviceKind.FACE_CAMERA, self._faults)
        self._port = 0
        self._server: _StreamServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/face.mjpg"

    @property
    def plugged(self) -> bool:
        return self._server is not None

    def plug(self) -> None:
        if self._server is None:
            self._server = _StreamServer(self._port, self.next_part)
            self._port = self._server.server_port
            self._server.open()

    def unplug(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def meet(self, subject: Subject) -> None:
        with self._lock:
            self._subject = subject
            self._arrived_s = time.monotonic()

    def next_part(self) -> bytes | None:
        """The next part of the stream, None for a frame time without a picture."""
        if self._faults.use("stalled"):
            return None
        with self._lock:
            subject, elapsed_s = self._subject, time.monotonic() - self._arrived_s
        picture = cv2.cvtColor(subject.preview(CaptureSet.FACE, elapsed_s), cv2.COLOR_RGB2BGR)
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        if self._faults.use("corrupt"):
            jpeg = jpeg[: len(jpeg) // 2]
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        return head.encode() + jpeg + b"\r\n"


class _StreamServer(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, port: int, next_part: Callable[[], bytes | None]) -> None:
        super().__init__(("127.0.0.1", port), _StreamHandler)
        self.next_part = next_part
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="sim-face", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends the streams under way, too."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _StreamHandler(BaseHTTPRequestHandler):
    server: _StreamServer
    timeout = 5.0

    def do_GET(self) -> None:
        if self.path != "/face.mjpg":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        with contextlib.suppress(OSError):  # the viewer has left
            while not self.server.closing.is_set():
                begun = time.monotonic()
                part = self.server.next_part()
                if part is not None:
                    self.wfile.write(part)
                self.server.closing.wait(max(0.0, FRAME_INTERVAL_S - (time.monotonic() - begun)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
        """A request log would only repeat what the driver logs."""
