"""RAUC, by its command: what a bundle says, installing one, settling or refusing the running slot."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from kiosk.appliance.updates import Offer, Version, VersionError

Run = Callable[[Sequence[str]], str]
"""Runs a command and returns its standard output. Raises CommandError."""


class CommandError(Exception):
    """The command ended with an error; the message is its last line."""


class BundleError(Exception):
    """The file is no bundle whose signature leads to the authority, or it says nothing usable."""


def run_command(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise CommandError(f"{words[0]}: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CommandError(f"{words[0]} {words[1]}: {said[-1] if said else f'exit status {done.returncode}'}")
    return done.stdout


class Rauc:
    """config, keyring: instead of the machine's own, for a check elsewhere."""

    def __init__(
        self, run: Run = run_command, *, config: Path | None = None, keyring: Path | None = None
    ) -> None:
        self._run = run
        self._options = [
            *(f"--conf={config}" for _ in [0] if config is not None),
            *(f"--keyring={keyring}" for _ in [0] if keyring is not None),
        ]

    def offer(self, bundle: Path) -> Offer:
        """Checks the signature. Raises BundleError."""
        try:
            told = json.loads(self._run(["rauc", *self._options, "info", "--output-format=json", str(bundle)]))
            return Offer(str(told["compatible"]), Version(str(told["version"])))
        except (CommandError, ValueError, KeyError, TypeError, VersionError) as error:
            raise BundleError(f"{bundle.name}: {error}") from error

    def install(self, bundle: Path) -> None:
        """Writes the other slot and asks for its trial. Raises CommandError; the running slot is untouched."""
        self._run(["rauc", *self._options, "install", str(bundle)])

    def keep(self) -> None:
        """The running slot is the settled one from now on."""
        self._run(["rauc", "status", "mark-good", "booted"])

    def refuse_other(self) -> None:
        """The slot that does not run did not prove itself."""
        self._run(["rauc", "status", "mark-bad", "other"])
