"""Calls that we made for a callback: what the customer's phone did is the attempt's result (A04).

The platform names them after their contact (`handles.dialled_call`). Its events come in any order and more than once;
what they mean together is read from the call's life. The end of the call ends the agent's part: he wraps up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from channels import port
from contactcenter.clock import Micros
from contactcenter.domain.callback_outcomes import Callee, is_lost, of_legs
from contactcenter.errors import NotFound
from contactcenter.services import handles
from contactcenter.services.callback_attempts import Tried, settle
from contactcenter.services.changes import CallWrite, NewEvent
from contactcenter.services.directories import Directories
from contactcenter.services.intake import Look, Plan, Planner
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ContactView, FirstReceipt, Scope
from routing.events import Left


class Life(Protocol):
    def __call__(self, stored: bytes | None, inbound: Any, received_at: int, /) -> tuple[bytes, Any]: ...


class DialledCalls:
    """`advance` keeps a life, `legs` reads it (channels.phone); `others` and `look` take those of all other calls."""

    def __init__(
        self,
        *,
        reads: DoorReads,
        directories: Directories,
        advance: Life,
        legs: Callable[[bytes], Callee],
        others: Planner,
        look: Look,
    ) -> None:
        self._others = others
        self._look = look
        self._reads = reads
        self._directories = directories
        self._advance = advance
        self._legs = legs

    async def call_event(self, inbound: Any, now: Micros, reply_to: str) -> Plan:
        """Any event of a call."""
        provider = self._ours(inbound)
        return await (self._heard(inbound, provider, now) if provider else self._others(inbound, now, reply_to))

    async def look(self, inbound: Any) -> tuple[FirstReceipt | None, Planner]:
        """Its first receipt, read together with what other calls need."""
        first, planner = await self._look(inbound)
        return first, self.call_event if self._ours(inbound) else planner

    def _ours(self, inbound: Any) -> str:
        """The provider, of a call that we made."""
        return self._directories.source_provider(inbound.source) if handles.dialled_contact(inbound.call) else ""

    async def _heard(self, inbound: port.AnyInbound, provider: str, now: Micros) -> Plan:
        """One event of a call that we made. An unknown contact's call is kept and decides nothing."""
        call, plan = getattr(inbound, "call", ""), Plan()
        stored = await self._reads.call(inbound.source, call)
        life, _ = self._advance(stored.life if stored else None, inbound, now)
        contact = await self._reads.contact(Scope(provider), handles.dialled_contact(call))
        if stored is None or stored.life != life:
            plan.changes.calls.append(
                CallWrite(
                    source=inbound.source,
                    call=call,
                    provider=provider,
                    life=life,
                    changed_at=now,
                    expected=stored.version if stored else None,
                )
            )
        if contact is not None and contact.medium == "callback":
            plan.receipt = port.Receipt(contact=contact.id)
            await self._decide(contact, self._legs(life), now, plan)
        return plan

    async def _decide(self, contact: ContactView, legs: Callee, now: Micros, plan: Plan) -> None:
        result = of_legs(legs)
        if not result:
            return
        try:
            directory = self._directories.of(contact.provider)
        except NotFound:
            return
        tried = Tried(result=result, by="platform", at=now, lost=is_lost(legs))
        await settle(self._reads, directory, contact, tried, plan.changes)
        if contact.state != "ended":
            # Said at every event after the end, stored once: the agent may have accepted it only after the first.
            by = legs.by if result == "reached" else "platform"
            event = Left(contact.id, by=by or "platform", cause=result)
            plan.changes.events.append(
                NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=f"{contact.id}:callback.over")
            )
