"""Which rows a batch writes: contacts, offers, assignments, presences as they are after its last event.

A row that moved several times within a batch is written once. What began and ended within the batch is one
inserted row, because the store closes old rows before it inserts new ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from contactcenter.services.changes import (
    AssignmentBegan,
    AssignmentMoved,
    Batch,
    ContactMove,
    OfferClosed,
    OfferMade,
    PresenceWrite,
)
from routing import effects as fx
from routing.model import Presence, PresenceState, Record
from routing.state import State

CONSULT = "consult"
_encode = msgspec.json.Encoder().encode


class BatchRows:
    """Collects the rows of one batch at a time; versions and desk numbers live as long as the domain in memory."""

    def __init__(self, provider: str, state: State, *, versions: dict[str, int], desk_seqs: dict[str, int]) -> None:
        self._provider = provider
        self._state = state
        self._versions = versions
        self._desk_seqs = desk_seqs
        self._begin()

    def _begin(self) -> None:
        self._made: dict[str, OfferMade] = {}
        self._closed: list[OfferClosed] = []
        self._began: dict[str, AssignmentBegan] = {}
        self._consults: dict[str, AssignmentBegan] = {}
        self._finished: list[AssignmentBegan] = []
        self._moved: list[AssignmentMoved] = []
        self._ends: dict[str, tuple[fx.Ended | fx.Blocked, int]] = {}
        self._released_by: dict[str, str] = {}
        self._contacts: set[str] = set()
        self._agents: dict[str, int] = {}
        self._now = 0

    def touched(self, contacts: Iterable[str], agents: Iterable[str]) -> None:
        self._contacts.update(contacts)
        for agent in agents:
            self._agents.setdefault(agent, 0)

    def desk_told(self, agent: str, seq: int) -> int:
        """This desk hears event `seq`; returns the one it heard before."""
        before = self._desk_seqs.get(agent, 0)
        self._desk_seqs[agent] = seq
        self._agents[agent] = seq
        return before

    # --- effects ---------------------------------------------------------------------------------------------

    def take(self, effect: fx.AnyEffect, record: Record, *, seq: int, now: int) -> None:
        self._now = now
        match effect:
            case fx.Offered():
                self._offer_made(effect, record)
            case fx.OfferEnded():
                self._offer_ended(effect, now)
            case fx.Owned():
                self._owned(effect, record, seq, now)
            case fx.ConsultBegan():
                self._consult_began(effect, record, seq, now)
            case fx.ConsultEnded(talked=True):
                self._consult_ended(effect, now)
            case fx.WrapUpBegan():
                self._released_by[effect.contact] = effect.by
                self._assignment_moved(effect.contact, effect.agent, now, ended=False, reason=effect.cause)
            case fx.Released():
                self._assignment_moved(effect.contact, effect.agent, now, ended=True, reason=effect.reason)
            case fx.Ended() | fx.Blocked():
                self._ends[effect.contact] = (effect, now)
                self._contacts.add(effect.contact)
            case _:
                pass

    def _offer_made(self, effect: fx.Offered, record: Record) -> None:
        offer = effect.offer
        self._made[offer.id] = OfferMade(
            id=offer.id,
            contact=offer.contact,
            agent=offer.agent,
            provider=self._provider,
            client=record.contact.client,
            attempt=offer.attempt,
            made_at=offer.made_at,
            expires_at=offer.expires_at,
        )

    def _offer_ended(self, effect: fx.OfferEnded, now: int) -> None:
        made = self._made.get(effect.offer)
        if made is None:
            self._closed.append(OfferClosed(effect.offer, now, str(effect.outcome), effect.reason))
        else:
            self._made[effect.offer] = replace(made, ended_at=now, outcome=str(effect.outcome), reason=effect.reason)

    def _owned(self, effect: fx.Owned, record: Record, seq: int, now: int) -> None:
        self._began[effect.contact] = AssignmentBegan(
            id=f"{effect.contact}/{seq}",
            contact=effect.contact,
            agent=effect.agent,
            provider=self._provider,
            client=record.contact.client,
            at=now,
        )

    def _consult_began(self, effect: fx.ConsultBegan, record: Record, seq: int, now: int) -> None:
        self._consults[effect.contact] = AssignmentBegan(
            id=f"{effect.contact}/{seq}/consult",
            contact=effect.contact,
            agent=effect.agent,
            provider=self._provider,
            client=record.contact.client,
            at=now,
            role=CONSULT,
        )

    def _consult_ended(self, effect: fx.ConsultEnded, now: int) -> None:
        began = self._consults.pop(effect.contact, None)
        if began is None:
            self._moved.append(AssignmentMoved(effect.contact, effect.agent, now, True, effect.reason, CONSULT))
        else:
            self._finished.append(replace(began, ended_at=now, reason=effect.reason))

    def _assignment_moved(self, contact: str, agent: str, now: int, *, ended: bool, reason: str) -> None:
        began = self._began.get(contact)
        if began is None:
            self._moved.append(AssignmentMoved(contact, agent, now, ended, reason))
        elif ended:
            self._finished.append(replace(self._began.pop(contact), ended_at=now, reason=reason))
        else:
            self._began[contact] = replace(began, wrap_up_at=now)

    # --- the batch -------------------------------------------------------------------------------------------

    def fill(self, batch: Batch, records: dict[str, Record]) -> list[str]:
        """Put the rows into the batch, in a fixed order; returns the contacts that are over."""
        batch.offers_made = list(self._made.values())
        batch.offers_closed = self._closed
        batch.assignments_moved = self._moved
        batch.assignments_began = [*self._finished, *self._began.values(), *self._consults.values()]
        batch.contacts = [self._contact(contact, records[contact]) for contact in sorted(self._contacts)]
        batch.presences = [self._presence(agent) for agent in sorted(self._agents)]
        over = [contact for contact in self._ends if self._state.record(contact) is None]
        for contact in over:
            self._versions.pop(contact, None)
        self._begin()
        return over

    def _contact(self, contact: str, last: Record) -> ContactMove:
        expected = self._versions.get(contact, 0)
        self._versions[contact] = expected + 1
        record = self._state.record(contact)
        shape = last if record is None else record
        end, ended_at = self._ends.get(contact, (None, None))
        over = record is None and end is not None
        return ContactMove(
            id=contact,
            expected=expected,
            state="ended" if over else str(shape.status),
            owner=shape.owner,
            view=shape.contact.view,
            tier=int(shape.contact.tier),
            complaint=shape.contact.complaint,
            deadline=shape.contact.deadline,
            answered_at=shape.answered_at or None,
            ended_at=ended_at if over else None,
            outcome=_outcome(end) if over else "",
            released_by=self._released_by.get(contact, "") or getattr(end, "by", ""),
            route=None if record is None else _encode(record),
        )

    def _presence(self, agent: str) -> PresenceWrite:
        desk = self._state.listed(agent)
        presence = desk.presence() if desk else Presence(agent=agent, state=PresenceState.OFFLINE)
        used = desk.load if desk else 0
        return PresenceWrite(
            agent=agent,
            provider=self._provider,
            state=str(presence.state),
            reason=presence.reason,
            used_units=used,
            # A configuration may shrink a capacity below what the agent already carries.
            capacity=max(used, desk.spec.capacity if desk else 0),
            desk_seq=self._desk_seqs.get(agent, 0),
            changed_at=self._now,
            route=_encode(presence),
        )


def _outcome(end: fx.Ended | fx.Blocked | None) -> str:
    return "blocked" if isinstance(end, fx.Blocked) else str(end.how) if end else ""
