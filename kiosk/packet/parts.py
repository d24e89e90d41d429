"""From stored blobs to the packet's parts: decode each image once, encode it as its record wants it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import wsq  # registers the WSQ codec with Pillow
from numpy.typing import NDArray
from PIL import Image

from kiosk.enrollment.positions import Modality
from kiosk.enrollment.record import ImageRef, Sample
from kiosk.packet.contents import PacketContents
from kiosk.packet.profile import FormatProfile
from kiosk.packet.records.face import FaceRecord, encode_face
from kiosk.packet.records.finger import Compression, FingerRecord, encode_finger
from kiosk.packet.records.iris import ImageFormat, IrisRecord, encode_iris
from kiosk.packet.records.minutiae import TemplateRecord, encode_template
from kiosk.packet.records.representation import Head
from kiosk.packet.records.signature import encode_signature
from kiosk.packet.records.transaction import encode_transaction
from kiosk.packet.strokes import read_strokes, signature_record
from kiosk.packet.transaction import make_transaction

WSQ_FORMAT = wsq.WsqImagePlugin.WsqImageFile.format
APPROVAL = "approval"
WHOLE = "enrollment"
FINGER_TYPE = "application/x-iso-19794-4"
FACE_TYPE = "application/x-iso-19794-5"
IRIS_TYPE = "application/x-iso-19794-6"
SIGNATURE_TYPE = "application/x-iso-19794-7"
PICTURE_TYPE = "image/png"
TEMPLATE_TYPE = "application/x-iso-19794-2"
TRANSACTION_TYPE = "application/x-ansi-nist-itl"
APPROVAL_TYPE = "application/x-ktp-el-approval"
COSIGNATURE_TYPE = "application/pkcs7-signature"

_INK_THRESHOLD = 128


class SealError(Exception):
    """The contents cannot become a packet: a position is missing, or a stored blob is missing or damaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """position: a `Position`, "approval" for the signature under the reviewed data, "enrollment" for all."""

    path: str
    position: str
    media_type: str
    data: bytes


def make_parts(contents: PacketContents, profile: FormatProfile) -> tuple[Part, ...]:
    """One interchange record for each sample, a picture beside each signature, a template for each finger.

    Raises SealError.
    """
    enrollment = contents.enrollment
    parts = [part for sample in enrollment.samples for part in _sample_parts(contents, sample, profile)]
    if enrollment.approval is not None:
        parts += _signature_parts(contents, enrollment.approval, APPROVAL)
    if profile.transaction:
        parts.append(_transaction_part(contents, parts))
    return tuple(parts)


def _transaction_part(contents: PacketContents, parts: Sequence[Part]) -> Part:
    kinds = (FACE_TYPE, FINGER_TYPE, IRIS_TYPE, SIGNATURE_TYPE)
    records = {part.position: part.data for part in parts if part.media_type in kinds}
    try:
        data = encode_transaction(make_transaction(contents, records))
    except ValueError as error:
        raise SealError(f"the transaction cannot be coded: {error}") from error
    return Part("records/transaction.an2", WHOLE, TRANSACTION_TYPE, data)


def _sample_parts(contents: PacketContents, sample: Sample, profile: FormatProfile) -> Iterator[Part]:
    position = sample.position
    name = position.value
    head = Head(contents.captured_at.get(position), sample.report.score)
    match position.modality:
        case Modality.FINGERPRINT:
            record = _finger(contents, sample, head, profile.finger)
            yield Part(f"records/{name}.fir", name, FINGER_TYPE, record)
            if position in contents.templates:
                yield Part(f"records/{name}.fmr", name, TEMPLATE_TYPE, _template(contents, sample))
        case Modality.IRIS:
            record = _iris(contents, sample, head, profile.iris)
            yield Part(f"records/{name}.iir", name, IRIS_TYPE, record)
        case Modality.FACE:
            record = _face(contents, sample, head, profile.face_jpeg_quality)
            yield Part(f"records/{name}.fac", name, FACE_TYPE, record)
        case Modality.SIGNATURE:
            yield from _signature_parts(contents, sample, name)


def _finger(contents: PacketContents, sample: Sample, head: Head, compression: Compression) -> bytes:
    if sample.image.dpi is None:
        raise SealError(f"{sample.position} has no scale; a finger image needs its pixels per inch")
    pixels = grey_pixels(contents.blobs, sample.image)
    image = _wsq(pixels) if compression is Compression.WSQ else _encoded(".png", pixels)
    height, width = pixels.shape
    return encode_finger(
        FingerRecord(head, sample.position.iso_code, sample.image.dpi, compression, width, height, image)
    )


def _template(contents: PacketContents, sample: Sample) -> bytes:
    position, score = sample.position, sample.report.score
    try:
        return encode_template(TemplateRecord(position.iso_code, score or 0, contents.templates[position]))
    except ValueError as error:
        raise SealError(f"the template of {position} cannot be coded: {error}") from error


def _iris(contents: PacketContents, sample: Sample, head: Head, image_format: ImageFormat) -> bytes:
    pixels = grey_pixels(contents.blobs, sample.image)
    if image_format is ImageFormat.JPEG2000:
        image = _encoded(".jp2", pixels, cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000)  # 1000 is lossless
    else:
        image = _encoded(".png", pixels)
    height, width = pixels.shape
    return encode_iris(IrisRecord(head, sample.position.iso_code, image_format, width, height, image))


def _face(contents: PacketContents, sample: Sample, head: Head, jpeg_quality: int) -> bytes:
    pixels = _pixels(contents.blobs, sample.image, cv2.IMREAD_COLOR)
    height, width = pixels.shape[:2]
    person = contents.enrollment.person
    sex = 0 if person is None else int(person.sex)
    image = _encoded(".jpg", pixels, cv2.IMWRITE_JPEG_QUALITY, jpeg_quality)
    return encode_face(FaceRecord(head, sex, width, height, image))


def _signature_parts(contents: PacketContents, sample: Sample, name: str) -> Iterator[Part]:
    if sample.strokes is not None:
        try:
            record = encode_signature(signature_record(read_strokes(_blob(contents.blobs, sample.strokes))))
        except ValueError as error:
            raise SealError(f"the strokes of {name} cannot be coded: {error}") from error
        yield Part(f"records/{name}.sdi", name, SIGNATURE_TYPE, record)
    pixels = grey_pixels(contents.blobs, sample.image)
    ink = np.where(pixels < _INK_THRESHOLD, np.uint8(0), np.uint8(255))
    yield Part(f"records/{name}.png", name, PICTURE_TYPE, _encoded(".png", ink, cv2.IMWRITE_PNG_BILEVEL, 1))


def grey_pixels(blobs: Mapping[str, bytes], ref: ImageRef) -> NDArray[np.uint8]:
    """(height, width), of the size the reference states. Raises SealError."""
    return _pixels(blobs, ref, cv2.IMREAD_GRAYSCALE)


def _blob(blobs: Mapping[str, bytes], ref: ImageRef) -> bytes:
    data = blobs.get(ref.sha256)
    if data is None:
        raise SealError(f"blob {ref.sha256} is missing")
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise SealError(f"blob {ref.sha256} is damaged")
    return data


def _pixels(blobs: Mapping[str, bytes], ref: ImageRef, flag: int) -> NDArray[np.uint8]:
    """(height, width) grey or (height, width, 3) BGR, of the size the reference states."""
    pixels = cv2.imdecode(np.frombuffer(_blob(blobs, ref), np.uint8), flag)
    if pixels is None or pixels.shape[:2] != (ref.height, ref.width):
        raise SealError(f"blob {ref.sha256} is no image of {ref.width}x{ref.height}")
    return pixels.astype(np.uint8, copy=False)


def _encoded(extension: str, pixels: NDArray[np.uint8], *options: int) -> bytes:
    done, data = cv2.imencode(extension, pixels, options)
    if not done:
        raise SealError(f"an image of shape {pixels.shape} cannot be coded as {extension}")
    return data.tobytes()


def _wsq(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, WSQ_FORMAT)
    return buffer.getvalue()
