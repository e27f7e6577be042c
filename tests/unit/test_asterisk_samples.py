"""The machine of a call on what a real Asterisk said, as it came."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ari.floor import board_of
from msgspec.structs import replace

from channels.phone.asterisk import events as ev
from channels.phone.asterisk import names, survey
from channels.phone.asterisk.actions import Out
from channels.port import AnyInbound, CallReleased, PhoneCommand

SAMPLES = Path(__file__).parents[1] / "ari" / "samples"
OFFER = "ct_1/1/a1"
CANCELLED = ["offered", "alerting", "released customer 127/487", "released agent withdrawn True"]
TALKED = ["offered", "alerting", "answered", "progress 5", "released customer "]
SAYS: dict[str, list[str]] = {
    "normal": TALKED,
    "baresip_dtmfev": TALKED,
    "busy": ["offered", "released agent busy True", "released customer 32"],
    "dead": ["offered", "released agent unreachable False", "released customer 32"],
    "noanswer": ["offered", "alerting", "released agent no_answer True", "released customer 32"],
    "cancel": CANCELLED,
    "race1801": CANCELLED,
    "race1803": CANCELLED,
    "race1804": CANCELLED,
    "abandon_answered": ["offered", "alerting", "released customer ", "released agent withdrawn True"],
}


def lines(sample: str) -> list[bytes]:
    """The events with our names in place of those that were chosen at the capture."""
    text = (SAMPLES / f"{sample}.jsonl").read_text()
    caller = json.loads(text.splitlines()[0])["channel"]["id"]
    text = re.sub(r'"ag-[0-9a-f]+"', f'"{names.leg(caller, OFFER)}"', text)
    return [line.encode() for line in text.splitlines()]


def told(inbound: AnyInbound) -> str:
    kind = inbound.__struct_config__.tag
    short = str(kind).partition(".")[2]
    if isinstance(inbound, CallReleased):
        reached = f" {inbound.reached}" if inbound.leg == "agent" else ""
        return f"released {inbound.leg} {inbound.cause}{reached}"
    value = getattr(inbound, "value", "")
    return f"{short} {value}" if value else short


def replay(sample: str) -> list[str]:
    board, heard, now = board_of(), [], 1_000_000

    def keep(out: Out) -> None:
        heard.extend(told(each) for each in out.tells)

    for line in lines(sample):
        event = ev.decode(line)
        if event is None:
            continue
        now += 1000
        fresh = not board.calls
        keep(board.hear(event, now))
        if fresh and board.calls:
            (call,) = board.calls
            ring = PhoneCommand(id="r", source="pbx", call=call, verb="ring", offer=OFFER, device="agent1")
            keep(board.command(ring, now)[1])
    return heard


@pytest.mark.parametrize("sample", SAYS)
def test_what_a_real_asterisk_said(sample: str) -> None:
    assert replay(sample) == SAYS[sample]


def test_an_event_is_read_in_its_own_words() -> None:
    first = ev.decode(lines("busy")[0])
    assert isinstance(first, ev.StasisStart)
    assert (first.args, first.channel.caller.number, first.channel.state) == (("inbound", "8001"), "caller", "Ring")
    assert ev.micros("2026-11-22T06:22:54.468+0000") == 1_795_328_574_468_000


@pytest.mark.parametrize(
    "text", [b"", b"[]", b'{"type": 1}', b'{"type": "StasisStart"}', b'{"type":"StasisEnd","channel":7}']
)
def test_what_is_no_event_is_said_so(text: bytes) -> None:
    with pytest.raises(ev.Malformed):
        ev.decode(text)


def test_an_unknown_event_is_nothing() -> None:
    assert ev.decode(b'{"type": "FromTheFuture", "channel": 7}') is None


@pytest.mark.parametrize("offer", ["ct_1/1/a1", "a~b/c:d", "~1:~2/~0"])
def test_names_carry_our_ids_there_and_back(offer: str) -> None:
    name = names.leg("1795328574.0", offer)
    assert names.read(name) == names.Name("leg", "1795328574.0", offer)
    assert "/" not in name
    assert names.read("1795328574.0") is None


def test_a_leg_whose_end_was_never_heard_is_missed_by_a_look_round() -> None:
    board, (first, *_) = board_of(), lines("noanswer")
    event = ev.decode(first)
    assert isinstance(event, ev.StasisStart)
    board.hear(event, 1000)
    ring = PhoneCommand(id="r", source="pbx", call=event.channel.id, verb="ring", offer=OFFER, device="agent1")
    asked = next(rest for rest in board.command(ring, 2000)[1].rests if rest.path == "/channels")
    board.outcome(asked, 200, "", 3000)
    caller = replace(event.channel, dialplan=replace(event.channel.dialplan, app_data="contactcenter,inbound,8001"))
    early = survey.compare(board, survey.Found([caller], [], since=2000), 4000)
    assert not early.tells, "asked for after the look began: its absence proves nothing"
    missed = survey.compare(board, survey.Found([caller], [], since=5000), 6000)
    assert [told(each) for each in missed.tells] == ["released agent unreachable False"]
