"""Whatever is lost, doubled or out of order, and whatever Asterisk refuses: after a look round each call has ended
once, at most one agent had it, and nothing of it is left."""

from __future__ import annotations

from collections import Counter

from ari.floor import board_of
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.phone.asterisk import events as ev
from channels.phone.asterisk import names, survey
from channels.phone.asterisk.actions import Out, Rest, Timer
from channels.phone.asterisk.board import Board
from channels.port import AnyInbound, CallAnswered, CallReleased, PhoneCommand, Receipt

CALL = "1795328574.0"
OFFERS = ("ct_1/1/a1", "ct_1/2/a2", "ct_1/3/a3")
STATUSES = (204, 200, 404, 400, 409, 422, 500, 0)


def channel(name: str, state: str = "Up", app: bool = True) -> ev.Channel:
    plan = ev.Dialplan("s", "Stasis" if app else "AppDial2", "contactcenter,inbound,4000000101")
    return ev.Channel(id=name, state=state, caller=ev.Party("139"), dialplan=plan)


def of_leg(offer: str) -> list[ev.AnyEvent]:
    name = names.leg(CALL, offer)
    return [
        ev.Dial(peer=channel(name, "Down")),
        ev.Dial(peer=channel(name, "Ringing"), dialstatus="RINGING"),
        ev.ChannelStateChange(channel=channel(name, "Ringing")),
        ev.ChannelStateChange(channel=channel(name)),
        ev.Dial(peer=channel(name), dialstatus="ANSWER"),
        ev.StasisStart(channel=channel(name), args=("leg",)),
        ev.ChannelHangupRequest(channel=channel(name), cause=16),
        ev.StasisEnd(channel=channel(name)),
        ev.ChannelDestroyed(channel=channel(name), cause=19, tech_cause=480),
    ]


OF_CALLER: list[ev.AnyEvent] = [
    ev.ChannelStateChange(channel=channel(CALL)),
    ev.ChannelDtmfReceived(channel=channel(CALL), digit="5"),
    ev.ChannelHangupRequest(channel=channel(CALL), cause=127, tech_cause=487),
    ev.StasisEnd(channel=channel(CALL)),
    ev.ChannelDestroyed(channel=channel(CALL), cause=16),
    ev.StasisStart(channel=channel(CALL, "Ring"), args=("inbound", "4000000101")),
]
EVENTS = OF_CALLER + [event for offer in OFFERS for event in of_leg(offer)]
ORDERS = [(verb, offer) for verb in ("ring", "stop_ringing", "bridge", "consult", "join", "leave") for offer in OFFERS]
ORDERS += [(verb, "") for verb in ("hold", "resume", "record", "pause_record", "stop_record", "hang_up", "requeue")]
ORDERS += [("hang_up", offer) for offer in OFFERS]

Input = ev.AnyEvent | tuple[str, str] | str
INPUTS = st.lists(
    st.one_of(st.sampled_from(EVENTS), st.sampled_from(ORDERS), st.sampled_from(["answer", "timer", "told", "look"])),
    max_size=60,
)


class Asterisk:
    """Feeds the machine; what it asked for is answered when the test says so, with whatever status it says."""

    def __init__(self) -> None:
        self.board: Board = board_of()
        self.now = 1_000_000
        self.asked: list[Rest] = []
        self.timers: dict[str, Timer] = {}
        self.heard: list[AnyInbound] = []

    def take(self, out: Out) -> None:
        self.asked += out.rests
        self.heard += out.tells
        for timer in out.timers:
            self.timers.pop(timer.name, None)
            if timer.at:
                self.timers[timer.name] = timer

    def feed(self, what: Input, status: int) -> None:
        self.now += 1000
        if isinstance(what, tuple):
            self.order(*what)
        elif not isinstance(what, str):
            self.take(self.board.hear(what, self.now))
        elif what == "answer" and self.asked:
            self.take(self.board.outcome(self.asked.pop(0), status, "", self.now))
        elif what == "timer" and self.timers:
            name = next(iter(self.timers))
            self.take(self.board.rang(self.timers.pop(name), self.now))
        elif what == "told":
            self.take(self.board.receipt(CALL, Receipt("ct_1", instruction="queue"), self.now))
        elif what == "look":
            self.look(channel(CALL))

    def order(self, verb: str, offer: str) -> None:
        from channels.phone.asterisk.board import Unknown
        from channels.port import Refused

        command = PhoneCommand(id="x", source="pbx", call=CALL, verb=verb, offer=offer, device="d")
        try:
            self.take(self.board.command(command, self.now)[1])
        except (Unknown, Refused):
            return

    def look(self, *there: ev.Channel) -> None:
        self.take(survey.compare(self.board, survey.Found(there, [], since=self.now + 1), self.now))

    def at_the_end(self) -> None:
        """Everything that was asked is answered, then there is nothing on Asterisk any more."""
        for _ in range(4):
            while self.asked:
                self.take(self.board.outcome(self.asked.pop(0), 404, "", self.now))
            self.look()
        self.take(self.board.hear(OF_CALLER[3], self.now))


@settings(max_examples=400, deadline=None)
@given(INPUTS, st.lists(st.sampled_from(STATUSES), min_size=60, max_size=60))
def test_each_call_ends_once_and_leaves_nothing(inputs: list[Input], statuses: list[int]) -> None:
    pbx = Asterisk()
    pbx.feed(OF_CALLER[-1], 200)
    for offer in OFFERS[:2]:  # Races need two phones that ring: left to chance they are too rare to meet.
        pbx.feed(("ring", offer), 200)
    for what, status in zip(inputs, statuses, strict=False):
        pbx.feed(what, status)
        owners(pbx)
    pbx.at_the_end()
    ends = [each for each in pbx.heard if isinstance(each, CallReleased) and each.leg == "customer"]
    assert len(ends) == 1
    told = Counter(each.external_id for each in pbx.heard if isinstance(each, CallReleased | CallAnswered))
    assert set(told.values()) == {1}
    assert not pbx.board.calls


def owners(pbx: Asterisk) -> None:
    """At most one agent is in the bridge outside of a consult, and each who was told to have answered is one leg."""
    answers = [each.offer for each in pbx.heard if isinstance(each, CallAnswered)]
    assert len(answers) == len(set(answers))
    for call in pbx.board.calls.values():
        here = [leg for leg in call.legs.values() if leg.alive and leg.up_at and not leg.consult]
        assert len(here) <= 1 or call.over
