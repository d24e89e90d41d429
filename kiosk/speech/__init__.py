"""Spoken prompts: the words of a text id, said aloud; the newest words replace the ones before."""

from kiosk.speech.espeak import EspeakSpeaker
from kiosk.speech.speaker import SilentSpeaker, Speaker

__all__ = ["EspeakSpeaker", "SilentSpeaker", "Speaker"]
