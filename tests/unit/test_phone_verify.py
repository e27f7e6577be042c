"""Standard Webhooks in both directions: who is let in, who is not, and why."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from channels.phone.verify import TOLERANCE_S, Reason, Unverified, Verifier, sign, sign_with_all
from channels.port import BadSignature

OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 24).decode()
BODY = '{"say":"你好"}'.encode()


def verifier() -> Verifier:
    return Verifier({"pbx": [NEW, OLD], "other": [NEW], "closed": []})


def signed(secret: str = NEW, *, skew_s: int = 0, body: bytes = BODY) -> dict[str, str]:
    return sign(secret, message_id="e1", at_seconds=int(time.time()) + skew_s, body=body)


def refusal(headers: dict[str, str], *, source: str = "pbx", body: bytes = BODY) -> Unverified:
    with pytest.raises(Unverified) as refused:
        verifier().verify(source, headers, body)
    return refused.value


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_every_secret_of_a_rotation_is_taken(secret: str) -> None:
    verifier().verify("pbx", signed(secret), BODY)


def test_what_we_sign_is_what_the_standards_library_signs() -> None:
    at = 1_769_832_000
    theirs = Webhook(NEW).sign("e1", datetime.fromtimestamp(at, UTC), BODY.decode())
    ours = sign(NEW, message_id="e1", at_seconds=at, body=BODY)
    assert ours == {"webhook-id": "e1", "webhook-timestamp": str(at), "webhook-signature": theirs}


def test_the_standards_own_example_is_reproduced() -> None:
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at_seconds=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_signed_with_all_secrets_is_taken_by_a_side_that_knows_one() -> None:
    headers = sign_with_all([OLD, NEW], message_id="e1", at_seconds=int(time.time()), body=BODY)
    verifier().verify("other", headers, BODY)


def test_header_names_are_taken_in_any_case() -> None:
    verifier().verify("pbx", {name.title(): value for name, value in signed().items()}, BODY)


@pytest.mark.parametrize("skew_s", [-(TOLERANCE_S - 5), TOLERANCE_S - 5])
def test_five_minutes_of_skew_are_forgiven(skew_s: int) -> None:
    verifier().verify("pbx", signed(skew_s=skew_s), BODY)


@pytest.mark.parametrize("skew_s", [-(TOLERANCE_S + 5), TOLERANCE_S + 5])
def test_more_than_five_minutes_is_stale_even_with_the_right_secret(skew_s: int) -> None:
    refused = refusal(signed(skew_s=skew_s))
    assert (refused.reason, refused.code) == (Reason.STALE_TIMESTAMP, "stale_timestamp")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = signed()
    del headers[name]
    refused = refusal(headers)
    assert (refused.reason, refused.code) == (Reason.MISSING_HEADER, "bad_signature")
    assert name in str(refused)


@pytest.mark.parametrize("stamp", ["soon", "1.5", "nan", "-5", "1e9", "١٢٣"])
def test_a_timestamp_that_is_not_whole_seconds_is_refused(stamp: str) -> None:
    assert refusal(signed() | {"webhook-timestamp": stamp}).reason == Reason.MISSING_HEADER


def test_a_timestamp_beyond_every_calendar_is_refused() -> None:
    assert refusal(signed() | {"webhook-timestamp": "9" * 400}).reason == Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("signature", ["v1,AAAA", "v1", ",", "v1,a,b", "v2,AAAA", "v1,é", "v1,%%%", "v1a,AAAA"])
def test_a_signature_that_does_not_fit_is_refused(signature: str) -> None:
    refused = refusal(signed() | {"webhook-signature": signature})
    assert (refused.reason, refused.code) == (Reason.WRONG_SIGNATURE, "bad_signature")


def test_a_changed_body_id_or_timestamp_does_not_fit() -> None:
    headers = signed()
    later = str(int(headers["webhook-timestamp"]) + 1)
    assert refusal(headers, body=BODY + b" ").reason == Reason.WRONG_SIGNATURE
    assert refusal(headers | {"webhook-id": "e2"}).reason == Reason.WRONG_SIGNATURE
    assert refusal(headers | {"webhook-timestamp": later}).reason == Reason.WRONG_SIGNATURE


def test_a_secret_of_one_source_does_not_open_another() -> None:
    assert refusal(signed(OLD), source="other").reason == Reason.WRONG_SIGNATURE


def test_a_body_that_is_not_utf8_is_refused_and_does_not_break_the_door() -> None:
    assert refusal(signed(), body=b"\xff").reason == Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("source", ["nobody", "closed"])
def test_a_source_that_is_not_configured_is_an_unknown_door(source: str) -> None:
    refused = refusal(signed(), source=source)
    assert (refused.reason, refused.code) == (Reason.UNKNOWN_SOURCE, "unknown_door")


def test_a_refusal_is_a_bad_signature_of_the_contract() -> None:
    assert isinstance(refusal({}), BadSignature)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("whsec_!!!", "is not base64"), ("whsec_", "has 0 bytes"), ("whsec_QUJD", "has 3 bytes"), ("", "has 0 bytes")],
)
def test_a_weak_or_unreadable_secret_is_refused_at_start_without_showing_it(secret: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"source 'pbx' {reason}") as refused:
        Verifier({"pbx": [secret]})
    assert "QUJD" not in str(refused.value)


HEADER = st.text(max_size=30)


@settings(max_examples=200, deadline=None)
@given(HEADER, HEADER | st.integers().map(str), HEADER | HEADER.map("v1,".__add__), st.binary(max_size=50))
def test_garbage_is_always_a_refusal(id: str, stamp: str, signature: str, body: bytes) -> None:
    headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}
    assert refusal(headers, body=body).reason in set(Reason)
