"""Signatures and trust, against tokens that jwcrypto made and certificates of every wrong kind."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk, jws

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.jws import decode_base64url, open_jws, parse_jws
from hw.sbi.trust import load_anchors

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PAYLOAD = {"transactionId": "abc-1", "purpose": "Registration"}


def certificate(
    name,
    issuer,
    key,
    signer,
    *,
    ca=False,
    usage=True,
    depth=None,
    since=NOW - DAY,
    until=NOW + DAY,
    plain=False,
):
    def common(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(common(name))
        .issuer_name(common(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )
    if not plain:
        flags = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = builder.add_extension(x509.BasicConstraints(ca, depth), critical=True).add_extension(
            x509.KeyUsage(key_cert_sign=ca and usage, **flags), critical=True
        )
    return builder.sign(signer, SHA256())


CA_KEY = ec.generate_private_key(ec.SECP256R1())
CA = certificate("CA", "CA", CA_KEY, CA_KEY, ca=True, depth=1)
DEVICE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DEVICE = certificate("device", "CA", DEVICE_KEY, CA_KEY)
MIDDLE_KEY = ec.generate_private_key(ec.SECP256R1())


def x5c(*chain):
    return [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain]


def token(*chain, key=DEVICE_KEY, payload=PAYLOAD, **header):
    """What jwcrypto, which nobody here wrote, signs."""
    made = jws.JWS(json.dumps(payload).encode())
    protected = {"alg": "RS256", "x5c": x5c(*chain)} | header
    made.add_signature(jwk.JWK.from_pyca(key), protected=json.dumps(protected))
    return made.serialize(compact=True)


def refused(compact, *, now=NOW, anchors=(CA,)) -> tuple[FaultCode, str]:
    with pytest.raises(SbiFailure) as raised:
        open_jws(compact, anchors=anchors, now=now)
    return raised.value.code, raised.value.detail


@pytest.mark.parametrize("chain", [(DEVICE,), (DEVICE, CA)], ids=["without the CA", "with the CA"])
def test_a_token_of_another_library_opens(chain):
    assert open_jws(token(*chain), anchors=(CA,), now=NOW) == PAYLOAD


def test_either_of_two_authorities_will_do(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    module_ca = certificate("module CA", "module CA", key, key, ca=True)
    module = certificate("module", "module CA", DEVICE_KEY, key)
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (CA, module_ca)))
    anchors = load_anchors(bundle)
    for signer in (DEVICE, module):
        assert open_jws(token(signer), anchors=anchors, now=NOW) == PAYLOAD
    assert refused(token(module))[0] is FaultCode.UNTRUSTED_DEVICE


def test_an_authoritys_renewed_certificate_may_stand_beside_its_old_one():
    old = certificate("CA", "CA", CA_KEY, CA_KEY, ca=True, until=NOW - timedelta(hours=1))
    for anchors in ((old, CA), (CA, old)):
        assert open_jws(token(DEVICE), anchors=anchors, now=NOW) == PAYLOAD
    assert refused(token(DEVICE), anchors=(old,))[0] is FaultCode.UNTRUSTED_DEVICE


def test_an_intermediate_authority_is_followed():
    middle = certificate("middle", "CA", MIDDLE_KEY, CA_KEY, ca=True, depth=0)
    device = certificate("device", "middle", DEVICE_KEY, MIDDLE_KEY)
    assert open_jws(token(device, middle), anchors=(CA,), now=NOW) == PAYLOAD
    assert refused(token(device))[0] is FaultCode.UNTRUSTED_DEVICE


@pytest.mark.parametrize(
    "middle",
    [
        certificate("middle", "CA", MIDDLE_KEY, CA_KEY),
        certificate("middle", "CA", MIDDLE_KEY, CA_KEY, ca=True, usage=False),
        certificate("middle", "CA", MIDDLE_KEY, CA_KEY, plain=True),
        certificate("middle", "CA", MIDDLE_KEY, CA_KEY, ca=True, until=NOW - timedelta(hours=1)),
        certificate("middle", "CA", MIDDLE_KEY, MIDDLE_KEY, ca=True),
    ],
    ids=["a device", "may not sign", "says nothing", "expired", "signed itself"],
)
def test_a_middle_that_is_no_authority_vouches_for_nobody(middle):
    device = certificate("device", "middle", DEVICE_KEY, MIDDLE_KEY)
    assert refused(token(device, middle))[0] is FaultCode.UNTRUSTED_DEVICE


def test_an_authority_does_not_reach_deeper_than_it_may():
    outer_key = ec.generate_private_key(ec.SECP256R1())
    outer = certificate("outer", "CA", outer_key, CA_KEY, ca=True, depth=0)
    middle = certificate("middle", "outer", MIDDLE_KEY, outer_key, ca=True)
    device = certificate("device", "middle", DEVICE_KEY, MIDDLE_KEY)
    assert "depth" in refused(token(device, middle, outer))[1]


def test_an_endless_chain_is_refused():
    assert "too long" in refused(token(DEVICE, *[DEVICE] * 10))[1]


@pytest.mark.parametrize("now", [NOW - 2 * DAY, NOW + 2 * DAY], ids=["not yet", "no longer"])
def test_certificates_hold_in_their_time_only(now):
    assert refused(token(DEVICE), now=now) == (
        FaultCode.UNTRUSTED_DEVICE,
        "a certificate of the device is not valid now",
    )


def test_another_authority_of_the_same_name_is_not_ours():
    key = ec.generate_private_key(ec.SECP256R1())
    impostor = certificate("CA", "CA", key, key, ca=True)
    device = certificate("device", "CA", DEVICE_KEY, key)
    for chain in ((device,), (device, impostor)):
        assert refused(token(*chain))[0] is FaultCode.UNTRUSTED_DEVICE


def test_one_changed_byte_anywhere_breaks_the_signature():
    head, body, signature = token(DEVICE).split(".")
    other = token(DEVICE, payload={"transactionId": "other"}).split(".")
    for compact in (f"{head}.{other[1]}.{signature}", f"{head}.{body}.{other[2]}", f"{head}.{body}.AAAA"):
        assert refused(compact)[0] is FaultCode.BAD_SIGNATURE


def test_no_signature_is_no_signature():
    head = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "x5c": x5c(DEVICE)}).encode()).decode().rstrip("=")
    )
    body = token(DEVICE).split(".")[1]
    assert refused(f"{head}.{body}.")[0] is FaultCode.BAD_SIGNATURE


def test_the_public_key_is_no_shared_secret():
    secret = jwk.JWK(
        kty="oct", k=base64.urlsafe_b64encode(DEVICE.public_bytes(Encoding.PEM)).decode().rstrip("=")
    )
    made = jws.JWS(json.dumps(PAYLOAD).encode())
    made.add_signature(secret, protected=json.dumps({"alg": "HS256", "x5c": x5c(DEVICE)}))
    assert refused(made.serialize(compact=True))[0] is FaultCode.BAD_SIGNATURE


def test_an_elliptic_key_does_not_sign_rs256():
    key = ec.generate_private_key(ec.SECP256R1())
    device = certificate("device", "CA", key, CA_KEY)
    made = token(device, key=key, alg="ES256")
    assert refused(made)[0] is FaultCode.BAD_SIGNATURE


def test_a_short_key_is_refused():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point
    head = {"alg": "RS256", "x5c": x5c(certificate("device", "CA", key, CA_KEY))}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, PAYLOAD)
    ]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), SHA256())
    compact = ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])
    assert "2048 bits" in refused(compact)[1]


@pytest.mark.parametrize("chain", [None, [], "text", [7], ["%%%"], ["AAAA"]])
def test_a_header_without_a_certificate_names_no_device(chain):
    head, body, signature = token(DEVICE).split(".")
    spoiled = json.loads(decode_base64url(head)) | {"x5c": chain}
    head = base64.urlsafe_b64encode(json.dumps(spoiled).encode()).decode().rstrip("=")
    assert refused(f"{head}.{body}.{signature}")[0] is FaultCode.UNTRUSTED_DEVICE


@pytest.mark.parametrize("payload", [[], "text", 7, None])
def test_a_signed_payload_that_is_no_object_is_a_bad_answer(payload):
    assert refused(token(DEVICE, payload=payload))[0] is FaultCode.BAD_ANSWER


@pytest.mark.parametrize("compact", [None, 7, "", "a.b", "a.b.c.d", [], "\ud800.a.b"])
def test_what_is_no_token_is_told(compact):
    assert refused(compact)[0] in (FaultCode.BAD_SIGNATURE, FaultCode.BAD_ANSWER)


@given(st.text(max_size=80))
def test_any_text_is_a_token_or_a_refusal(text):
    for compact in (text, f"{text}.{text}.{text}", f"e30.{text}.AA"):
        try:
            parse_jws(compact)
        except SbiFailure as refusal:
            assert refusal.code in (FaultCode.BAD_SIGNATURE, FaultCode.BAD_ANSWER)


@given(st.binary(max_size=64), st.integers(0, 2))
def test_base64url_with_and_without_padding(data, padding):
    text = base64.urlsafe_b64encode(data).decode()
    assert decode_base64url(text) == decode_base64url(text.rstrip("=")) == data


def test_without_an_anchor_nothing_is_trusted(tmp_path):
    for path in (None, tmp_path / "absent.pem"):
        with pytest.raises(SbiFailure) as raised:
            load_anchors(path)
        assert raised.value.code is FaultCode.UNTRUSTED_DEVICE
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(SbiFailure, match="cannot be read"):
        load_anchors(tmp_path / "text.pem")
