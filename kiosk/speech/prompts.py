"""Recorded prompts: `<folder>/<language>/<text id>.wav`, PCM with 16 bits, any rate and channels."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from kiosk.enrollment.record import Language


def recorded(folder: Path | None, text_id: str, language: Language) -> bytes | None:
    """The recording of a text, None when the office has made none."""
    if folder is None:
        return None
    path = folder / language.value / f"{text_id}.wav"
    return path.read_bytes() if path.is_file() else None


def amplified(wav: bytes, volume_percent: int) -> bytes:
    """The recording at another loudness, clipped at full scale. Raises wave.Error for what is no 16-bit PCM."""
    with wave.open(io.BytesIO(wav)) as source:
        parameters = source.getparams()
        frames = source.readframes(parameters.nframes)
    if parameters.sampwidth != 2:
        raise wave.Error(f"{parameters.sampwidth * 8} bits a sample where 16 are needed")
    loud = np.frombuffer(frames, "<i2").astype(np.int32) * volume_percent // 100
    out = io.BytesIO()
    with wave.open(out, "wb") as target:
        target.setparams(parameters)
        target.writeframes(np.clip(loud, -32768, 32767).astype("<i2").tobytes())
    return out.getvalue()
