"""Every duration of the SBI wire, in one table. Seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SbiDelays:
    """SBI 0.9.5 recommends connect 10, discovery 5, info 5; a port may accept 2 s before it answers."""

    connect_s: float = 10.0
    discovery_s: float = 5.0
    info_s: float = 5.0

    capture_allowance_s: float = 10.0
    """Beyond the request's own time-out, after which the device has promised an error: signing and
    sending four lossless fingers. A device silent for longer hangs."""

    stream_open_s: float = 5.0
    stream_timeout_s: float = 3600.0
    """Asked of the service. Long, because a stream that times out takes a capture under way with it
    (error 700); a device is freed by closing the stream. A preview still wanted opens the next."""

    frame_gap_s: float = 2.0
    """The specification's minimum is 3 frames a second; six missing in a row are a stall."""

    busy_grace_s: float = 3.0
    """A service needs a moment to free the device after a stream or a capture ended."""

    busy_pause_s: float = 0.1
    relink_s: float = 5.0
    """How long a capture waits for a device that is being looked for: grace and retry pause."""

    health_s: float = 2.0
    """Between two discoveries of an idle device: how late an unplugged scanner is noticed."""
