"""The simulation as a process of its own: devices for a kiosk that knows them by their URLs only."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
from pathlib import Path

import cv2

from hw.sim.control import ControlServer
from hw.sim.crowd import Crowd
from hw.sim.stage import Stage
from hw.until_told import told_by_signals, wait_until

log = logging.getLogger(__name__)


def run(*, people: Path | None = None, seed: int = 1, control_port: int = 0) -> int:
    """Serves until standard input closes, SIGTERM or SIGINT; prints one line of JSON when all is up.

    {"control": URL, "urls": {device kind: URL}}. The caller's death closes its end of standard
    input, so no simulation outlives the one who started it.
    """
    cv2.setNumThreads(1)  # the kiosk beside us needs the other cores
    crowd = Crowd(folder=people, seed=seed)
    with (
        told_by_signals() as told,
        tempfile.TemporaryDirectory(prefix="hw-sim-", dir=_runtime_folder()) as folder,
    ):
        stage = Stage(crowd, folder=Path(folder))
        control = ControlServer(stage, port=control_port)
        stage.start()
        control.start()
        first = threading.Thread(target=crowd.subject, args=(0,), name="sim-first-person", daemon=True)
        first.start()  # so that the first call is answered soon
        try:
            print(json.dumps({"control": control.url, "urls": stage.urls()}), flush=True)
            wait_until(told)
        finally:
            control.stop()
            stage.stop()
    log.info("simulation ended")
    return 0


def _runtime_folder() -> str | None:
    """A folder of this user alone where there is one; the temporary folder inside has mode 0700 anyway."""
    return os.environ.get("XDG_RUNTIME_DIR")
