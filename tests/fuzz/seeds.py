"""Inputs that read well, of made-up people, made anew for each run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.packet.archive import write_archive
from kiosk.packet.cms import assemble, sign, sign_detached
from kiosk.packet.manifest import document, make_manifest
from kiosk.packet.parts import make_parts
from kiosk.packet.profile import FormatProfile
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.packet.records.face import FaceRecord, decode_face
from kiosk.packet.records.finger import Compression, FingerRecord, decode_finger
from kiosk.packet.records.iris import IrisRecord, decode_iris
from kiosk.packet.seal import seal
from kiosk.security.keys import provision_development
from tests.fuzz.receiver import receiver_seeds
from tests.packet.made_packets import SEALED_AT, Keys, made_contents, read_keys

CONTENT = b"what was signed\n"
_SMALL = (48, 64)


@dataclass(frozen=True)
class Seeds:
    keys: Keys
    of: Mapping[str, tuple[bytes, ...]]


def make_seeds() -> Seeds:
    with tempfile.TemporaryDirectory() as folder:
        provision_development(Path(folder), now=SEALED_AT, unit_id="KIOS-01")
        keys = read_keys(Path(folder))
    contents = made_contents(finger_size=_SMALL)
    wsq, png = (
        make_parts(contents, profile) for profile in (FormatProfile(), FormatProfile(finger=Compression.PNG))
    )
    records = {part.path.removeprefix("records/"): part.data for part in wsq}
    lossless = next(part.data for part in png if part.path == "records/right_thumb.fir")
    sealed = seal(contents, signer=keys.device, recipients=[keys.recipient]).data
    receipt = Receipt("ab" * 32, "cd" * 32, CentralStatus.RECEIVED_AT_CENTRAL, SEALED_AT, "PUSAT-1")
    images = (
        decode_finger(records["right_thumb.fir"]),
        decode_finger(lossless),
        decode_iris(records["left_iris.iir"]),
        decode_face(records["face.fac"]),
    )
    return Seeds(
        keys,
        {
            "finger": (records["right_thumb.fir"], lossless),
            "iris": (records["left_iris.iir"],),
            "face": (records["face.fac"],),
            "signature": (records["signature.sdi"],),
            "template": (records["left_ring.fmr"],),
            "transaction": (records["transaction.an2"],),
            "codestream": tuple(
                r.image for r in images if isinstance(r, FingerRecord | IrisRecord | FaceRecord)
            ),
            "archive": (write_archive({"a": b"1" * 600, "b/c.txt": b""}), write_archive({})),
            "manifest": (document(make_manifest(contents, wsq, profile="ktp-el-1")),),
            "cms": (
                sign_detached(CONTENT, keys.device),
                assemble([sign(CONTENT, keys.device), sign(CONTENT, keys.receiver)]),
            ),
            "envelope": (sealed,),
            "receiver": receiver_seeds(sealed, keys),
            "receipt": (sign_receipt(receipt, signer=keys.receiver),),
        },
    )
