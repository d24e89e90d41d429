"""`python -m kiosk.compile_kernels`: compiles every kernel for this processor and keeps it beside its source.

Run when the package is installed or the image is built; a start then compiles nothing.
"""

import importlib
import pkgutil
import sys
import time

import kiosk.matching
import kiosk.quality

_ROOMS = (kiosk.quality, kiosk.matching)


def kernel_modules() -> list[str]:
    """Names of the modules that hold kernels; importing one compiles what its cache lacks."""
    return [
        f"{room.__name__}.{module.name}"
        for room in _ROOMS
        for module in pkgutil.iter_modules(room.__path__)
        if "kernels" in module.name
    ]


def main() -> None:
    names = kernel_modules()
    began_s = time.monotonic()
    for number, name in enumerate(names, start=1):
        if sys.stderr.isatty():
            print(f"\r  kernels {number}/{len(names)} {name:<45}", end="", file=sys.stderr, flush=True)
        importlib.import_module(name)
    start = "\r" if sys.stderr.isatty() else ""
    print(
        f"{start}  {len(names)} kernel modules ready in {time.monotonic() - began_s:.1f} s{'':<40}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
