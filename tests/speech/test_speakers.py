"""What is heard: the real synthesiser, and a player that keeps what it is given."""

import io
import logging
import shutil
import sys
import wave

import pytest

from kiosk.app.views import Text
from kiosk.enrollment.record import Language
from kiosk.i18n import translate
from kiosk.speech import EspeakSpeaker, SilentSpeaker
from tests.speech.test_prompts import recording

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

KEEP = (
    "import sys, pathlib, uuid;pathlib.Path(sys.argv[1], uuid.uuid1().hex).write_bytes(sys.stdin.buffer.read())"
)
HANG = "import sys, pathlib, time; pathlib.Path(sys.argv[1], 'begun').touch(); time.sleep(60)"


@pytest.fixture
def heard(tmp_path):
    folder = tmp_path / "heard"
    folder.mkdir()
    return folder


@pytest.fixture
def speaker(heard, tmp_path):
    spoken = []
    speaker = EspeakSpeaker(
        words=translate,
        prompts=tmp_path / "prompts",
        player=(sys.executable, "-c", KEEP, str(heard)),
        on_spoken=spoken.append,
    )
    speaker.spoken = spoken
    yield speaker
    speaker.stop()


def sounds(folder):
    return [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)]


def seconds_of(wav):
    """espeak-ng writes a WAV of unknown length to a pipe: count the bytes behind the header."""
    return (len(wav) - 44) / 2 / 22050


@needs_espeak
@pytest.mark.parametrize("language", Language)
def test_a_text_becomes_sound_in_every_language(speaker, heard, language):
    speaker.say([Text("notice.title")], language, 100)
    assert speaker.wait(20)
    (sound,) = sounds(heard)
    assert sound.startswith(b"RIFF")
    assert seconds_of(sound) > 0.4


@needs_espeak
def test_texts_are_spoken_one_after_the_other(speaker, heard):
    speaker.say([Text("notice.title"), Text("notice.line4")], Language.INDONESIAN, 100)
    assert speaker.wait(20)
    first, second = sounds(heard)
    assert seconds_of(second) > seconds_of(first)


def test_a_recording_is_heard_instead_of_the_synthesiser(speaker, heard, tmp_path):
    folder = tmp_path / "prompts" / "jv"
    folder.mkdir(parents=True)
    (folder / "notice.title.wav").write_bytes(recording([100, 200]))
    speaker.say([Text("notice.title")], Language.JAVANESE, 200)
    assert speaker.wait(20)
    (sound,) = sounds(heard)
    with wave.open(io.BytesIO(sound)) as source:
        assert source.getnframes() == 2


@needs_espeak
def test_a_damaged_recording_falls_back_to_the_synthesiser(speaker, heard, tmp_path, caplog):
    folder = tmp_path / "prompts" / "jv"
    folder.mkdir(parents=True)
    (folder / "notice.title.wav").write_bytes(b"RIFF....")
    with caplog.at_level(logging.WARNING):
        speaker.say([Text("notice.title")], Language.JAVANESE, 100)
        assert speaker.wait(20)
    assert seconds_of(sounds(heard)[0]) > 0.4
    assert "recording of notice.title" in caplog.text


def test_the_log_hears_of_ids_and_never_of_values(speaker):
    speaker.say([Text("value.text", {"text": "9999994101800001"})], Language.INDONESIAN, 100)
    speaker.stop()
    assert speaker.spoken == [("value.text",)]


@needs_espeak
def test_the_next_utterance_ends_the_one_before(heard):
    speaker = EspeakSpeaker(words=translate, player=(sys.executable, "-c", HANG, str(heard)))
    speaker.say([Text("notice.title")], Language.INDONESIAN, 100)
    first = speaker._utterance
    while not (heard / "begun").exists():
        assert not first.ended(0.02)
    speaker.say([Text("notice.title")], Language.INDONESIAN, 100)
    assert first.ended(20)
    second = speaker._utterance
    speaker.stop()
    assert second.ended(20)


def test_silence_twice_is_silence(speaker):
    speaker.stop()
    speaker.stop()
    assert speaker.wait(0)


def test_a_missing_player_is_logged_and_nothing_else(caplog, tmp_path):
    folder = tmp_path / "id"
    folder.mkdir()
    (folder / "notice.title.wav").write_bytes(recording([1]))
    speaker = EspeakSpeaker(words=translate, prompts=tmp_path, player=("no-such-player",))
    with caplog.at_level(logging.WARNING):
        speaker.say([Text("notice.title")], Language.INDONESIAN, 100)
        assert speaker.wait(20)
    assert "no-such-player" in caplog.text


@pytest.mark.parametrize("volume", [-1, 201])
def test_an_impossible_volume_is_a_bug(speaker, volume):
    with pytest.raises(ValueError, match="volume"):
        speaker.say([Text("notice.title")], Language.INDONESIAN, volume)


def test_the_silent_speaker_reports_what_it_would_have_said():
    spoken = []
    speaker = SilentSpeaker(on_spoken=spoken.append)
    speaker.say([Text("notice.title"), Text("notice.line1")], Language.INDONESIAN, 100)
    speaker.stop()
    assert spoken == [("notice.title", "notice.line1")]
