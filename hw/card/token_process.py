"""The process that holds the PKCS#11 module, seen from the driver."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

END_TIMEOUT_S = 1.0
_CHECK_S = 0.1
_MAX_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Module:
    """library: the PKCS#11 module. slot: counted from 0. key_id: CKA_ID, empty for the first.

    counter: "piv", or empty for a card whose retry counter is not asked for. configuration: SoftHSM's, which
    says where its tokens are (SOFTHSM2_CONF); None for a real card.
    """

    library: Path
    slot: int = 0
    key_id: bytes = b""
    counter: str = ""
    configuration: Path | None = None


class TokenProcessEndedError(Exception):
    """The module took its process along, or never loaded."""


class TokenSilentError(Exception):
    """No answer before the deadline."""


class TokenStoppedError(Exception):
    """The driver is being stopped."""


class TokenProcess:
    """For one thread. stopped: looked at while an answer is waited for."""

    def __init__(self, module: Module, *, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._unread = b""
        self._process = subprocess.Popen(
            (
                *(sys.executable, "-m", "hw.card.token_child"),
                *(str(module.library), str(module.slot), module.key_id.hex(), module.counter),
                "rereads" if module.configuration is not None else "",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(module),
        )
        self._questions = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A module that hangs hears no end of its input."""
        self._questions.close()
        self._answers.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, question: dict[str, str], *, timeout_s: float) -> dict[str, Any]:
        """Raises TokenProcessEndedError, TokenSilentError, TokenStoppedError."""
        try:
            os.write(self._questions.fileno(), json.dumps(question).encode() + b"\n")
        except BrokenPipeError:
            raise TokenProcessEndedError from None
        return self.hear(timeout_s=timeout_s)

    def hear(self, *, timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            if self._stopped():
                raise TokenStoppedError
            if time.monotonic() > deadline:
                raise TokenSilentError
            if select.select([self._answers], [], [], _CHECK_S)[0]:
                data = os.read(self._answers.fileno(), 65536)
                if not data or len(self._unread) > _MAX_ANSWER_BYTES:
                    raise TokenProcessEndedError
                self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _environment(module: Module) -> dict[str, str]:
    if module.configuration is None:
        return dict(os.environ)
    return {**os.environ, "SOFTHSM2_CONF": str(module.configuration)}
