"""Speech through espeak-ng, with recorded prompts in its place where there are some.

Each sentence becomes a WAV and is given to one player process. An utterance has a thread of its own;
the next one ends it, so at most one is audible.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kiosk.enrollment.record import Language
from kiosk.speech.prompts import amplified, recorded
from kiosk.speech.speaker import OnSpoken, SpokenText, nothing
from kiosk.speech.wording import speakable

ESPEAK = "espeak-ng"
PLAYER = ("aplay", "-q", "-")
VOICES: Mapping[Language, str] = MappingProxyType(
    {Language.INDONESIAN: "id", Language.JAVANESE: "id", Language.ENGLISH: "en-gb"}
)
"""espeak-ng has no Javanese voice; the Indonesian one reads its spelling intelligibly."""
WORDS_PER_MINUTE = 130
"""Slower than espeak-ng's 175, for elders."""

_log = logging.getLogger(__name__)

Words = Callable[[SpokenText, Language], str]


class _Stopped(Exception):  # noqa: N818 - not an error: the next utterance has begun
    """The utterance is over."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text_id: str
    words: str


class EspeakSpeaker:
    """words: translates a text id. prompts: folder of recordings, None for none. player: reads a WAV on
    its standard input and returns when it has been heard. on_spoken: told the ids of each utterance."""

    def __init__(
        self,
        *,
        words: Words,
        prompts: Path | None = None,
        player: tuple[str, ...] = PLAYER,
        on_spoken: OnSpoken = nothing,
    ) -> None:
        self._words = words
        self._prompts = prompts
        self._player = player
        self._on_spoken = on_spoken
        self._utterance: _Utterance | None = None

    def say(self, texts: Sequence[SpokenText], language: Language, volume_percent: int) -> None:
        """Raises ValueError for a volume outside 0 to 200."""
        if not 0 <= volume_percent <= 200:
            raise ValueError(f"volume must be 0..200 %, not {volume_percent}")
        self._end()
        sentences = tuple(_Sentence(text.id, self._words(text, language)) for text in texts)
        self._on_spoken(tuple(sentence.text_id for sentence in sentences))
        self._utterance = _Utterance(sentences, language, volume_percent, self._prompts, self._player)
        self._utterance.start()

    def stop(self) -> None:
        self._end()

    def wait(self, timeout_s: float) -> bool:
        """Until the present utterance is over; whether it is."""
        return self._utterance is None or self._utterance.ended(timeout_s)

    def _end(self) -> None:
        if self._utterance is not None:
            self._utterance.stop()
            self._utterance = None


class _Utterance:
    """One run of sentences. `stop` ends the process that runs now and starts no other."""

    def __init__(
        self,
        sentences: tuple[_Sentence, ...],
        language: Language,
        volume_percent: int,
        prompts: Path | None,
        player: tuple[str, ...],
    ) -> None:
        self._sentences = sentences
        self._language = language
        self._volume_percent = volume_percent
        self._prompts = prompts
        self._player = player
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="speech", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def ended(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for sentence in self._sentences:
                self._command(self._player, self._sound(sentence))
        except _Stopped:
            pass
        except OSError as error:
            _log.warning("speech: %s", error)

    def _sound(self, sentence: _Sentence) -> bytes:
        prompt = recorded(self._prompts, sentence.text_id, self._language)
        if prompt is not None:
            try:
                return amplified(prompt, self._volume_percent)
            except (wave.Error, EOFError) as error:
                _log.warning("speech: recording of %s: %s", sentence.text_id, error)
        voice = VOICES[self._language]
        amplitude, speed = str(self._volume_percent), str(WORDS_PER_MINUTE)
        arguments = (ESPEAK, "-v", voice, "-a", amplitude, "-s", speed, "--stdin", "--stdout")
        return self._command(arguments, speakable(sentence.words).encode())

    def _command(self, arguments: tuple[str, ...], data: bytes) -> bytes:
        """Runs a command on the data and returns its output. Raises _Stopped when it was ended."""
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            process = self._process
        output, _ = process.communicate(data)
        with self._lock:
            self._process = None
            if self._stopped:
                raise _Stopped
        if process.returncode != 0:
            _log.warning("speech: %s ended with status %d", arguments[0], process.returncode)
        return output
