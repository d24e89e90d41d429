"""The office's own recordings."""

import io
import wave

import numpy as np
import pytest

from kiosk.enrollment.record import Language
from kiosk.speech.prompts import amplified, recorded


def recording(samples: list[int], *, sample_bytes: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(sample_bytes)
        target.setframerate(16000)
        target.writeframes(np.array(samples, "<i2" if sample_bytes == 2 else np.uint8).tobytes())
    return out.getvalue()


def samples_of(wav: bytes) -> list[int]:
    with wave.open(io.BytesIO(wav)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2").tolist()


def test_a_recording_is_found_by_language_and_id(tmp_path):
    (tmp_path / "jv").mkdir()
    (tmp_path / "jv" / "notice.title.wav").write_bytes(b"sound")
    assert recorded(tmp_path, "notice.title", Language.JAVANESE) == b"sound"
    assert recorded(tmp_path, "notice.title", Language.ENGLISH) is None
    assert recorded(None, "notice.title", Language.JAVANESE) is None


def test_twice_as_loud_is_clipped_at_full_scale():
    assert samples_of(amplified(recording([100, -200, 30000, -30000]), 200)) == [200, -400, 32767, -32768]


def test_half_as_loud():
    assert samples_of(amplified(recording([100, -200]), 50)) == [50, -100]


def test_eight_bit_recordings_are_refused():
    with pytest.raises(wave.Error, match="8 bits"):
        amplified(recording([1, 2], sample_bytes=1), 100)
