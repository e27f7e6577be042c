"""Which commands a decision sends to the phone platform (decisions rows 4 to 7).

Ids are deterministic and every command says how long it is any use: a late ring is worse than none.
"""

from __future__ import annotations

from channels.port import PhoneCommand
from contactcenter.services import handles
from contactcenter.services.changes import Outgoing
from contactcenter.services.sendings import RESEND
from routing import effects as fx
from routing.model import Outcome, Record

ANSWER_LIFE = 10_000_000
"""Microseconds that a bridge or hang-up stays of use."""


def orders(effect: fx.AnyEffect, record: Record, *, provider: str, number: str, now: int) -> list[Outgoing]:
    """The commands of one effect of a phone contact; none for other media. `number` is the agent's public one."""
    call = handles.call_of(record.contact.handle)
    if call is None:
        return []
    command = _command(effect, record, call, number=number, now=now)
    return [] if command is None else [outgoing(command, record, provider=provider, now=now)]


def outgoing(command: PhoneCommand, record: Record, *, provider: str, now: int) -> Outgoing:
    """Handed to its sender with the hint after the commit; due from the outbox if that was not heard."""
    return Outgoing(
        id=command.id,
        kind="phone",
        provider=provider,
        client=record.contact.client,
        contact=record.contact.id,
        payload=command,
        created_at=now,
        next_at=now + RESEND,
        not_after=command.not_after or None,
    )


def _command(
    effect: fx.AnyEffect, record: Record, call: tuple[str, str], *, number: str, now: int
) -> PhoneCommand | None:
    source, call_id = call
    match effect:
        case fx.Offered(offer=offer) if offer.device:
            return PhoneCommand(
                id=f"{offer.id}/ring",
                source=source,
                call=call_id,
                verb="ring",
                offer=offer.id,
                agent=number,
                device=offer.device,
                not_after=offer.expires_at,
            )
        case fx.OfferEnded(offer=offer_id, outcome=outcome) if outcome is not Outcome.ACCEPTED and _had_device(
            record, offer_id
        ):
            return PhoneCommand(
                id=f"{offer_id}/stop",
                source=source,
                call=call_id,
                verb="stop_ringing",
                offer=offer_id,
                agent=number,
                not_after=now + ANSWER_LIFE,
            )
        case fx.Owned(offer=offer_id) if not _had_device(record, offer_id):
            return PhoneCommand(
                id=f"{offer_id or record.contact.id}/bridge",
                source=source,
                call=call_id,
                verb="bridge",
                offer=offer_id,
                agent=number,
                not_after=now + ANSWER_LIFE,
            )
        case fx.WrapUpBegan(by="agent"):
            return PhoneCommand(
                id=f"{record.contact.id}/hang_up",
                source=source,
                call=call_id,
                verb="hang_up",
                agent=number,
                not_after=now + ANSWER_LIFE,
            )
        case _:
            return None


def _had_device(record: Record, offer_id: str) -> bool:
    return any(offer.id == offer_id and offer.device for offer in record.offers)
