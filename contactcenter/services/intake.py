"""Step 2 of the main flow: what arrives is stored durably, once, with its facts and events; then acknowledged.

The idempotency key is (source, external id) with a hash of the payload: the same again says `duplicate` with
the first answer, another content under the same id is refused (decisions row 16). A lost race with another
process means: read again, decide again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from channels import port
from contactcenter.clock import Clock, Ids
from contactcenter.errors import Busy, StaleWrite
from contactcenter.services.admission import Admission
from contactcenter.services.changes import Applied, Changes, NewReceipt, Quarantined
from contactcenter.services.late_instructions import promise
from contactcenter.services.notices import NoticePush
from contactcenter.services.opening import viewed
from contactcenter.services.ports import AlreadyReceived, Answer, Bus, ChangeStore, Replies
from contactcenter.services.pushes import ConversationPush, encode
from contactcenter.services.views import FirstReceipt
from routing.effects import AnyEffect

log = logging.getLogger(__name__)
TRIES = 8
STORING_S = 5.0
"""How long a door waits for the store at most, whatever the store does."""
T = TypeVar("T")


@dataclass(slots=True)
class Plan:
    """What one arrival comes to. `said` is pushed once the store has numbered the message `said_id`."""

    changes: Changes = field(default_factory=Changes)
    receipt: port.Receipt = field(default_factory=port.Receipt)
    awaits: bool = False
    """A phone platform waits for an instruction: the first decision about `receipt.contact`."""
    instruct: Callable[[port.Receipt, tuple[AnyEffect, ...]], port.Receipt] | None = None
    said: ConversationPush | None = None
    said_id: str = ""
    notices: list[NoticePush] = field(default_factory=list)


Planner = Callable[[Any, int, str], Awaitable[Plan]]
"""(inbound, now, reply_to) -> what to write. Raises UnknownDoor or Malformed."""

Look = Callable[[Any], Awaitable[tuple[FirstReceipt | None, Planner]]]
"""inbound -> its first receipt, and a planner that knows what was read with it: good for one plan."""

Recall = Callable[[Any, port.Receipt], Awaitable[port.Receipt]]
"""(repeated inbound, its first receipt) -> the receipt with the instruction that was decided."""


@dataclass(frozen=True, slots=True)
class UseCases:
    """Inbound type -> what is done with it, and how a repeat of it is answered; and whether new ones are taken now."""

    planners: dict[type, Planner]
    recalls: dict[type, Recall]
    admission: Admission
    looks: dict[type, Look] = field(default_factory=dict)
    """Of those whose receipt is read together with what the plan needs."""


class Intake:
    """The one port that channels hand their arrivals to."""

    def __init__(
        self,
        *,
        store: ChangeStore,
        bus: Bus,
        replies: Replies,
        clock: Clock,
        ids: Ids,
        use_cases: UseCases,
        first_decision_s: float = 0.25,
    ) -> None:
        self._store = store
        self._bus = bus
        self._replies = replies
        self._clock = clock
        self._ids = ids
        self._planners = use_cases.planners
        self._recalls = use_cases.recalls
        self._looks = use_cases.looks
        self._admission = use_cases.admission
        self._patience = first_decision_s

    async def accept(self, inbound: port.AnyInbound) -> port.Receipt:
        """Store once and acknowledge. Raises UnknownDoor, Malformed, DifferentPayload, IntakeBusy."""
        try:
            return await self._accept(inbound)
        except Busy as away:
            raise _busy(away) from away

    async def _accept(self, inbound: port.AnyInbound) -> port.Receipt:
        encoded = msgspec.json.encode(inbound)
        digest = blake2b(encoded, digest_size=16).digest()
        key = self._ids.new("re")
        async with self._replies.expect(key) as answer:
            try:
                known, plan = await _in_time(self._once(inbound, digest, f"{self._replies.node}/{key}"))
            except port.UnknownDoor as unknown:
                await _in_time(self._set_aside(inbound, encoded, str(unknown)))
                raise
            return known if plan is None else await self._decided(inbound, plan, answer)

    async def _once(self, inbound: port.AnyInbound, digest: bytes, reply_to: str) -> tuple[port.Receipt, Plan | None]:
        """Stored, with its plan; or the receipt of the first time, when it came before."""
        first, planner = await self._look(inbound)
        if first is not None:
            return await self._again(inbound, first, digest), None
        if not isinstance(inbound, port.ChatSaid):
            self._admission.check(inbound)
        try:
            plan, applied = await self._store_once(inbound, digest, reply_to, planner)
        except AlreadyReceived as race:
            return await self._again(inbound, race.first, digest), None
        await self._announce(plan, applied)
        return plan.receipt, plan

    async def _decided(self, inbound: port.AnyInbound, plan: Plan, answer: Answer) -> port.Receipt:
        """What a platform that waits is told to do."""
        if not plan.awaits or plan.instruct is None:
            return plan.receipt
        effects = await answer.wait(self._patience)
        if effects is None:
            # The 202 is a promise: it is stored before it is given.
            opened = viewed(plan.changes.contacts[0])
            late = promise(opened, inbound.source, self._clock.now())
            await _in_time(self._store.apply(Changes(timers=[late])))
            return msgspec.structs.replace(plan.receipt, pending=True)
        return plan.instruct(plan.receipt, effects)

    async def _look(self, inbound: port.AnyInbound) -> tuple[FirstReceipt | None, Planner]:
        look = self._looks.get(type(inbound))
        if look is not None:
            return await look(inbound)
        first = await self._store.first_receipt(inbound.source, inbound.external_id)
        return first, self._planners[type(inbound)]

    async def _again(self, inbound: port.AnyInbound, first: FirstReceipt, digest: bytes) -> port.Receipt:
        """The first answer, with what was decided about it since: the sender may never have heard it."""
        receipt = repeated(first, digest)
        recall = self._recalls.get(type(inbound))
        return receipt if recall is None else await recall(inbound, receipt)

    async def _store_once(
        self, inbound: port.AnyInbound, digest: bytes, reply_to: str, planner: Planner
    ) -> tuple[Plan, Applied]:
        for _ in range(TRIES):
            now = self._clock.now()
            plan = await planner(inbound, now, reply_to)
            if plan.changes.contacts and isinstance(inbound, port.ChatSaid):
                self._admission.check(inbound)
            result = msgspec.to_builtins(plan.receipt)
            plan.changes.receipt = NewReceipt(inbound.source, inbound.external_id, digest, result, now)
            try:
                return plan, await self._store.apply(plan.changes)
            except StaleWrite:
                planner = self._planners[type(inbound)]
        raise port.IntakeBusy(f"{inbound.source}: the same rows kept changing")

    async def _announce(self, plan: Plan, applied: Applied) -> None:
        """Hints after the commit: the router has work, the agent has a message, the sender has mail."""
        for domain in dict.fromkeys(event.domain for event in plan.changes.events):
            await self._bus.publish(f"domain:{domain}")
        if plan.said is not None:
            said = msgspec.structs.replace(plan.said, number=applied.message_seqs.get(plan.said_id, 0))
            await self._bus.publish(f"conversation:{said.conversation}", encode(said))
        for told in plan.notices:
            await self._bus.publish(f"desk:{told.agent}", msgspec.json.encode(told))
        if plan.changes.outbox:
            await self._bus.publish("outbox")

    async def _set_aside(self, inbound: port.AnyInbound, payload: bytes, reason: str) -> None:
        """What nobody configured a door for is kept whole, then refused (decisions row 24)."""
        kept = Quarantined(self._ids.new("qu"), inbound.source, reason, payload, self._clock.now())
        await self._store.apply(Changes(quarantined=[kept]))


async def _in_time(work: Awaitable[T]) -> T:
    """A sender that waits is told to come back; whatever was stored after all is known by its id then."""
    try:
        async with asyncio.timeout(STORING_S):
            return await work
    except TimeoutError as late:
        raise port.IntakeBusy("the store does not answer; send it again") from late


def _busy(away: Busy) -> port.IntakeBusy:
    kind = port.IntakeOverloaded if away.code == "overloaded" else port.IntakeBusy
    return kind(str(away))


def repeated(first: FirstReceipt, digest: bytes) -> port.Receipt:
    """The first answer again, marked; or a refusal if this is something else under the same id."""
    if first.payload_hash != digest:
        raise port.DifferentPayload("this event id was used before with another content")
    receipt = msgspec.convert(first.result, port.Receipt)
    return msgspec.structs.replace(receipt, duplicate=True)
