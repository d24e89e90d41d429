"""The image formats a packet's records use: one named set, because the centre's wish may change."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.packet.records.finger import Compression
from kiosk.packet.records.iris import ImageFormat


@dataclass(frozen=True, slots=True)
class FormatProfile:
    """finger: WSQ at NBIS' 0.75 bits per pixel (about 15:1), or lossless PNG. face_jpeg_quality: 0 to 100.

    transaction: whether the same enrollment goes along as an ANSI/NIST-ITL transaction, for centres that
    take no other; it holds every image again.
    """

    name: str = "ktp-el-1"
    finger: Compression = Compression.WSQ
    iris: ImageFormat = ImageFormat.JPEG2000
    face_jpeg_quality: int = 92
    transaction: bool = True


DEFAULT_PROFILE = FormatProfile()
