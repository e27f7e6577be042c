"""Which commands a decision sends to the phone platform (decisions rows 4 to 7).

Ids are deterministic and every command says how long it is any use: a late ring is worse than none.
"""

from __future__ import annotations

from channels.port import PhoneCommand
from contactcenter.services import handles
from contactcenter.services.changes import Outgoing
from contactcenter.services.phone_sendings import by_phone
from contactcenter.services.sendings import RESEND
from routing import effects as fx
from routing.model import End, Offer, Outcome, Record, Status

_MAY_ORDER = (
    fx.Offered, fx.OfferEnded, fx.Owned, fx.Released, fx.WrapUpBegan, fx.Ended, fx.ConsultBegan, fx.ConsultEnded,
)  # fmt: skip
"""The effects that `_command` knows: of all others nothing is looked at."""
ANSWER_LIFE = 10_000_000
"""Microseconds that a bridge or hang-up stays of use."""


def orders(effect: fx.AnyEffect, record: Record, *, provider: str, number: str, now: int) -> list[Outgoing]:
    """The commands of one effect of a phone contact; none for other media. `number` is the agent's public one.

    `record` is the contact as it was before the decision.
    """
    if not isinstance(effect, _MAY_ORDER):
        return []
    call = handles.call_of(record.contact.handle)
    if call is None:
        return []
    command = _command(effect, record, _Call(*call, number, now + ANSWER_LIFE))
    return [] if command is None else [outgoing(command, record, provider=provider, now=now)]


def outgoing(command: PhoneCommand, record: Record, *, provider: str, now: int) -> Outgoing:
    """Handed to its sender with the hint after the commit; due from the outbox if that was not heard."""
    contact = record.contact
    return by_phone(command, provider=provider, client=contact.client, contact=contact.id, now=now, due=now + RESEND)


class _Call:
    """What every command of one effect shares."""

    def __init__(self, source: str, call: str, number: str, until: int) -> None:
        self._shared = {"source": source, "call": call}
        self._number = number
        self._until = until

    def order(
        self, verb: str, name: str, *, offer: str = "", device: str = "", until: int = 0, by_agent: bool = True
    ) -> PhoneCommand:
        """`name`: what it is about, to which the verb is added for its id. `by_agent`: the command names him."""
        said = verb.removesuffix("_ringing")
        return PhoneCommand(
            id=f"{name}/{said}",
            verb=verb,
            agent=self._number if by_agent else "",
            offer=offer,
            device=device,
            not_after=until or self._until,
            **self._shared,
        )


def _command(effect: fx.AnyEffect, record: Record, call: _Call) -> PhoneCommand | None:
    match effect:
        case fx.ConsultBegan() | fx.ConsultEnded() | fx.Owned() if record.consult is not None:
            return _consulting(effect, record.consult, call)
        case fx.Offered(offer=offer) if offer.device:
            verb = offer.role or "ring"
            return call.order(verb, offer.id, offer=offer.id, device=offer.device, until=offer.expires_at)
        case fx.OfferEnded(offer=offer_id, outcome=outcome) if outcome is not Outcome.ACCEPTED and _had_device(
            record, offer_id
        ):
            return call.order("stop_ringing", offer_id, offer=offer_id)
        case fx.Owned(offer=offer_id) if not _had_device(record, offer_id):
            return call.order("bridge", offer_id or _turn(record), offer=offer_id)
        case fx.WrapUpBegan(by="agent") | fx.Ended(how=End.FINISHED, by="agent"):
            return call.order("hang_up", record.contact.id)
        case fx.Ended(how=End.CLOSED) if record.status is not Status.WRAP_UP:
            # Nobody serves him any more, and neither side hung up: the end is ours (A19).
            return call.order("hang_up", record.contact.id, by_agent=False)
        case fx.Released(reason="transfer"):
            return call.order("requeue", _turn(record))
        case _:
            return None


def _consulting(effect: fx.ConsultBegan | fx.ConsultEnded | fx.Owned, asked: Offer, call: _Call) -> PhoneCommand | None:
    """Without a device the platform reaches the agent its own way, once he has said yes; with one it rang before."""
    match effect:
        case fx.ConsultBegan() if not asked.device:
            return call.order("consult", asked.id, offer=asked.id)
        case fx.ConsultEnded(reason=reason) if reason != "joined" and _reached(asked, effect):
            return call.order("leave", asked.id, offer=asked.id)
        case fx.Owned():
            return call.order("join", asked.id, offer=asked.id)
        case _:
            return None


def _reached(asked: Offer, ended: fx.ConsultEnded) -> bool:
    """Has the platform heard of this consult?"""
    return bool(asked.device) or ended.talked


def _turn(record: Record) -> str:
    """Names one turn of a contact at an agent: it may be handed on and given again, and each needs its own command."""
    return f"{record.contact.id}/{record.contact.clock_from}"


def _had_device(record: Record, offer_id: str) -> bool:
    return any(offer.id == offer_id and offer.device for offer in record.offers)
