"""Speaks through espeak-ng, and through recorded prompts where the office made them."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kiosk.enrollment.record import Language
from kiosk.i18n import Phrase, translate

log = logging.getLogger(__name__)

VOICES: Mapping[Language, str] = MappingProxyType(
    {
        Language.INDONESIAN: "id",
        Language.JAVANESE: "id",  # espeak-ng has no Javanese voice; the Indonesian one reads it understandably
        Language.ENGLISH: "en-gb",
    }
)
WORDS_PER_MINUTE = 140
"""Slow speech: below espeak-ng's 175 words a minute, for old ears and noisy halls."""

ESPEAK_FULL = 100
"""espeak-ng's amplitude at 100 %; its range is 0 to 200, as ours is 50 to 200 %."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One command that makes one sound, and the id of what it says."""

    text_id: str
    command: tuple[str, ...]


class EspeakSpeaker:
    """One thread says one utterance after another; `say` and `stop` cut it short.

    prompts: folder of recordings, None for none. said: told each text id before it sounds, for the
    log. run: starts a command, for tests.
    """

    def __init__(
        self,
        *,
        prompts: Path | None = None,
        said: Callable[[str], None] = lambda _text_id: None,
        run: Callable[[tuple[str, ...]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        self._prompts = prompts
        self._said = said
        self._run = run or _started
        self._lock = threading.Lock()
        self._turn = 0
        self._sounding: subprocess.Popen[bytes] | None = None

    def say(self, texts: tuple[Phrase, ...], language: Language, volume_percent: int) -> None:
        turn = self._cut_short()
        queue = tuple(utterances(texts, language, volume_percent, prompts=self._prompts))
        threading.Thread(target=self._speak, args=(turn, queue), name="speech", daemon=True).start()

    def stop(self) -> None:
        self._cut_short()

    def _cut_short(self) -> int:
        with self._lock:
            self._turn += 1
            if self._sounding is not None:
                self._sounding.terminate()
            return self._turn

    def _speak(self, turn: int, queue: tuple[Utterance, ...]) -> None:
        for utterance in queue:
            with self._lock:
                if turn != self._turn:
                    return
                try:
                    process = self._sounding = self._run(utterance.command)
                except OSError as error:
                    log.warning("no voice: %s", error)
                    return
            self._said(utterance.text_id)
            process.wait()
            with self._lock:
                if self._sounding is process:
                    self._sounding = None


def utterances(
    texts: tuple[Phrase, ...], language: Language, volume_percent: int, *, prompts: Path | None
) -> Iterator[Utterance]:
    """A recording where there is one for the id, else the words to espeak-ng."""
    for text in texts:
        recording = prompts / language.value / f"{text.id}.wav" if prompts is not None else None
        if recording is not None and recording.is_file() and shutil.which("aplay"):
            yield Utterance(text.id, ("aplay", "-q", str(recording)))
            continue
        amplitude = str(min(200, round(ESPEAK_FULL * volume_percent / 100)))
        voice = ("-v", VOICES[language], "-s", str(WORDS_PER_MINUTE), "-a", amplitude)
        yield Utterance(text.id, ("espeak-ng", *voice, "--", translate(text, language)))


def _started(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
