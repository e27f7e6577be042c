"""The desk as a value: `apply(state, frame)` is pure, so a page, a bot and a test see the same desk.

A snapshot replaces everything. After it every frame changes the desk a little, and the result is what a new
snapshot would say: that is the promise which makes resuming safe. Frames that are older than the state, which a
peer may repeat after a reconnect, change nothing; applying the same frame twice is the same as once. `seq` moves
with the last frame of an event, so that it is a cursor: whoever resumes there misses nothing.
"""

from __future__ import annotations

from bisect import insort

from msgspec import Struct
from msgspec.structs import replace

from contactcenter.client import protocol as p

WRAP_UP = "wrap_up"
ACTIVE = "active"
ENDED = "ended"


class DeskState(Struct, frozen=True, kw_only=True):
    """What an agent has in front of him. `offers` by offer id, `contacts` and `conversations` by contact id."""

    seq: int = 0
    agent: str = ""
    number: str = ""
    name: str = ""
    supervisor: bool = False
    presence: p.DeskPresence = p.DeskPresence(state="offline")
    offers: dict[str, p.OfferCard] = {}
    contacts: dict[str, p.Card] = {}
    conversations: dict[str, tuple[p.MessageFrame, ...]] = {}
    consults: dict[str, p.ConsultCard] = {}
    """By contact: of my calls, and those on which I talk as the second one."""

    def offer_of(self, contact: str) -> p.OfferCard | None:
        """The offer of this contact that rings here."""
        return next((offer for offer in self.offers.values() if offer.contact == contact), None)

    def owns(self, contact: str) -> bool:
        """I have this contact, talking or wrapping up."""
        return contact in self.contacts

    def wraps_up(self, contact: str) -> bool:
        return contact in self.contacts and self.contacts[contact].state == WRAP_UP

    def heard(self) -> dict[str, int]:
        """The number up to which each open conversation was heard without a gap, by the conversation's id."""
        return {
            messages[0].conversation: _unbroken(messages)
            for contact, messages in self.conversations.items()
            if contact in self.contacts and messages
        }

    def missing_after(self, contact: str) -> int | None:
        """The number of the last message before a gap: ask for `messages` after it. None when nothing is missing."""
        heard = self.conversations.get(contact, ())
        return next((at for at, message in enumerate(heard) if message.number != at + 1), None)


def apply(state: DeskState, frame: p.AnyFrame) -> DeskState:
    """The desk after this frame."""
    if isinstance(frame, p.SnapshotFrame):
        return _replaced(state, frame)
    if 0 < frame.seq < state.seq:
        return state
    after = _changed(state, frame)
    return replace(after, seq=frame.seq) if frame.seq > state.seq and not frame.more else after


def _replaced(state: DeskState, frame: p.SnapshotFrame) -> DeskState:
    contacts = {card.contact: card for card in frame.contacts}
    return replace(
        state,
        seq=frame.seq,
        presence=frame.presence,
        offers={offer.offer: offer for offer in frame.offers},
        contacts=contacts,
        consults={each.contact: each for each in frame.consults},
        conversations={name: heard for name, heard in state.conversations.items() if name in contacts},
    )


def _changed(state: DeskState, frame: p.AnyFrame) -> DeskState:
    match frame:
        case p.Welcome():
            who = {"agent": frame.agent, "number": frame.number, "name": frame.name, "supervisor": frame.supervisor}
            return replace(state, **who)
        case p.PresenceFrame(presence=presence):
            return replace(state, presence=presence)
        case p.OfferFrame(offer=offer):
            return replace(state, offers={**state.offers, offer.offer: offer})
        case p.OfferEndedFrame(offer=gone):
            return replace(state, offers={name: offer for name, offer in state.offers.items() if name != gone})
        case p.AssignedFrame(card=card):
            return _assigned(state, card)
        case p.ContactFrame(card=card):
            return _amended(state, card)
        case p.ConsultFrame(consult=consult):
            return _consulted(state, consult)
        case p.WrapUpFrame(contact=contact):
            return _wrapping(state, contact)
        case p.ReleasedFrame(contact=contact):
            return _released(state, contact)
        case p.MessageFrame():
            return _heard(state, frame)
        case _:
            return state


def _assigned(state: DeskState, card: p.Card) -> DeskState:
    """It is mine now, and so no offer any more."""
    mine = card if card.state else replace(card, state=ACTIVE)
    offers = {name: offer for name, offer in state.offers.items() if offer.contact != card.contact}
    return replace(state, offers=offers, contacts={**state.contacts, card.contact: mine})


def _amended(state: DeskState, card: p.Card) -> DeskState:
    """A change of what I have or am offered; of anything else I know nothing."""
    offers = {
        name: replace(offer, card=card) if offer.contact == card.contact else offer
        for name, offer in state.offers.items()
    }
    consults = {
        contact: replace(each, card=card) if contact == card.contact and each.card else each
        for contact, each in state.consults.items()
    }
    if card.contact not in state.contacts:
        return replace(state, offers=offers, consults=consults)
    kept = card if card.state else replace(card, state=state.contacts[card.contact].state)
    return replace(state, offers=offers, consults=consults, contacts={**state.contacts, card.contact: kept})


def _consulted(state: DeskState, consult: p.ConsultCard) -> DeskState:
    kept = {contact: each for contact, each in state.consults.items() if contact != consult.contact}
    return replace(state, consults=kept if consult.state == ENDED else {**kept, consult.contact: consult})


def _wrapping(state: DeskState, contact: str) -> DeskState:
    card = state.contacts.get(contact)
    if card is None:
        return state
    return replace(state, contacts={**state.contacts, contact: replace(card, state=WRAP_UP)})


def _released(state: DeskState, contact: str) -> DeskState:
    return replace(
        state,
        contacts={name: card for name, card in state.contacts.items() if name != contact},
        conversations={name: heard for name, heard in state.conversations.items() if name != contact},
    )


def _heard(state: DeskState, message: p.MessageFrame) -> DeskState:
    """Messages stand in the order of their numbers, each once."""
    before = state.conversations.get(message.contact, ())
    if any(one.number == message.number for one in before):
        return state
    heard = list(before)
    insort(heard, message, key=lambda one: one.number)
    return replace(state, conversations={**state.conversations, message.contact: tuple(heard)})


def _unbroken(messages: tuple[p.MessageFrame, ...]) -> int:
    """The last number before the first gap; what came before the first message that was heard is no gap."""
    first = messages[0].number
    return next((first + at - 1 for at, one in enumerate(messages) if one.number != first + at), messages[-1].number)
