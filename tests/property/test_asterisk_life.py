"""Whatever order Asterisk's words come in, repeated or lost: after a look round each call has ended exactly once."""

from __future__ import annotations

from collections import Counter

from ari.floor import board_of
from hypothesis import given
from hypothesis import strategies as st

from channels.phone.asterisk import events as ev
from channels.phone.asterisk import names
from channels.phone.asterisk.actions import Out
from channels.phone.asterisk.board import Board, Unknown
from channels.phone.asterisk.survey import Found, compare
from channels.port import CallAnswered, CallReleased, PhoneCommand, Receipt, Refused

CALL, OFFERS = "1795328574.1", ("ct_1/1/a1", "ct_1/2/a2")
MINUTE = 60_000_000
CALLER = ev.Channel(id=CALL, state="Ring")


def words_of_a_leg(offer: str) -> list[ev.AnyEvent]:
    def channel(state: str) -> ev.Channel:
        return ev.Channel(id=names.leg(CALL, offer), state=state)

    return [
        ev.Dial(peer=channel("Down")),
        ev.ChannelStateChange(channel=channel("Ringing")),
        ev.Dial(peer=channel("Ringing"), dialstatus="RINGING"),
        ev.ChannelStateChange(channel=channel("Up")),
        ev.Dial(peer=channel("Up"), dialstatus="ANSWER"),
        ev.StasisStart(channel=channel("Up"), args=("leg",)),
        ev.Dial(peer=channel("Ringing"), dialstatus="BUSY"),
        ev.ChannelHangupRequest(channel=channel("Up"), cause=16),
        ev.StasisEnd(channel=channel("Up")),
        ev.ChannelDestroyed(channel=channel("Up"), cause=19, tech_cause=480),
    ]


WORDS: list[ev.AnyEvent] = [
    ev.StasisStart(channel=CALLER, args=("inbound", "4000000101")),
    ev.ChannelStateChange(channel=ev.Channel(id=CALL, state="Up")),
    ev.ChannelHangupRequest(channel=CALLER, cause=127, tech_cause=487),
    ev.StasisEnd(channel=CALLER),
    *(word for offer in OFFERS for word in words_of_a_leg(offer)),
]
ORDERS = [
    PhoneCommand(id=f"{verb} {offer}", source="pbx", call=CALL, verb=verb, offer=offer, device="a1")
    for offer in OFFERS
    for verb in ("ring", "stop_ringing", "bridge", "consult", "join", "leave")
] + [PhoneCommand(id=verb, source="pbx", call=CALL, verb=verb) for verb in ("hold", "resume", "hang_up")]


class Told:
    """Does what the machine asks, with answers that are drawn, and keeps what it tells."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.told: list[object] = []
        self.now = MINUTE

    def take(self, out: Out, answers: list[int]) -> None:
        self.told.extend(out.tells)
        for rest in out.rests:
            self.now += 1
            status = answers.pop() if answers else 404
            self.take(self.board.outcome(rest, status, "", self.now), answers)

    def count(self, kind: type, **fields: object) -> Counter[str]:
        found = [each for each in self.told if isinstance(each, kind)]
        return Counter(
            each.external_id  # type: ignore[attr-defined]
            for each in found
            if all(getattr(each, name) == value for name, value in fields.items())
        )


@given(
    st.lists(st.sampled_from([*WORDS, *ORDERS]), max_size=50),
    st.lists(st.sampled_from([200, 204, 400, 404, 409, 500, 0]), max_size=60),
)
def test_a_call_ends_once_whatever_is_heard(heard: list[ev.AnyEvent | PhoneCommand], answers: list[int]) -> None:
    board = board_of()
    told = Told(board)
    told.take(board.hear(WORDS[0], told.now), answers)
    told.take(board.receipt(CALL, Receipt("ct_1", instruction="queue", position=1), told.now), answers)
    for each in heard:
        told.now += 1000
        told.take(done(board, each, told.now), answers)
    told.now += MINUTE
    told.take(compare(board, Found([], [], since=told.now - 1), told.now), [])
    told.take(compare(board, Found([], [], since=told.now), told.now + 1), [])
    assert board.calls == {}
    assert list(told.count(CallReleased, leg="customer").values()) == [1]
    assert all(times == 1 for times in told.count(CallReleased).values())
    assert all(times == 1 for times in told.count(CallAnswered).values())


def done(board: Board, each: ev.AnyEvent | PhoneCommand, now: int) -> Out:
    if not isinstance(each, PhoneCommand):
        return board.hear(each, now)
    try:
        return board.command(each, now)[1]
    except (Unknown, Refused):
        return Out()
