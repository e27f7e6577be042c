"""Our own dialect: what is taken, what it becomes, and how exactly a refusal names the place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.phone.dialect import TYPES, translate
from channels.port import (
    ENDED_AWAY,
    CallAlerting,
    CallAnswered,
    CallbackCancelled,
    CallbackRequested,
    CallbackSought,
    CallOffered,
    CallProgress,
    CallReleased,
    DoNotCall,
    Malformed,
    VoicemailLeft,
)

NOON = "2026-01-31T12:00:00.250+08:00"
NOON_US = 1_769_832_000_250_000
DOC = Path(__file__).parents[2] / "docs/telephony/own-dialect.md"
ABOUT = {"source": "pbx", "external_id": "e1", "occurred_at": NOON_US, "call": "c1"}


def event(kind: str = "call.offered", data: Any = None, **more: Any) -> dict[str, Any]:
    whole = {"specversion": "1.0", "id": "e1", "source": "/pbx/1", "type": kind, "subject": "c1"}
    whole |= {"time": NOON, "data": data}
    return {name: value for name, value in (whole | more).items() if value is not ...}


def read(kind: str = "call.offered", data: Any = None, **more: Any) -> Any:
    return translate("pbx", json.dumps(event(kind, data, **more)).encode())


OFFERED = {"dialled": "+864008000101", "caller": "+8613800000001"}
CALLBACK = {"dialled": "8008101010", "number": "+8613800000001"}

TAKEN = [
    ("call.offered", {"dialled": "95500"}, CallOffered(**ABOUT, dialled="95500")),
    (
        "call.offered",
        OFFERED | {"alerting": False, "language": "zh-CN", "member": "K1", "product": "电视", "complaint": True},
        CallOffered(
            **ABOUT,
            **OFFERED,
            alerting=False,
            language="zh-CN",
            member="K1",
            product="电视",
            complaint=True,
        ),
    ),
    ("call.alerting", None, CallAlerting(**ABOUT)),
    ("call.alerting", {"offer": "o1"}, CallAlerting(**ABOUT, offer="o1")),
    ("call.answered", {"offer": "o1"}, CallAnswered(**ABOUT, offer="o1")),
    ("call.answered", {"agent": "1001"}, CallAnswered(**ABOUT, agent="1001")),
    ("call.held", None, CallProgress(**ABOUT, what="held")),
    ("call.resumed", {}, CallProgress(**ABOUT, what="resumed")),
    ("call.dtmf", {"digits": "5#"}, CallProgress(**ABOUT, what="dtmf", value="5#")),
    ("ivr.menu", {"menu": "repair"}, CallProgress(**ABOUT, what="ivr.menu", value="repair")),
    ("ivr.digits", {"digits": "88"}, CallProgress(**ABOUT, what="ivr.digits", value="88")),
    ("call.screened", {"answered_by": "machine"}, CallProgress(**ABOUT, what="answered_by", value="machine")),
    ("call.unknown", None, CallReleased(**ABOUT, by="platform", cause=ENDED_AWAY)),
    ("callback.cancelled", CALLBACK, CallbackCancelled(**ABOUT, **CALLBACK)),
    ("callback.sought", CALLBACK, CallbackSought(**ABOUT, **CALLBACK)),
    ("do_not_call.asked", CALLBACK | {"language": "en"}, DoNotCall(**ABOUT, **CALLBACK, language="en")),
    ("call.released", {"by": "customer"}, CallReleased(**ABOUT)),
    (
        "call.released",
        {"leg": "agent", "by": "platform", "cause": "unreachable", "offer": "o1", "reached": False},
        CallReleased(**ABOUT, leg="agent", by="platform", cause="unreachable", offer="o1", reached=False),
    ),
    (
        "voicemail.left",
        OFFERED | {"recording": "https://pbx/r/1", "seconds": 31, "language": "en"},
        VoicemailLeft(**ABOUT, **OFFERED, recording="https://pbx/r/1", seconds=31, language="en"),
    ),
    (
        "callback.requested",
        CALLBACK | {"window_from": NOON, "window_until": "2026-01-31T06:00:00Z", "member": "K1"},
        CallbackRequested(**ABOUT, **CALLBACK, window_from=NOON_US, window_until=1_769_839_200_000_000, member="K1"),
    ),
]


@pytest.mark.parametrize(("kind", "data", "expected"), TAKEN)
def test_an_event_becomes_its_neutral_form(kind: str, data: Any, expected: Any) -> None:
    assert read(kind, data) == expected


def test_every_known_type_is_in_the_examples_above() -> None:
    assert {kind for kind, _, _ in TAKEN} == set(TYPES)


def test_an_event_without_data_or_time_is_taken_where_nothing_is_required() -> None:
    assert read("call.alerting", data=..., time=...).occurred_at == 0


def test_unknown_fields_and_extension_attributes_are_ignored() -> None:
    assert read(data=OFFERED | {"colour": "red"}, traceparent="00-1-1-00").dialled == OFFERED["dialled"]


def test_an_instant_keeps_its_microseconds() -> None:
    assert read(data=OFFERED, time="2026-01-31T04:00:00.123456Z").occurred_at == 1_769_832_000_123_456


REFUSED = [
    (event(specversion="0.3"), "specversion", "Invalid enum value '0.3'"),
    (event(specversion=...), "specversion", "required, but missing"),
    (event(id=...), "id", "required, but missing"),
    (event(id=""), "id", "length >= 1"),
    (event(id="x" * 129), "id", "length <= 128"),
    (event(id="a\u0000b"), "id", "without control characters"),
    (event(source=""), "source", "length >= 1"),
    (event(type=...), "type", "required, but missing"),
    (event(type="call.exploded"), "type", "known are call.offered, call.alerting"),
    (event(subject=...), "subject", "required, but missing"),
    (event(subject=7), "subject", "Expected `str`, got `int`"),
    (event(time="yesterday"), "time", "Invalid RFC3339"),
    (event(time="2026-01-31T12:00:00"), "time", "timezone"),
    (event(data=None), "data.dialled", "required, but missing"),
    (event(data=[]), "data", "Expected `object`, got `array`"),
    (event(data="text"), "data", "Expected `object`, got `str`"),
    (event(data={"dialled": 95500}), "data.dialled", "Expected `str`, got `int`"),
    (event(data={"dialled": ""}), "data.dialled", "length >= 1"),
    (event(data=OFFERED | {"alerting": "yes"}), "data.alerting", "Expected `bool`, got `str`"),
    (event(data=OFFERED | {"language": "zh CN"}), "data.language", "BCP 47"),
    (event(data=OFFERED | {"caller": "a\nb"}), "data.caller", "without control characters"),
    (event("call.answered"), "data.offer", "names its offer or the agent"),
    (event("call.dtmf"), "data.digits", "required, but missing"),
    (event("call.released"), "data.by", "required, but missing"),
    (event("call.released", {"by": "nobody"}), "data.by", "Invalid enum value 'nobody'"),
    (event("call.released", {"by": "agent", "leg": "left"}), "data.leg", "Invalid enum value 'left'"),
    (event("voicemail.left", OFFERED | {"seconds": -1}), "data.seconds", "`int` >= 0"),
    (event("voicemail.left", OFFERED | {"seconds": 1.5}), "data.seconds", "Expected `int`"),
    (event("callback.requested", {"dialled": "1"}), "data.number", "required, but missing"),
    (
        event("callback.requested", CALLBACK | {"window_from": NOON, "window_until": NOON}),
        "data.window_until",
        "ends before it begins",
    ),
]


@pytest.mark.parametrize(("whole", "field", "reason"), REFUSED)
def test_a_refusal_names_the_field_and_the_reason(whole: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(Malformed, match=re.escape(reason)) as refused:
        translate("pbx", json.dumps(whole).encode())
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        json.dumps(event()).encode() + b" x",
        b'{"x":' + b"[" * 100_000,
        b'{"subject": "\xff"}',
        b'{"id":"\\ud800"}',
    ],
)
def test_what_is_not_json_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"^\$: not JSON in UTF-8$") as refused:
        translate("pbx", body)
    assert refused.value.field == "$"


def test_a_batch_is_refused() -> None:
    with pytest.raises(Malformed, match=r"^\$: Expected `object`, got `array`$"):
        translate("pbx", b"[]")


def test_bytes_that_are_not_text_inside_data_are_refused_there() -> None:
    body = json.dumps(event(data={"dialled": "@"})).encode().replace(b"@", b"\xff")
    with pytest.raises(Malformed) as refused:
        translate("pbx", body)
    assert refused.value.field == "data"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["dialled", "caller", "offer", "by", "leg", "digits", "number", "seconds", "language"])
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0"),
        "id": st.text(max_size=5) | st.just("e1"),
        "source": st.just("/pbx"),
        "type": st.sampled_from(sorted(TYPES)),
        "subject": st.just("c1") | JSON,
        "time": st.just(NOON) | JSON,
        "data": st.dictionaries(NAMES, st.just("1") | JSON, max_size=5) | JSON,
    },
)


def outcome(body: bytes) -> str:
    try:
        inbound = translate("pbx", body)
    except Malformed as refused:
        return f"refused at {refused.field}"
    return f"{inbound.call} of {inbound.source}"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | EVENTS.map(lambda whole: json.dumps(whole).encode()))
def test_whatever_arrives_is_an_event_or_malformed_and_nothing_else(body: bytes) -> None:
    assert re.fullmatch(r"(?s).+ of pbx|refused at \S+", outcome(body))


def test_every_event_on_the_integrators_page_is_taken() -> None:
    blocks = re.findall(r"```json\n(.*?)```", DOC.read_text(), re.DOTALL)
    events = [block for block in blocks if '"type": "call.' in block or '"type": "callback.' in block]
    assert len(events) >= 3
    assert all(translate("pbx", block.encode()) for block in events)


def test_the_integrators_page_names_every_type() -> None:
    page = DOC.read_text()
    assert [kind for kind in TYPES if f"`{kind}`" not in page] == []
