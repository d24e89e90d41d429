"""Speaks text ids aloud: a recorded voice where the office has one, espeak-ng for the rest."""

from kiosk.speech.espeak import EspeakSpeaker
from kiosk.speech.speaker import SilentSpeaker, Speaker, SpokenText

__all__ = ["EspeakSpeaker", "SilentSpeaker", "Speaker", "SpokenText"]
