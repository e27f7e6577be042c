"""The desk as a value: after a snapshot every frame leads to what a new snapshot would say."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contactcenter.client import protocol as p
from contactcenter.client.state import DeskState, apply

CONTACTS = ("ct_1", "ct_2", "ct_3", "ct_4")


def card(contact: str, *, state: str = "active", complaint: bool = False) -> p.Card:
    return p.Card(
        contact=contact,
        medium="chat",
        client="kangjia",
        client_name="康佳",
        greeting="你好",
        state=state,
        complaint=complaint,
        conversation=f"cv_{contact}",
    )


def offer(contact: str, attempt: int = 1) -> p.OfferCard:
    offered = card(contact, state="offered")
    return p.OfferCard(offer=f"{contact}/{attempt}/a1001", contact=contact, expires_at="", card=offered)


@dataclass
class World:
    """What is true of the desk: the service's side, kept the slow way. Every change tells a frame."""

    seq: int = 0
    attempts: int = 0
    presence: p.DeskPresence = field(default_factory=lambda: p.DeskPresence(state="ready"))
    offers: dict[str, p.OfferCard] = field(default_factory=dict)
    contacts: dict[str, p.Card] = field(default_factory=dict)

    def snapshot(self) -> p.SnapshotFrame:
        return p.SnapshotFrame(
            seq=self.seq,
            presence=self.presence,
            offers=tuple(self.offers.values()),
            contacts=tuple(self.contacts.values()),
        )

    def change(self, what: str, contact: str) -> p.AnyFrame:
        self.seq += 1
        frame = getattr(self, f"_{what}")(contact)
        return frame if frame is not None else p.NoticeFrame(seq=self.seq, code="none", text="")

    def _offered(self, contact: str) -> p.AnyFrame | None:
        if contact in self.contacts or any(one.contact == contact for one in self.offers.values()):
            return None
        self.attempts += 1
        made = offer(contact, self.attempts)
        self.offers[made.offer] = made
        return p.OfferFrame(seq=self.seq, offer=made)

    def _ended(self, contact: str) -> p.AnyFrame | None:
        made = next((one for one in self.offers.values() if one.contact == contact), None)
        if made is None:
            return None
        del self.offers[made.offer]
        return p.OfferEndedFrame(seq=self.seq, offer=made.offer, contact=contact, outcome="declined")

    def _assigned(self, contact: str) -> p.AnyFrame | None:
        self.offers = {name: one for name, one in self.offers.items() if one.contact != contact}
        self.contacts[contact] = card(contact)
        return p.AssignedFrame(seq=self.seq, card=card(contact))

    def _wrapping(self, contact: str) -> p.AnyFrame | None:
        if contact in self.contacts:
            self.contacts[contact] = replace(self.contacts[contact], state="wrap_up")
        return p.WrapUpFrame(seq=self.seq, contact=contact, until="")

    def _released(self, contact: str) -> p.AnyFrame | None:
        self.contacts.pop(contact, None)
        return p.ReleasedFrame(seq=self.seq, contact=contact)

    def _complaint(self, contact: str) -> p.AnyFrame | None:
        offered = next((one for one in self.offers.values() if one.contact == contact), None)
        if offered is not None:
            changed = card(contact, state="offered", complaint=True)
            self.offers[offered.offer] = replace(offered, card=changed)
            return p.ContactFrame(seq=self.seq, card=changed)
        state = self.contacts[contact].state if contact in self.contacts else "ended"
        changed = card(contact, state=state, complaint=True)
        if contact in self.contacts:
            self.contacts[contact] = changed
        return p.ContactFrame(seq=self.seq, card=changed)

    def _paused(self, contact: str) -> p.AnyFrame | None:
        self.presence = p.DeskPresence(state="not_ready", reason=contact)
        return p.PresenceFrame(seq=self.seq, presence=self.presence)


CHANGES = st.tuples(
    st.sampled_from(("offered", "ended", "assigned", "wrapping", "released", "complaint", "paused")),
    st.sampled_from(CONTACTS),
)


@settings(max_examples=150, deadline=None)
@given(before=st.lists(CHANGES, max_size=12), after=st.lists(CHANGES, max_size=20), repeated=st.integers(0, 20))
def test_a_snapshot_and_the_frames_after_it_are_the_next_snapshot(
    before: list[tuple[str, str]], after: list[tuple[str, str]], repeated: int
) -> None:
    world = World()
    for what, contact in before:
        world.change(what, contact)
    state = apply(DeskState(), world.snapshot())
    frames = [world.change(what, contact) for what, contact in after]
    for frame in frames:
        state = apply(state, frame)
    assert state == apply(DeskState(), world.snapshot())
    for frame in frames[: min(repeated, len(frames) - 1)]:
        state = apply(state, frame)
    assert state == apply(DeskState(), world.snapshot()), "frames of the past change nothing"


def test_a_snapshot_replaces_what_the_desk_believed() -> None:
    state = apply(DeskState(), p.AssignedFrame(seq=5, card=card("ct_1")))
    state = apply(state, p.OfferFrame(seq=6, offer=offer("ct_2")))
    state = apply(state, p.SnapshotFrame(seq=4, presence=p.DeskPresence(state="ready"), contacts=(card("ct_3"),)))
    assert (state.seq, list(state.contacts), state.offers) == (4, ["ct_3"], {})


def test_the_same_frame_twice_is_the_same_as_once() -> None:
    frame = p.OfferFrame(seq=3, offer=offer("ct_1"))
    once = apply(DeskState(), frame)
    assert apply(once, frame) == once


def test_messages_stand_in_order_and_a_hole_is_seen() -> None:
    def said(number: int) -> p.MessageFrame:
        return p.MessageFrame(contact="ct_1", conversation="cv_1", number=number, sender="customer", text="", at="")

    state = DeskState()
    for number in (1, 4, 2, 2):
        state = apply(state, said(number))
    assert [one.number for one in state.conversations["ct_1"]] == [1, 2, 4]
    assert state.missing_after("ct_1") == 2
    assert apply(state, said(3)).missing_after("ct_1") is None


def test_a_released_contact_takes_its_conversation_along() -> None:
    state = apply(DeskState(), p.AssignedFrame(seq=1, card=card("ct_1")))
    state = apply(state, p.MessageFrame(contact="ct_1", conversation="cv", number=1, sender="agent", text="", at=""))
    state = apply(state, p.ReleasedFrame(seq=2, contact="ct_1"))
    assert (state.contacts, state.conversations) == ({}, {})
