"""From what the router tells a desk to the frames its sockets hear. Pure: cards are read by the shell beforehand.

A `DeskModel` is the desk as its sockets know it. A snapshot replaces it; every push changes it a little, and the
result is what a new snapshot would say. It needs little of each contact: cards are big, and a desk that resumes at the
place where it was has them already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from contactcenter.client import protocol as p
from contactcenter.clock import rfc3339
from contactcenter.services.notices import NoticePush
from contactcenter.services.pushes import ConversationPush, DeskPush
from contactcenter.services.views import DeskView, MessageView
from routing import effects as fx
from routing.model import Outcome

Units = Callable[[str], int]
"""What one contact of a medium costs."""
Say = Callable[[NoticePush], str]
"""A notice in the agent's language."""
Number = Callable[[str], str]
"""The public number of an agent."""
Cards = Mapping[str, p.Card]
ACTIVE, OFFERED, WRAP_UP, CONSULTED = "active", "offered", "wrap_up", "consulted"
OFFLINE = p.DeskPresence(state="offline")


class Held(Struct, frozen=True):
    """What must be known of every contact that is offered or mine."""

    medium: str
    conversation: str
    state: str


@dataclass(slots=True)
class DeskModel:
    """`offers`: offer id to contact. `mine`: contact ids. `held`: one for every contact that is offered or mine.

    `cards` are those that were shown by this process; one that is missing is read when it must be shown again.
    """

    agent: str
    seq: int = 0
    presence: p.DeskPresence = OFFLINE
    offers: dict[str, str] = field(default_factory=dict)
    mine: dict[str, None] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    cards: dict[str, p.Card] = field(default_factory=dict)
    seconds: dict[str, None] = field(default_factory=dict)
    """Calls of colleagues on which this agent talks."""

    def knows(self, contact: str) -> bool:
        return contact in self.mine or contact in self.offers.values() or contact in self.seconds

    def conversations(self) -> dict[str, str]:
        """Conversation to contact, of everything that is mine."""
        known = ((contact, self.held[contact]) for contact in self.mine if contact in self.held)
        return {held.conversation: contact for contact, held in known if held.conversation}

    def show(self, card: p.Card) -> p.Card:
        """This card is what the desk has of its contact now."""
        self.cards[card.contact] = card
        self.held[card.contact] = Held(card.medium, card.conversation, card.state)
        return card

    def move(self, contact: str, state: str) -> None:
        if contact in self.cards:
            self.show(replace(self.cards[contact], state=state))
        elif contact in self.held:
            self.held[contact] = Held(self.held[contact].medium, self.held[contact].conversation, state)

    def forget(self) -> None:
        """What is neither offered nor mine any more."""
        for contact in [contact for contact in self.held if not self.knows(contact)]:
            del self.held[contact]
            self.cards.pop(contact, None)


def snapshot(
    agent: str, view: DeskView | None, cards: Cards, *, capacity: int, number: Number
) -> tuple[DeskModel, p.SnapshotFrame]:
    """The desk as its rows have it; one that was never here is offline, with the configured `capacity`.

    A contact without a card is left out.
    """
    if view is None:
        model = DeskModel(agent, presence=replace(OFFLINE, capacity=capacity))
        return model, p.SnapshotFrame(seq=0, presence=model.presence)
    offers = [offer for offer in view.offers if offer.contact in cards]
    contacts = [contact.id for contact in view.contacts if contact.id in cards]
    model = DeskModel(
        agent=agent,
        seq=view.cursor,
        presence=_presence_of(view),
        offers={offer.id: offer.contact for offer in offers},
        mine=dict.fromkeys(contacts),
        seconds={each: None for each in _seconds(agent, view) if each in cards},
    )
    for card in cards.values():
        model.show(card)
    for offer in offers:
        if offer.contact not in model.mine:
            model.move(offer.contact, OFFERED)
    for contact in model.seconds:
        model.move(contact, CONSULTED)
    asked_by = {each.contact: number(each.owner) for each in view.consults if each.agent == agent}
    shown = tuple(
        _offer(
            offer.id, offer.expires_at, replace(cards[offer.contact], state=OFFERED), asked_by.get(offer.contact, "")
        )
        for offer in offers
    )
    frame = p.SnapshotFrame(
        seq=view.cursor,
        presence=model.presence,
        offers=shown,
        contacts=tuple(cards[each] for each in contacts),
        consults=tuple(
            _consult(
                each.contact,
                number(each.agent),
                number(each.owner),
                card=_his(model, each.contact),
                rings=not each.talking,
            )
            for each in view.consults
            if each.contact in (model.mine if each.owner == agent else model.seconds)
        ),
    )
    return model, frame


def resumed(agent: str, view: DeskView, offered: Cards, *, client: str) -> DeskModel:
    """The desk at its cursor, without the cards of what is mine; `offered` are those of the offers.

    Contacts of another client than `client` are not shown, as a card that cannot be read would not be.
    """
    contacts = [contact for contact in view.contacts if not client or contact.client == client]
    model = DeskModel(
        agent=agent,
        seq=view.cursor,
        presence=_presence_of(view),
        offers={offer.id: offer.contact for offer in view.offers if offer.contact in offered},
        mine={contact.id: None for contact in contacts},
        seconds={each: None for each in _seconds(agent, view) if each in offered},
    )
    for contact in contacts:
        model.held[contact.id] = Held(contact.medium, contact.conversation, contact.state)
    for card in offered.values():
        if card.contact not in model.mine:
            model.show(replace(card, state=CONSULTED if card.contact in model.seconds else OFFERED))
    return model


def needed(push: DeskPush, model: DeskModel) -> dict[str, fx.Because | None]:
    """The contacts whose cards must be read for this push, with the reason of the offer where there is one."""
    wanted: dict[str, fx.Because | None] = {}
    for effect in push.effects:
        match effect:
            case fx.Offered(agent=agent) if agent == model.agent:
                wanted[effect.contact] = effect.because
            case fx.Owned(agent=agent) | fx.ConsultBegan(agent=agent) if (
                agent == model.agent and effect.contact not in model.cards
            ):
                wanted.setdefault(effect.contact, None)
            case fx.Amended() if model.knows(effect.contact):
                wanted.setdefault(effect.contact, None)
            case _:
                pass
    return wanted


def frames(
    push: DeskPush, model: DeskModel, cards: Cards, *, units: Units, say: Say, number: Number
) -> list[p.AnyFrame]:
    """What the socket hears of this push; changes the model. A contact that could not be read is not shown."""
    for contact, card in cards.items():
        known = model.held.get(contact)
        # The row may be ahead of the push: what this desk knows of the state stays until its own push comes.
        model.show(replace(card, state=known.state) if known else card)
    before = model.presence
    told: list[p.AnyFrame] = []
    for effect in push.effects:
        frame = _frame_of(effect, push, model, say, number)
        if frame is not None:
            told.append(frame)
    model.seq = push.seq
    model.forget()
    model.presence = replace(model.presence, used_units=_used(model, units))
    if model.presence != before:
        told.append(p.PresenceFrame(seq=push.seq, presence=model.presence))
    if not told:
        return [p.PassedFrame(seq=push.seq)]
    return [*(replace(frame, more=True) for frame in told[:-1]), told[-1]]


def message(push: ConversationPush, contact: str) -> p.MessageFrame | None:
    """A numbered message of a conversation; its other changes come by the router's pushes."""
    if push.event != "message":
        return None
    return p.MessageFrame(
        contact=contact,
        conversation=push.conversation,
        number=push.number,
        sender=push.sender,
        text=push.text,
        at=rfc3339(push.at),
        agent=push.agent_number,
    )


def missed_message(view: MessageView, agent_number: str) -> p.MessageFrame:
    """The same frame from the store."""
    return p.MessageFrame(
        contact=view.contact,
        conversation=view.conversation,
        number=view.seq,
        sender=view.sender,
        text=view.text,
        at=rfc3339(view.at),
        agent=agent_number,
    )


def notice(push: NoticePush, say: Say) -> p.NoticeFrame:
    return p.NoticeFrame(code=push.notice, text=say(push), contact=push.contact)


def _frame_of(effect: fx.AnyEffect, push: DeskPush, model: DeskModel, say: Say, number: Number) -> p.AnyFrame | None:
    if isinstance(effect, fx.ConsultAsked | fx.ConsultBegan | fx.ConsultEnded):
        return _consulted(effect, push, model, number)
    frame = _frame(effect, push, model, say)
    return _asked_by(frame, push, number) if isinstance(frame, p.OfferFrame) else frame


def _frame(effect: fx.AnyEffect, push: DeskPush, model: DeskModel, say: Say) -> p.AnyFrame | None:
    agent: str = getattr(effect, "agent", "")
    if agent and agent != model.agent:
        return None
    match effect:
        case fx.Offered():
            return _offered(effect, push, model)
        case fx.OfferEnded():
            return _offer_ended(effect, push, model)
        case fx.Owned():
            return _owned(effect, push, model)
        case fx.WrapUpBegan():
            return _wrap_up(effect, push, model)
        case fx.Released():
            model.mine.pop(effect.contact, None)
            return p.ReleasedFrame(seq=push.seq, contact=effect.contact, reason=effect.reason)
        case fx.PresenceMoved():
            model.presence = _moved(effect, model.presence)
            return None
        case fx.Amended():
            return _amended(effect, push, model)
        case fx.Breached() | fx.Missed():
            return _noticed(effect, push, model, say)
        case _:
            return None


def _consulted(
    effect: fx.ConsultAsked | fx.ConsultBegan | fx.ConsultEnded, push: DeskPush, model: DeskModel, number: Number
) -> p.ConsultFrame | None:
    """For the owner each step; for the consulted agent his talk alone: of the rest his offer tells him."""
    contact, second = effect.contact, effect.agent == model.agent
    if second and isinstance(effect, fx.ConsultBegan):
        if contact not in model.cards:
            return None
        model.seconds[contact] = None
        model.move(contact, CONSULTED)
    elif second and model.seconds.pop(contact, 0) == 0:
        return None
    reason = effect.reason if isinstance(effect, fx.ConsultEnded) else ""
    rings = isinstance(effect, fx.ConsultAsked)
    card = None if reason else _his(model, contact)
    told = _consult(contact, number(effect.agent), number(effect.owner), card=card, rings=rings, reason=reason)
    return p.ConsultFrame(seq=push.seq, consult=told)


def _consult(contact: str, agent: str, by: str, *, card: p.Card | None, rings: bool, reason: str = "") -> p.ConsultCard:
    state = "ended" if reason else "ringing" if rings else "talking"
    return p.ConsultCard(contact=contact, agent=agent, by=by, state=state, reason=reason, card=card)


def _his(model: DeskModel, contact: str) -> p.Card | None:
    """The card for the one who is consulted; the owner has it."""
    return model.cards.get(contact) if contact in model.seconds else None


def _seconds(agent: str, view: DeskView) -> list[str]:
    return [each.contact for each in view.consults if each.talking and each.agent == agent]


def _asked_by(frame: p.OfferFrame, push: DeskPush, number: Number) -> p.OfferFrame:
    """An offer that is a consult says who asks."""
    for effect in push.effects:
        if isinstance(effect, fx.ConsultAsked) and effect.offer == frame.offer.offer:
            return replace(frame, offer=replace(frame.offer, consult_by=number(effect.owner)))
    return frame


def _offered(effect: fx.Offered, push: DeskPush, model: DeskModel) -> p.OfferFrame | None:
    card = model.cards.get(effect.contact)
    if card is None:
        return None
    offer = effect.offer
    model.offers[offer.id] = effect.contact
    shown = model.show(replace(card, state=OFFERED))
    return p.OfferFrame(seq=push.seq, offer=_offer(offer.id, offer.expires_at, shown))


def _offer_ended(effect: fx.OfferEnded, push: DeskPush, model: DeskModel) -> p.OfferEndedFrame:
    """The frame's outcome says whether it was missed: no second notice for the same thing."""
    model.offers.pop(effect.offer, None)
    return p.OfferEndedFrame(
        seq=push.seq,
        offer=effect.offer,
        contact=effect.contact,
        outcome=str(effect.outcome),
        reason=effect.reason if effect.outcome is not Outcome.ACCEPTED else "",
    )


def _owned(effect: fx.Owned, push: DeskPush, model: DeskModel) -> p.AssignedFrame | None:
    card = model.cards.get(effect.contact)
    if card is None:
        return None
    model.mine[effect.contact] = None
    return p.AssignedFrame(seq=push.seq, card=model.show(replace(card, state=ACTIVE)))


def _wrap_up(effect: fx.WrapUpBegan, push: DeskPush, model: DeskModel) -> p.WrapUpFrame:
    model.move(effect.contact, WRAP_UP)
    return p.WrapUpFrame(seq=push.seq, contact=effect.contact, until=rfc3339(effect.until), by=effect.by)


def _amended(effect: fx.Amended, push: DeskPush, model: DeskModel) -> p.ContactFrame | None:
    card = model.cards.get(effect.contact)
    if card is None or not model.knows(effect.contact):
        return None
    card = model.show(replace(card, complaint=effect.complaint, deadline=rfc3339(effect.deadline)))
    return p.ContactFrame(seq=push.seq, card=card)


def _noticed(effect: fx.Breached | fx.Missed, push: DeskPush, model: DeskModel, say: Say) -> p.NoticeFrame | None:
    if isinstance(effect, fx.Breached) and not model.knows(effect.contact):
        return None
    code = "contact_breached" if isinstance(effect, fx.Breached) else "missed_twice"
    contact: str = getattr(effect, "contact", "")
    # A supervisor is told of a number, which is in his notice; this one is told of himself.
    words = "missed_twice_yourself" if isinstance(effect, fx.Missed) else code
    text = say(NoticePush(agent=model.agent, notice=words, at=push.at, contact=contact))
    return p.NoticeFrame(seq=push.seq, code=code, text=text, contact=contact)


def _offer(offer: str, expires_at: int, card: p.Card, consult_by: str = "") -> p.OfferCard:
    told = rfc3339(expires_at)
    return p.OfferCard(offer=offer, contact=card.contact, expires_at=told, card=card, consult_by=consult_by)


def _moved(effect: fx.PresenceMoved, before: p.DeskPresence) -> p.DeskPresence:
    return replace(
        before,
        state=str(effect.state),
        reason=effect.reason,
        until=rfc3339(effect.until) if effect.until else "",
        device=effect.device,
    )


def _presence_of(view: DeskView) -> p.DeskPresence:
    presence = view.presence
    return p.DeskPresence(
        state=str(presence.state),
        reason=presence.reason,
        until=rfc3339(presence.until) if presence.until else "",
        device=presence.device,
        used_units=view.used_units,
        capacity=view.capacity,
    )


def _used(model: DeskModel, units: Units) -> int:
    """Offers, active contacts and wrap-up all hold their units."""
    held = {*model.mine, *model.offers.values(), *model.seconds}
    return sum(units(model.held[contact].medium) for contact in held if contact in model.held)
