"""A touch pad as umockdev plays it, with evdev's ioctls and evemu's events. For `umockdev-run` only."""

from __future__ import annotations

import json
import sys

from hw.api import DeviceInfo, DeviceState, Fault
from hw.device_url import DeviceUrl
from hw.recording.wires import described
from hw.registry import open_device
from hw.signature.touch_pad import TouchSignaturePad
from tests.hw.support import eventually


def read_pad(url: str, *, count: int) -> None:
    """count: of the points to wait for."""
    pad = open_device(url)
    assert isinstance(pad, TouchSignaturePad)
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)

    def written() -> bool:
        points = pad.points()
        return not isinstance(points, Fault) and len(points) >= count

    eventually(written)
    points, info = pad.points(), pad.info()
    assert not isinstance(points, Fault)
    assert isinstance(info, DeviceInfo)
    size = pad.geometry
    pad.stop()
    print(
        json.dumps(
            {
                "geometry": [size.width, size.height, size.max_pressure, size.units_per_mm],
                "points": [[point.x, point.y, point.t_ns - points[0].t_ns, point.pressure] for point in points],
                "identity": [info.make, info.model, info.serial],
                "described": described(DeviceUrl.parse(url)).text,
            }
        )
    )


if __name__ == "__main__":
    read_pad(sys.argv[1], count=int(sys.argv[2]))
