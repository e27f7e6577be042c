"""Twilio's door and our commands to it: who may post, what is refused, and what a busy or deaf platform comes to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from urllib.parse import urlencode
from xml.etree import ElementTree

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twilio_emulator import TOKEN
from twilio_rig import OLD_TOKEN, Rig, rig

from channels.phone.twilio import forms, twiml
from channels.phone.twilio.links import Links, outcome_of, packed, says_of, unpacked
from channels.port import (
    CallAlerting,
    CallAnswered,
    CallProgress,
    CallReleased,
    ChannelDown,
    IntakeBusy,
    Malformed,
    Receipt,
    Refused,
    SendMail,
    VoicemailLeft,
)
from channels.verbs import Caller, Exit, Gather, Outcome, Record, Say

MAIL = SendMail(id="1", sender="a", sender_name="", to="b", subject="c", text="d", message_id="e")
FORM = {"CallSid": "CA1", "From": "+8613900000001", "To": "+862112345678", "CallStatus": "ringing"}


@pytest.fixture
async def line() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


async def post(
    line: Rig,
    path: str,
    form: dict[str, str] | bytes = FORM,
    *,
    token: str = TOKEN,
    signed: str = "",
    hashed: bool = False,
    headers: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Post a form that is signed as Twilio signs; `signed`: another address than the one that is asked."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    url = f"{line.root}/v1/phone/tw/twilio/{path}"
    if hashed:
        url += f"?bodySHA256={sha256(body).hexdigest()}"
    params = {} if hashed or isinstance(form, bytes) else form
    signature = RequestValidator(token).compute_signature(signed or url, params)
    sent = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=sent) as answer:
        return answer.status, await answer.text()


# --- who may post -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
@pytest.mark.parametrize("hashed", [False, True])
async def test_either_token_signs_with_and_without_a_hash(line: Rig, token: str, hashed: bool) -> None:
    status, text = await post(line, "voice", token=token, hashed=hashed)
    assert status == 200
    assert ElementTree.fromstring(text).find("Dial/Conference") is not None


async def test_another_token_another_address_and_another_body_are_refused(line: Rig) -> None:
    assert (await post(line, "voice", token="not-ours"))[0] == 401
    assert (await post(line, "voice", signed="https://elsewhere.example/v1/phone/tw/twilio/voice"))[0] == 401
    body = urlencode(FORM).encode()
    url = f"{line.root}/v1/phone/tw/twilio/voice?bodySHA256={sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=body + b"&To=4000000101", headers=headers) as answer:
            assert answer.status == 401
        async with session.post(url, data=body) as answer:
            assert answer.status == 401
    assert line.intake.taken == []


async def test_forwarded_headers_are_not_believed(line: Rig) -> None:
    """The address that was signed is the configured one, whatever a proxy or an attacker says."""
    forged = {"X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https"}
    theirs = "https://elsewhere.example/v1/phone/tw/twilio/voice"
    assert (await post(line, "voice", signed=theirs, headers=forged))[0] == 401
    assert (await post(line, "voice", headers=forged))[0] == 200


async def test_unknown_sources_and_addresses_are_not_found(line: Rig) -> None:
    assert (await post(line, "nothing"))[0] == 404
    url = f"{line.root}/v1/phone/other/twilio/voice"
    async with aiohttp.ClientSession() as session, session.post(url, data=FORM) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "unknown_door")


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe=1", b"CallSid=", b"CallSid=CA1", b"&".join(b"a%d=1" % n for n in range(300)), b"CallSid=%00&To=1"],
)  # fmt: skip
async def test_garbage_is_refused_by_name_and_stored_nowhere(line: Rig, body: bytes) -> None:
    url = f"{line.root}/v1/phone/tw/twilio/voice"
    try:
        fields = forms.fields(body)
    except Malformed:
        fields = {}
    signature = RequestValidator(TOKEN).compute_signature(url, {name: values[0] for name, values in fields.items()})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status in (401, 422)
        assert (await answer.json())["code"] in ("malformed", "bad_signature")
    assert line.intake.taken == []


async def test_a_state_that_is_not_ours_goes_to_the_queue(line: Rig) -> None:
    for path in ("turn", "turn?s=xxxx", "again?o=e30"):
        status, text = await post(line, path)
        assert (status, "Conference" in text) == (200, True)


async def test_what_the_intake_cannot_take_is_answered_so_that_it_comes_again(line: Rig) -> None:
    line.intake.answers = [IntakeBusy("full")]
    assert (await post(line, "voice"))[0] == 503


# --- a decision that takes its time -----------------------------------------------------------------------------


async def test_a_pending_decision_is_asked_for_until_it_is_there(line: Rig) -> None:
    waits = Receipt("ct_1", pending=True)
    line.intake.answers = [waits, waits, Receipt("ct_1", instruction="queue", text="第1位", language="zh-CN")]
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    assert line.intake.kinds() == ["call.offered"] * 3
    assert len({each.external_id for each in line.intake.taken}) == 1
    await line.twilio.until(lambda: caller.heard == ["第1位", "https://music.example/one.mp3"])


async def test_a_waiting_caller_is_treated_otherwise_when_routing_says_so(line: Rig) -> None:
    caller = line.twilio.incoming("+862112345678", message=4)
    await line.twilio.until(lambda: caller.conference)
    line.intake.answers = [Receipt("cb_1", instruction="callback", text="我们给您回电", language="zh-CN")]
    assert (
        await line.command("treat", caller.sid, treatment="voicemail", text="很抱歉", language="zh-CN") == "voicemail"
    )
    await line.twilio.until(lambda: not caller.alive)
    assert caller.heard[-2:] == ["很抱歉", "我们给您回电"]
    assert "voicemail.left" in line.intake.kinds()


async def test_a_message_whose_own_post_was_lost_comes_by_its_recording(line: Rig) -> None:
    """Twilio's recording callback names neither number: they stand in the address."""
    line.intake.answers = [Receipt("ct_1", instruction="voicemail", text="很抱歉", language="zh-CN")]
    _, text = await post(line, "voice")
    record = ElementTree.fromstring(text).find("Record")
    assert record is not None
    path = record.get("recordingStatusCallback", "").partition("/twilio/")[2]
    ready = {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingUrl": "https://r.example/RE1", "RecordingDuration": "9"}
    assert (await post(line, path, ready))[0] == 204
    left = line.intake.taken[-1]
    assert isinstance(left, VoicemailLeft)
    assert (left.dialled, left.caller, left.seconds) == ("+862112345678", "+8613900000001", 9)
    assert left.external_id == "CA1:voicemail", "the same event as the message's own post"


@pytest.mark.parametrize("path", ["agent", "agent?call=CA1", "status?call=CA1", "customer", "conference", "agent-left"])
async def test_an_address_that_we_did_not_give_out_whole_is_refused(line: Rig, path: str) -> None:
    assert (await post(line, path))[0] == 422


async def test_a_treatment_for_a_caller_who_is_gone_is_refused(line: Rig) -> None:
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    await line.twilio.ends(caller)
    with pytest.raises(Refused):
        await line.command("treat", caller.sid, treatment="voicemail")


# --- the talk ---------------------------------------------------------------------------------------------------


async def test_hold_and_resume_are_done_and_become_facts(line: Rig) -> None:
    caller, _ = await line.talk()
    await line.command("hold", caller.sid)
    assert caller.held
    await line.command("resume", caller.sid)
    assert not caller.held
    held = await line.twilio.until(lambda: [x for x in line.intake.taken if isinstance(x, CallProgress)][1:])
    assert held[0].what == "resumed"


async def test_a_warm_transfer_is_consulted_and_joined(line: Rig) -> None:
    caller, first = await line.talk()
    await line.command("consult", caller.sid, offer="ct_1/2/two", device="sip:two@pbx.example")
    assert caller.held
    second = await line.twilio.rings("sip:two@pbx.example")
    line.twilio.answer(second)
    await line.twilio.until(lambda: line.twilio.talking(caller, first, second))
    assert await line.command("join", caller.sid, offer="ct_1/2/two") == second.sid
    await line.twilio.until(lambda: line.twilio.talking(caller, second))
    assert not first.alive
    assert not caller.held


async def test_a_consult_that_is_left_brings_the_customer_back(line: Rig) -> None:
    caller, first = await line.talk()
    await line.command("consult", caller.sid, offer="ct_1/2/two", device="sip:two@pbx.example")
    second = await line.twilio.rings("sip:two@pbx.example")
    line.twilio.answer(second)
    await line.twilio.until(lambda: line.twilio.talking(caller, first, second))
    await line.command("leave", caller.sid, offer="ct_1/2/two")
    await line.twilio.until(lambda: line.twilio.talking(caller, first))
    assert not caller.held


async def test_a_recording_is_begun_paused_continued_and_stopped(line: Rig) -> None:
    caller, _ = await line.talk()
    seen = []
    for verb in ("record", "pause_record", "record", "stop_record"):
        await line.command(verb, caller.sid)
        seen.append(line.twilio.recordings[caller.sid])
    assert seen == ["in-progress", "paused", "in-progress", "stopped"]


async def test_hanging_up_ends_everybody_and_is_ours(line: Rig) -> None:
    caller, device = await line.talk()
    await line.command("hang_up", caller.sid)
    await line.twilio.until(lambda: not caller.alive and not device.alive)
    gone = await line.twilio.until(
        lambda: [x for x in line.intake.taken if isinstance(x, CallReleased) and x.leg == "customer"]
    )
    assert gone[0].by == "platform"


def customer_ends(line: Rig) -> list[CallReleased]:
    return [x for x in line.intake.taken if isinstance(x, CallReleased) and x.leg == "customer"]


# --- callbacks --------------------------------------------------------------------------------------------------


async def dialled(line: Rig) -> str:
    return await line.command("dial", "ct_9/call", device="client:one", number="+8613900000009")


async def test_a_callback_rings_the_agent_first_and_the_customer_once(line: Rig) -> None:
    await dialled(line)
    device = await line.twilio.rings("client:one")
    assert line.twilio.ringing("+8613900000009") == []
    line.twilio.answer(device)
    customer = await line.twilio.rings("+8613900000009")
    line.twilio.answer(customer)
    await line.twilio.until(lambda: line.twilio.talking(device, customer))
    await line.command("hold", "ct_9/call")
    assert customer.held
    await line.twilio.ends(customer)
    await line.twilio.until(lambda: not device.alive)


async def test_a_customer_who_is_busy_ends_the_callback_with_its_cause(line: Rig) -> None:
    await dialled(line)
    device = await line.twilio.rings("client:one")
    line.twilio.answer(device)
    customer = await line.twilio.rings("+8613900000009")
    await line.twilio.ends(customer, "busy")
    await line.twilio.until(lambda: not device.alive)
    assert [(x.call, x.cause, x.by) for x in customer_ends(line)] == [("ct_9/call", "busy", "platform")]


@pytest.mark.parametrize(
    ("by", "machine"), [("machine_start", True), ("fax", True), ("human", False), ("unknown", False)]
)
async def test_an_answering_machine_is_let_go_and_told(line: Rig, by: str, machine: bool) -> None:
    line.control.screen = "Enable"
    await dialled(line)
    device = await line.twilio.rings("client:one")
    line.twilio.answer(device)
    customer = await line.twilio.rings("+8613900000009")
    asked = [form for _, path, form in line.twilio.requests if form.get("Url") and form.get("To") == customer.to]
    assert [form["MachineDetection"] for form in asked] == ["Enable"]
    customer.answered_by = by
    line.twilio.answer(customer)
    if not machine:
        await line.twilio.until(lambda: line.twilio.talking(device, customer))
        await line.twilio.ends(customer)
    await line.twilio.until(lambda: not device.alive and not customer.alive)
    facts = [(x.what, x.value) for x in line.intake.taken if isinstance(x, CallProgress)]
    assert ("answered_by", by) in facts
    assert ("callee_answered", "") in facts
    assert len(customer_ends(line)) == 1


@pytest.mark.parametrize("done", [True, False])
async def test_a_customer_is_never_dialled_twice_when_nobody_knows(line: Rig, done: bool) -> None:
    await dialled(line)
    device = await line.twilio.rings("client:one")
    line.twilio.faults.append(("POST Calls", 500, done))
    line.twilio.answer(device)
    await line.twilio.until(lambda: bool(line.twilio.ringing("+8613900000009")) is done and not line.twilio.faults)
    await line.twilio.until(lambda: done or not device.alive)
    assert len([x for x in line.twilio.lines.values() if x.to == "+8613900000009"]) == int(done)


# --- a platform in trouble --------------------------------------------------------------------------------------


async def test_too_many_requests_are_repeated_after_growing_pauses(line: Rig) -> None:
    caller, _ = await line.talk()
    line.twilio.faults += [("Participants", 429, False), ("Participants", 503, False)]
    await line.command("hold", caller.sid)
    assert caller.held
    assert line.paused == [0.2, 0.4]


async def test_a_platform_that_stays_away_is_down_and_not_refused(line: Rig) -> None:
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    line.twilio.faults += [("POST Calls", 429, False)] * 4
    with pytest.raises(ChannelDown):
        await line.command("ring", caller.sid, offer="ct_1/1/one", device="client:one")
    assert line.twilio.ringing("client:one") == []


async def test_a_dial_that_was_not_taken_is_dialled_when_it_is_sent_again(line: Rig) -> None:
    line.twilio.faults += [("POST Calls", 429, False)] * 4
    with pytest.raises(ChannelDown):
        await dialled(line)
    line._commands -= 1
    await dialled(line)
    assert len(line.twilio.ringing("client:one")) == 1


async def test_a_ring_that_is_sent_again_finds_the_device_ringing(line: Rig) -> None:
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    one = await line.command("ring", caller.sid, offer="ct_1/1/one", device="client:one")
    line._commands -= 1
    assert await line.command("ring", caller.sid, offer="ct_1/1/one", device="client:one") == one
    assert len(line.twilio.ringing("client:one")) == 1


async def test_what_makes_no_sense_is_refused(line: Rig) -> None:
    with pytest.raises(Refused):
        await line.command("dance", "CA1")
    with pytest.raises(Refused):
        await line.sender.send(MAIL)
    assert (await line.command("ring", "CA1", offer="ct_1/1/one")) == "refused: no device"
    assert await line.command("stop_ringing", "CA1", offer="ct_1/1/nobody") == "nothing of it rings here"


# --- translation ------------------------------------------------------------------------------------------------


def heard(status: str, sip: str = "") -> tuple[str, str, bool] | None:
    event = forms.device("tw", "CA1", "ct_1/1/one", {"CallSid": "CA2", "CallStatus": status, "SipResponseCode": sip})
    return (event.by, event.cause, event.reached) if isinstance(event, CallReleased) else None


@pytest.mark.parametrize(
    ("status", "sip", "told"),
    [
        ("completed", "200", ("agent", "", True)),
        ("busy", "486", ("platform", "busy", True)),
        ("busy", "603", ("agent", "declined", True)),
        ("no-answer", "487", ("platform", "no_answer", False)),
        ("no-answer", "480", ("platform", "no_answer", False)),
        ("failed", "408", ("platform", "no_answer", False)),
        ("failed", "", ("platform", "unreachable", False)),
        ("canceled", "487", ("platform", "withdrawn", False)),
        ("queued", "", None),
        ("in-progress", "", None),
    ],
)
def test_how_a_device_s_ringing_ended(status: str, sip: str, told: tuple[str, str, bool] | None) -> None:
    assert heard(status, sip) == told


@pytest.mark.parametrize(
    ("number", "known"),
    [("+266696687", ""), ("+7378742833", ""), ("+86282452253", ""), ("+8613900000001", "+8613900000001"), ("", "")],
)
def test_a_caller_who_withholds_his_number_is_nobody(number: str, known: str) -> None:
    """Twilio spells ANONYMOUS on the keys: all of them would be one customer, with one history."""
    form = {"CallSid": "CA1", "To": "+862112345678", "From": number}
    assert forms.offered("tw", form, Outcome(exit=Exit.QUEUE), alerting=True).caller == known


@pytest.mark.parametrize(
    "address",
    ["+864000000101", "sip:+864000000101@kangjia.sip.twilio.com", "sip:+864000000101;ext=1@kangjia.sip.twilio.com;x=y"],
)
def test_a_call_through_a_sip_domain_is_for_the_line_in_its_address(address: str) -> None:
    assert forms.dialled({"To": address}) == "+864000000101"
    assert forms.caller({"From": address}) == "+864000000101"


def test_a_ring_that_somebody_else_cancelled_has_failed() -> None:
    form = {"CallSid": "CA2", "CallStatus": "canceled"}
    event = forms.device("tw", "CA1", "ct_1/1/one", form, ours=False)
    assert isinstance(event, CallReleased)
    assert (event.by, event.cause, event.reached) == ("platform", "unreachable", False)


def test_ringing_and_answering_name_the_offer() -> None:
    form = {"CallSid": "CA2", "CallStatus": "ringing", "Timestamp": "Tue, 24 Nov 2026 09:00:00 +0000"}
    assert forms.device("tw", "CA1", "o", form) == CallAlerting(
        source="tw", external_id="CA2:ringing", call="CA1", offer="o", occurred_at=1_795_510_800_000_000
    )
    assert forms.answered("tw", "CA1", "o", form) == CallAnswered(
        source="tw", external_id="CA2:answered", call="CA1", offer="o"
    )


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=8))
@settings(max_examples=100, deadline=None)
def test_no_form_breaks_the_translation(fields: dict[str, str]) -> None:
    form = {"CallSid": "CA1", **fields}
    device, fact = forms.device("tw", "c", "o", form), forms.conference("tw", "c", form)
    assert device is None or device.external_id.startswith(form["CallSid"])
    assert fact is None or fact.call == "c"
    assert len(forms.heard(form, "said").value) <= 64
    assert forms.occurred_at(form) >= 0


CALLER = Caller(source="tw", call="CA1", dialled="+862112345678", caller="+8613900000001")
LINKS = Links("https://cc.example/", "tw")


def test_a_text_is_escaped_and_spoken_in_its_language() -> None:
    verb = Gather(say=(Say('<b>&"你好"', "zh-CN"), Say("hi", "fr", "https://m.example/a?b=1&c=2")), most=1)
    gather = ElementTree.fromstring(twiml.verb(verb, b"state", LINKS, CALLER)).find("Gather")
    assert gather is not None
    assert [(x.tag, x.text, x.get("language")) for x in gather] == [
        ("Say", '<b>&"你好"', "cmn-CN"),
        ("Play", "https://m.example/a?b=1&c=2", None),
    ]
    assert (gather.get("numDigits"), gather.get("timeout"), gather.get("actionOnEmptyResult")) == ("1", "5", "true")


def test_a_message_is_bounded_and_its_recording_is_told_twice_over() -> None:
    document = ElementTree.fromstring(twiml.verb(Record(say=(Say("x", "en"),)), b"state", LINKS, CALLER))
    record = document.find("Record")
    assert record is not None
    assert (record.get("maxLength"), record.get("timeout"), record.get("playBeep")) == ("120", "5", "true")
    assert "/turn?" in record.get("action", "")
    assert "/recording?" in record.get("recordingStatusCallback", "")


@given(st.binary(max_size=3000))
def test_what_we_pack_comes_back(plain: bytes) -> None:
    assert unpacked(packed(plain)) == plain


@given(st.text(max_size=60))
def test_what_we_never_packed_is_nothing(text: str) -> None:
    assert outcome_of(text) is None
    assert says_of(text) == ()


def test_an_outcome_survives_the_address() -> None:
    outcome = Outcome(exit=Exit.QUEUE, language="yue", member="123", complaint=True)
    link = LINKS.again(outcome, alerting=False)
    assert link.startswith("https://cc.example/v1/phone/tw/twilio/again?o=")
    assert outcome_of(link.partition("o=")[2]) == outcome
