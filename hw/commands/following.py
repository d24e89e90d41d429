"""The devices of a command that are named by USB model: links to them, for as long as it runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hw.followed import follow

DEV = Path("/dev")


@contextmanager
def followed(urls: Sequence[str], *, dev: Path = DEV) -> Iterator[tuple[str, ...]]:
    """The URLs to open, in their order; what is plugged in is linked by then. Raises DeviceUrlError.

    dev: where the device nodes are.
    """
    with tempfile.TemporaryDirectory(prefix="hw-devices-") as folder:
        named = {f"device-{number}": url for number, url in enumerate(urls)}
        to_open, links = follow(named, Path(folder), dev=dev)
        links.start()
        try:
            yield tuple(to_open.values())
        finally:
            links.stop()
