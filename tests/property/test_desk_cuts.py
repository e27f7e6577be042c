"""Cut anywhere, resume anyhow: the desk is always what a fetch would show.

A world of a few contacts moves by the effects that routing has for a desk. The service's half makes frames of them
(realtime.desk_frames, desk_trail), the client's half applies them (client.state). The line is cut after any number of
frames, the gateway may die, and whoever comes back says where it was.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcenter.client import protocol as p
from contactcenter.client.state import DeskState, apply
from contactcenter.realtime import desk_frames as df
from contactcenter.realtime.desk_trail import KEPT, Trail
from contactcenter.services.pushes import DeskPush
from contactcenter.services.views import ConsultView, ContactView, DeskView, OfferView
from routing import effects as fx
from routing.model import Offer, Outcome, Presence, PresenceState

ME, UNITS, CAPACITY = "a1", 20, 200
MATE = "a2"
CONTACTS = ("c1", "c2", "c3")
BECAUSE = fx.Because(rule="only", band=2, tier=2)
decode = msgspec.json.Decoder(p.AnyFrame).decode
encode = msgspec.json.encode


class World:
    """The rows: what each contact is to this agent, and his presence."""

    def __init__(self) -> None:
        self.seq = 0
        self.states: dict[str, str] = {}
        self.seconds: dict[str, str] = {}
        """Of my calls: how far a consult with the mate has come."""
        self.tries: dict[str, int] = {}
        self.complaints: set[str] = set()
        self.presence = Presence(agent=ME, state=PresenceState.READY)

    def happen(self, what: str, contact: str) -> tuple[fx.AnyEffect, ...]:
        """One event of the domain that this desk hears of."""
        self.seq += 1
        state = self.states.get(contact, "")
        match what, state:
            case "offer", "":
                return (self._offer(contact),)
            case "decline", "offered":
                del self.states[contact]
                return (fx.OfferEnded(contact, ME, self._name(contact), Outcome.DECLINED), fx.Done("x", ME))
            case "accept", "offered":
                self.states[contact] = "active"
                offer = self._name(contact)
                return fx.OfferEnded(contact, ME, offer, Outcome.ACCEPTED), fx.Owned(contact, ME, offer, 0)
            case "finish", "active":
                self.states[contact] = "wrap_up"
                return (*self._second_ends(contact, "finished"), fx.WrapUpBegan(contact, ME, 9_000_000, "agent"))
            case "asked", "":
                asked = fx.ConsultAsked(contact, ME, MATE, f"{contact}/{self.tries.get(contact, 0) + 1}/{ME}")
                offered = self._offer(contact)
                self.states[contact] = "asked"
                return (asked, offered)
            case "decline", "asked":
                del self.states[contact]
                offer = self._name(contact)
                ended = fx.ConsultEnded(contact, ME, MATE, offer, "declined")
                return (fx.OfferEnded(contact, ME, offer, Outcome.DECLINED), ended)
            case "accept", "asked":
                self.states[contact] = "consulted"
                offer = self._name(contact)
                return fx.OfferEnded(contact, ME, offer, Outcome.ACCEPTED), fx.ConsultBegan(contact, ME, MATE, offer)
            case "second", "consulted":
                del self.states[contact]
                return (fx.ConsultEnded(contact, ME, MATE, self._name(contact), "left", talked=True),)
            case "join", "consulted":
                self.states[contact] = "active"
                ended = fx.ConsultEnded(contact, ME, MATE, self._name(contact), "joined", talked=True)
                return (ended, fx.Released(contact, MATE, "joined"), fx.Owned(contact, ME, "", 0, MATE, "consult"))
            case "second", "active":
                return self._second(contact)
            case "join", "active" if self.seconds.get(contact) == "talking":
                del self.states[contact]
                return (*self._second_ends(contact, "joined"), fx.Released(contact, ME, "joined"))
            case "wrapped", "wrap_up":
                del self.states[contact]
                return (fx.Released(contact, ME, "done"), self._next(contact))
            case "transfer", "active":
                del self.states[contact]
                return (*self._second_ends(contact, "left"), fx.Released(contact, ME, "transfer"))
            case "given", "":
                self.states[contact] = "active"
                return (fx.Owned(contact, ME, "", 0, by="a9", reason="urgent"),)
            case _:
                return (self._aside(what, contact),)

    def _aside(self, what: str, contact: str) -> fx.AnyEffect:
        """What moves no contact."""
        match what:
            case "complaint":
                self.complaints ^= {contact}
                return fx.Amended(contact, contact in self.complaints, 1, 5_000_000)
            case "breach":
                return fx.Breached(contact, 1, "line")
            case "break":
                return self._presence(PresenceState.NOT_READY, contact)
            case "back":
                return self._presence(PresenceState.READY, "")
            case _:
                return fx.Connection(ME, True)

    def _second(self, contact: str) -> tuple[fx.AnyEffect, ...]:
        """My own call: a colleague is asked, answers, and leaves."""
        match self.seconds.get(contact):
            case None:
                self.seconds[contact] = "ringing"
                return (fx.ConsultAsked(contact, MATE, ME, "o"),)
            case "ringing":
                self.seconds[contact] = "talking"
                return (fx.ConsultBegan(contact, MATE, ME, "o"),)
            case _:
                return self._second_ends(contact, "left")

    def _second_ends(self, contact: str, reason: str) -> tuple[fx.AnyEffect, ...]:
        stage = self.seconds.pop(contact, None)
        return () if stage is None else (fx.ConsultEnded(contact, MATE, ME, "o", reason, talked=stage == "talking"),)

    def _next(self, after: str) -> fx.AnyEffect:
        """A freed agent is offered the next contact in the same event."""
        other = next((each for each in CONTACTS if each != after and each not in self.states), "")
        return self._offer(other) if other else fx.Connection(ME, True)

    def _offer(self, contact: str) -> fx.Offered:
        self.states[contact] = "offered"
        self.tries[contact] = self.tries.get(contact, 0) + 1
        offer = Offer(id=self._name(contact), contact=contact, agent=ME, attempt=1, made_at=0, expires_at=20_000_000)
        return fx.Offered(contact=contact, agent=ME, offer=offer, because=BECAUSE)

    def _name(self, contact: str) -> str:
        return f"{contact}/{self.tries[contact]}/{ME}"

    def _presence(self, state: PresenceState, reason: str) -> fx.PresenceMoved:
        self.presence = Presence(agent=ME, state=state, reason=reason)
        return fx.PresenceMoved(ME, state, reason)

    def card(self, contact: str) -> p.Card:
        complaint = contact in self.complaints
        return p.Card(
            contact=contact, medium="chat", client="k", client_name="K", greeting="hi", conversation=f"cv-{contact}",
            complaint=complaint, state=self.states.get(contact, "waiting"), deadline=df.rfc3339(5_000_000),
        )  # fmt: skip

    def view(self) -> DeskView:
        offers = [contact for contact, state in self.states.items() if state in ("offered", "asked")]
        mine = [contact for contact, state in self.states.items() if state in ("active", "wrap_up")]
        return DeskView(
            agent=ME,
            cursor=self.seq,
            presence=self.presence,
            used_units=UNITS * len(self.states),
            capacity=CAPACITY,
            offers=tuple(
                OfferView(id=self._name(each), contact=each, agent=ME, attempt=1, made_at=0, expires_at=20_000_000)
                for each in offers
            ),
            contacts=tuple(self._row(each) for each in mine),
            consults=(*self._asked(), *self._asking()),
        )

    def _asked(self) -> list[ConsultView]:
        stages = [(each, state) for each, state in self.states.items() if state in ("asked", "consulted")]
        return [_consult(each, agent=ME, owner=MATE, talking=state == "consulted") for each, state in stages]

    def _asking(self) -> list[ConsultView]:
        stages = self.seconds.items()
        return [_consult(each, agent=MATE, owner=ME, talking=stage == "talking") for each, stage in stages]

    def _row(self, contact: str) -> ContactView:
        text = dict.fromkeys(ContactView.__struct_fields__, "")
        known: dict[str, Any] = {
            "id": contact, "client": "k", "medium": "chat", "conversation": f"cv-{contact}",
            "state": self.states[contact],
        }  # fmt: skip
        return ContactView(**{**text, **known})


def _consult(contact: str, *, agent: str, owner: str, talking: bool) -> ConsultView:
    return ConsultView(contact=contact, client="k", agent=agent, owner=owner, talking=talking)


class Gateway:
    """The service's half: a model, a trail, and what travels to the one socket."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.trail = Trail()
        self.model: df.DeskModel | None = None

    def snapshot(self) -> list[bytes]:
        view = self.world.view()
        cards = {each.contact: self.world.card(each.contact) for each in view.offers}
        cards |= {each.id: self.world.card(each.id) for each in view.contacts}
        cards |= {each: self.world.card(each) for each, state in self.world.states.items() if state == "consulted"}
        self.model, frame = df.snapshot(ME, view, cards, capacity=CAPACITY, number=str.upper)
        return [encode(frame)]

    def push(self, effects: tuple[fx.AnyEffect, ...]) -> list[bytes]:
        assert self.model is not None
        push = DeskPush(ME, self.world.seq, self.model.seq, 0, effects)
        cards = {contact: self.world.card(contact) for contact in df.needed(push, self.model)}
        told = df.frames(
            push, self.model, cards, units=lambda medium: UNITS, say=lambda notice: notice.notice, number=str.upper
        )
        payloads = [encode(frame) for frame in told]
        self.trail.add(push.prev, push.seq, payloads)
        return payloads

    def resume(self, cursor: int) -> list[bytes]:
        """As desk_hub.py does it."""
        if cursor <= 0:
            return self.snapshot()
        if self.model is None:
            view = self.world.view()
            if view.cursor != cursor:
                return self.snapshot()
            asked = [each.contact for each in view.offers]
            asked += [each.contact for each in view.consults if each.talking and each.agent == ME]
            offered = {each: self.world.card(each) for each in asked}
            self.model = df.resumed(ME, view, offered, client="k")
            return []
        missed = [] if cursor == self.model.seq else self.trail.after(cursor)
        return self.snapshot() if missed is None else missed

    def die(self) -> None:
        self.model = None
        self.trail.clear()


HAPPENINGS = (
    *("offer", "offer", "accept", "accept", "decline", "finish", "wrapped", "transfer", "given"),
    *("asked", "asked", "second", "second", "join"),
    *("complaint", "breach", "break", "back", "quiet"),
)
STEPS = st.tuples(
    st.sampled_from(HAPPENINGS),
    st.sampled_from(CONTACTS),
    st.sampled_from(("", "", "cut", "cut", "die")),
    st.integers(0, 4),
)


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(STEPS, max_size=40), stale=st.booleans())
def test_cut_after_any_frame_and_resumed_the_desk_is_what_a_fetch_shows(
    steps: list[tuple[str, str, str, int]], stale: bool
) -> None:
    world = World()
    gateway = Gateway(world)
    state = heard(DeskState(), gateway.resume(0))
    for what, contact, accident, arrived in steps:
        payloads = gateway.push(world.happen(what, contact))
        state = heard(state, payloads[:arrived] if accident else payloads)
        if accident:
            if accident == "die":
                gateway.die()
            missed = gateway.resume(0 if stale and accident == "cut" and arrived == 4 else state.seq)
            state = heard(state, missed)
        assert_is(state, world)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_every_frame_of_a_whole_day_is_a_place_to_resume(steps: list[tuple[str, str, str, int]]) -> None:
    world = World()
    gateway = Gateway(world)
    frames = gateway.resume(0)
    for what, contact, _, _ in steps:
        frames += gateway.push(world.happen(what, contact))
    for boundary in range(len(frames) + 1):
        state = heard(DeskState(), frames[:boundary])
        assert_is(heard(state, gateway.resume(state.seq)), world)


def heard(state: DeskState, payloads: list[bytes]) -> DeskState:
    for payload in payloads:
        state = apply(state, decode(payload))
    return state


def assert_is(state: DeskState, world: World) -> None:
    fetched = heard(DeskState(), Gateway(world).snapshot())
    assert state.seq == fetched.seq
    assert state.presence == fetched.presence
    assert state.contacts == fetched.contacts
    assert state.offers == fetched.offers
    assert state.consults == fetched.consults


def test_a_trail_is_bounded_and_knows_what_it_no_longer_has() -> None:
    trail = Trail()
    for seq in range(1, KEPT + 3):
        trail.add(seq - 1, seq, [b"%d" % seq])
    assert trail.after(1) is None
    assert trail.after(2) == [b"%d" % seq for seq in range(3, KEPT + 3)]
    assert trail.after(999) is None


def test_a_gap_in_the_pushes_begins_a_new_chain() -> None:
    trail = Trail()
    trail.add(0, 5, [b"5"])
    trail.add(7, 8, [b"8"])
    assert trail.after(0) is None
    assert trail.after(7) == [b"8"]
