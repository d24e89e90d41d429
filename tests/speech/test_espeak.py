"""The voice: newest words first, recordings before synthesis, never in the way."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time

import pytest

from kiosk.app.views import Text
from kiosk.enrollment.record import Language
from kiosk.speech import EspeakSpeaker, SilentSpeaker
from kiosk.speech.espeak import utterances

TITLE, BODY = Text("notice.title"), Text("notice.line1")


class Voice:
    """Runs a sleeping process in place of the sound, and notes what was to be heard."""

    def __init__(self, seconds: float) -> None:
        self.heard: list[str] = []
        self.started: list[subprocess.Popen[bytes]] = []
        self._seconds = seconds
        self.speaker = EspeakSpeaker(said=self.heard.append, run=self._run)

    def _run(self, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        assert command[0] == "espeak-ng"
        process = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({self._seconds})"])
        self.started.append(process)
        return process

    def wait(self) -> None:
        for thread in threading.enumerate():
            if thread.name == "speech":
                thread.join(10)


def test_texts_are_said_in_order():
    voice = Voice(0)
    voice.speaker.say((TITLE, BODY), Language.INDONESIAN, 100)
    voice.wait()
    assert voice.heard == [TITLE.id, BODY.id]


def test_new_words_cut_off_the_old_ones():
    voice = Voice(30)
    voice.speaker.say((TITLE, BODY), Language.INDONESIAN, 100)
    while not voice.heard:
        time.sleep(0.01)
    voice.speaker.say((BODY,), Language.INDONESIAN, 100)
    assert voice.started[0].wait(10) != 0
    voice.speaker.stop()
    voice.wait()
    assert TITLE.id not in voice.heard[1:]


def test_stop_is_silence_and_idempotent():
    voice = Voice(30)
    voice.speaker.say((TITLE, BODY), Language.INDONESIAN, 100)
    while not voice.heard:
        time.sleep(0.01)
    voice.speaker.stop()
    voice.speaker.stop()
    voice.wait()
    assert voice.heard == [TITLE.id]


def test_a_missing_voice_is_no_failure(caplog):
    def gone(_command):
        raise FileNotFoundError("espeak-ng")

    speaker = EspeakSpeaker(run=gone)
    speaker.say((TITLE,), Language.ENGLISH, 100)
    for thread in threading.enumerate():
        if thread.name == "speech":
            thread.join(10)
    assert "no voice" in caplog.text


def test_the_words_and_the_loudness_reach_the_command():
    (said,) = utterances((TITLE,), Language.ENGLISH, 150, prompts=None)
    assert said.command[:7] == ("espeak-ng", "-v", "en-gb", "-s", "140", "-a", "150")
    assert len(said.command[-1]) > 3


def test_javanese_is_read_by_the_indonesian_voice():
    (said,) = utterances((TITLE,), Language.JAVANESE, 100, prompts=None)
    assert "id" in said.command


@pytest.mark.skipif(shutil.which("aplay") is None, reason="aplay (alsa-utils) is not installed")
def test_the_offices_own_recording_goes_first(tmp_path):
    recording = tmp_path / "jv" / f"{TITLE.id}.wav"
    recording.parent.mkdir()
    recording.write_bytes(b"RIFF")
    first, second = utterances((TITLE, BODY), Language.JAVANESE, 100, prompts=tmp_path)
    assert first.command == ("aplay", "-q", str(recording))
    assert second.command[0] == "espeak-ng"


def test_a_silent_unit_says_nothing():
    speaker = SilentSpeaker()
    speaker.say((TITLE,), Language.INDONESIAN, 100)
    speaker.stop()
