"""Step 3 of the main flow: feed events to `routing.decide` and collect what it decided as one `Batch`.

Bookkeeping around the pure core: it numbers events, keeps the versions of the rows it will write, and turns
each effect into its fact. The router commits the batch and only then lets `Pushes` go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contactcenter.domain.facts import Fact
from contactcenter.services import handles
from contactcenter.services.batch_rows import BatchRows
from contactcenter.services.changes import Batch, Decided, Outgoing, TimerSet
from contactcenter.services.expected_waits import Told
from contactcenter.services.follow_ups import follow_ups
from contactcenter.services.phone_orders import orders
from contactcenter.services.pushes import ConversationPush, DeskPush, NodeReply
from contactcenter.services.views import Loaded, Ownership, SnapshotMark
from routing import effects as fx
from routing.decide import decide
from routing.events import AnyEvent, Arrived
from routing.model import End, Record
from routing.replay import effects_hash
from routing.state import State

_encode = msgspec.json.Encoder().encode
_OF_THE_OWNER = (fx.Amended, fx.Breached)
_HEARD = (fx.Queued, fx.Owned, fx.Released, fx.WrapUpBegan, fx.Ended)
"""What a visitor may hear of."""


@dataclass(slots=True)
class Pushes:
    """What leaves after the commit. Losing one delays somebody, it never loses anything."""

    desks: list[DeskPush] = field(default_factory=list)
    replies: list[tuple[str, NodeReply]] = field(default_factory=list)
    """(node, reply)"""
    conversations: list[ConversationPush] = field(default_factory=list)
    effects: list[fx.AnyEffect] = field(default_factory=list)
    sendings: list[Outgoing] = field(default_factory=list)


class Dispatch:
    """One domain in memory, from a takeover until a row turns out to have moved: then it is dropped, not patched."""

    def __init__(self, *, domain: str, state: State, loaded: Loaded, ownership: Ownership) -> None:
        self.domain = domain
        self.state = state
        self.epoch = ownership.epoch
        self.seq = ownership.last_seq
        self._at = state.now
        self._records: dict[str, Record] = {record.contact.id: record for record, _ in loaded.records}
        versions = {record.contact.id: version for record, version in loaded.records}
        self._rows = BatchRows(domain, state, versions=versions | dict(loaded.fresh), desk_seqs=dict(loaded.desk_seqs))
        self._begin()

    def _begin(self) -> None:
        self._decided: list[Decided] = []
        self._facts: list[Fact] = []
        self.pushes = Pushes()
        self._outbox: list[Outgoing] = []
        self._timers: list[TimerSet] = []

    @property
    def empty(self) -> bool:
        return not self._decided

    # --- events --------------------------------------------------------------------------------------------

    def handle(self, event: AnyEvent, now: int, *, row: int | None = None, reply_to: str = "") -> None:
        """Decide one event at `now`, and add all of it to the batch. `row` is its pending row, None for our own."""
        self._take(event, decide(self.state, event, now), now, row=row, reply_to=reply_to)

    def recovered(self, effects: Sequence[fx.AnyEffect], now: int, ownership: Ownership) -> None:
        """What the takeover itself decided (routing.recover): the first entry of this epoch's log, without an event."""
        self._take(None, effects, now, row=None, reply_to="")
        self._facts.append(
            Fact(
                id=f"{self.domain}:{self.seq}:{len(effects)}",
                at=now,
                kind="ops.takeover",
                provider=self.domain,
                seq=self.seq,
                data={"why": ownership.why, "from": ownership.before, "epoch": ownership.epoch},
            )
        )

    def refuse(self, row: int, now: int, problem: str) -> None:
        """A pending row that cannot be read or decided: numbered, so that the log has no gap, and set aside."""
        self.seq += 1
        self._at = max(self._at, now)
        nothing = effects_hash([])
        self._decided.append(Decided(seq=self.seq, at=now, event=b"", effects_hash=nothing, row=row, problem=problem))
        self._facts.append(
            Fact(
                id=f"{self.domain}:{self.seq}:0",
                at=now,
                kind="ops.quarantined",
                provider=self.domain,
                seq=self.seq,
                data={"row": row, "problem": problem},
            )
        )

    def _take(
        self, event: AnyEvent | None, effects: Sequence[fx.AnyEffect], now: int, *, row: int | None, reply_to: str
    ) -> None:
        self.seq += 1
        self._at = max(self._at, now)
        if isinstance(event, Arrived):
            self._records.setdefault(event.contact.id, Record(contact=event.contact, arrival=0))
        own = _encode(event) if row is None else b""
        self._decided.append(Decided(seq=self.seq, at=now, event=own, effects_hash=effects_hash(effects), row=row))
        for ordinal, effect in enumerate(effects):
            self._note(effect, ordinal, now)
        self._push(effects, now, reply_to)
        self._refresh()

    def _note(self, effect: fx.AnyEffect, ordinal: int, now: int) -> None:
        contact: str = getattr(effect, "contact", "")
        record = self._records.get(contact)
        self._facts.append(self._fact(effect, ordinal, now, record))
        self.pushes.effects.append(effect)
        if record is None:
            return
        self._rows.take(effect, record, seq=self.seq, now=now)
        number = self._number(getattr(effect, "agent", ""))
        self._outbox.extend(orders(effect, record, provider=self.domain, number=number, now=now))
        self._timers.extend(follow_ups(effect, record, provider=self.domain, now=now))
        self._tell_customer(effect, record, number, now)

    def _refresh(self) -> None:
        contacts, agents = self.state.take_touched()
        for contact in contacts:
            record = self.state.record(contact)
            if record is not None:
                self._records[contact] = record
        self._rows.touched(contacts, agents)

    def _number(self, agent: str) -> str:
        desk = self.state.listed(agent)
        return desk.spec.number if desk else ""

    def _fact(self, effect: fx.AnyEffect, ordinal: int, now: int, record: Record | None) -> Fact:
        data: dict[str, Any] = msgspec.to_builtins(effect)
        return Fact(
            id=f"{self.domain}:{self.seq}:{ordinal}",
            at=now,
            kind=data.pop("kind"),
            provider=self.domain,
            client=record.contact.client if record else "",
            contact=data.pop("contact", ""),
            agent=data.pop("agent", ""),
            seq=self.seq,
            data=data,
        )

    # --- what is told after the commit ------------------------------------------------------------------------

    def _push(self, effects: Sequence[fx.AnyEffect], now: int, reply_to: str) -> None:
        desks: dict[str, list[fx.AnyEffect]] = {}
        for effect in effects:
            for agent in self._concerned(effect):
                desks.setdefault(agent, []).append(effect)
        for agent, told in desks.items():
            prev = self._rows.desk_told(agent, self.seq)
            self.pushes.desks.append(DeskPush(agent, self.seq, prev, now, tuple(told)))
        if reply_to:
            node, _, key = reply_to.partition("/")
            self.pushes.replies.append((node, NodeReply(key, tuple(effects))))

    def _concerned(self, effect: fx.AnyEffect) -> tuple[str, ...]:
        """Whose desk shows this: the agent it names, or who owns the contact, is consulted on it or hears it ring."""
        named: str = getattr(effect, "agent", "")
        record = self._records.get(getattr(effect, "contact", ""))
        if isinstance(effect, fx.ConsultAsked | fx.ConsultBegan | fx.ConsultEnded):
            return tuple(agent for agent in (effect.owner, effect.agent) if self.state.listed(agent))
        if isinstance(effect, _OF_THE_OWNER) and record is not None:
            ringing = tuple(offer.agent for offer in record.offers)
            second = (record.consult.agent,) if record.consult is not None else ()
            return (record.owner, *second) if record.owner else ringing
        return (named,) if named and self.state.listed(named) else ()

    def _tell_customer(self, effect: fx.AnyEffect, record: Record, number: str, now: int) -> None:
        if not isinstance(effect, _HEARD):
            return
        event = _event_for_customer(effect)
        conversation = handles.chat_of(record.contact.handle) if event else ""
        if conversation:
            self.pushes.conversations.append(
                ConversationPush(
                    conversation=conversation,
                    contact=record.contact.id,
                    event=event,
                    at=now,
                    agent_number=number,
                    told=_told(effect),
                )
            )

    # --- the batch ------------------------------------------------------------------------------------------

    def take_batch(self) -> tuple[Batch, Pushes]:
        """Everything since the last one. After a commit call `committed`; after a failure drop the Dispatch."""
        batch = Batch(
            domain=self.domain,
            epoch=self.epoch,
            first_seq=self.seq - len(self._decided) + 1,
            arrivals=self.state.arrivals,
            decided=self._decided,
            outbox=self._outbox,
            timers=self._timers,
            facts=self._facts,
        )
        for contact in self._rows.fill(batch, self._records):
            self._records.pop(contact, None)
        pushes = self.pushes
        pushes.sendings = self._outbox
        self._begin()
        return batch, pushes

    def snapshot(self) -> tuple[SnapshotMark, bytes]:
        """The domain after the last event, for the log; asked once that event is committed."""
        mark = SnapshotMark(self.seq, self.epoch, self._at)
        return mark, _encode(self.state.snapshot(mark.at))


def _told(effect: fx.AnyEffect) -> Told:
    return Told.of(effect.position, effect.expected, effect.at_most) if isinstance(effect, fx.Queued) else Told()


def _event_for_customer(effect: fx.AnyEffect) -> str:
    """For a visitor the talk is over when the agent's wrap-up begins; what comes after is not his matter."""
    match effect:
        case fx.Queued():
            return "queued"
        case fx.Owned():
            return "assigned"
        case fx.Released(reason="transfer" | "agent_left"):
            return "released"
        case fx.Ended(how=End.OVERFLOWED):
            # He writes on in the same window: what he says becomes a message (services/left_messages.py).
            return ""
        case fx.WrapUpBegan() | fx.Ended():
            return "closed"
        case _:
            return ""
