"""Phone events become contacts, answers and ends; voicemails and callback requests become callbacks (A03, A04)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeGuard

from msgspec import Struct

from channels import port
from contactcenter.clock import Ids, Micros
from contactcenter.domain import priority
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import Identity, can_be_dialled, identity, is_withheld
from contactcenter.services import handles
from contactcenter.services.callback_rows import Held
from contactcenter.services.callbacks import Callbacks, CallbackWish
from contactcenter.services.changes import CallWrite, Changes, NewEvent, Outgoing
from contactcenter.services.directories import Directories
from contactcenter.services.instead_of_callback import InsteadOfCallback, has_been_answered
from contactcenter.services.instructions import Instructions
from contactcenter.services.intake import Plan, Planner
from contactcenter.services.opening import Opening, Wish, pairs_of
from contactcenter.services.own_holds import OwnHolds
from contactcenter.services.phone_sendings import by_phone
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ArrivalView, Arriving, CallView, ContactView, FirstReceipt, Scope
from routing.events import Answered, AnyEvent, Changed, Left, OfferDeclined, OfferFailed
from routing.model import Medium

LATE: Micros = 10_000_000


class Signal(Protocol):
    """What a call's life tells (channels.phone.signals)."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> int: ...
    @property
    def clock_at(self) -> int: ...
    @property
    def offer(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def value(self) -> str: ...


Advance = Callable[[bytes | None, port.AnyInbound, int], tuple[bytes, tuple[Signal, ...]]]
"""A stored call and an event -> the call after it and what is new (channels.phone.call.advance_stored)."""


CallEvent = port.CallOffered | port.CallAlerting | port.CallAnswered | port.CallReleased | port.CallProgress
NEEDS_CONTACT = ("clock_started", "progress", "agent_gone", "answered_late")
FOR_THE_OPEN = ("customer_gone", "agent_gone", "clock_started")
"""Signals that decide nothing any more once the contact has ended: the router would only refuse their events."""


class Known(Struct, frozen=True):
    """The contact that a signal is about; `view` is its row where the signal needs it, `over`: it had ended before."""

    provider: str
    contact: str
    view: ContactView | None
    over: bool


class PhoneIntake:
    def __init__(
        self,
        *,
        directories: Directories,
        reads: DoorReads,
        opening: Opening,
        callbacks: Callbacks,
        instructions: Instructions,
        advance: Advance,
        ids: Ids,
    ) -> None:
        self._directories = directories
        self._reads = reads
        self._opening = opening
        self._callbacks = callbacks
        self._instructions = instructions
        self._advance = advance
        self._ids = ids
        self._instead = InsteadOfCallback(reads)
        self._own_holds = OwnHolds(reads, directories, ids)

    # --- the life of a call -------------------------------------------------------------------------------------

    async def look(self, inbound: CallEvent) -> tuple[FirstReceipt | None, Planner]:
        """Everything that the first plan needs, in one look; a plan that comes too late looks for itself."""
        known = inbound if isinstance(inbound, port.CallOffered) else None
        door = self._directories.line(known.dialled) if known else None
        seen = await self._reads.arrival(
            Arriving(
                inbound.source,
                inbound.external_id,
                inbound.call,
                door.client if door else "",
                pairs_of(caller_identities(known.caller, known.member)) if known and door else (),
            )
        )
        return seen.first, partial(self.call_event, seen=seen)

    async def call_event(
        self, inbound: CallEvent, now: Micros, reply_to: str, *, seen: ArrivalView | None = None
    ) -> Plan:
        """Any event of a call, in any order: the call's life says what is new about it."""
        plan = Plan()
        provider = self._provider(inbound.source)
        if isinstance(inbound, port.CallOffered) and self._directories.line(inbound.dialled) is None:
            raise port.UnknownDoor(f"no line {inbound.dialled} is configured")
        self._check_answer(inbound, provider)
        stored = seen.call if seen else await self._reads.call(inbound.source, inbound.call)
        life, signals = self._advance(stored.life if stored else None, inbound, now)
        contact, over, instead_of = (stored.contact, stored.over, stored.instead_of) if stored else ("", False, "")
        scope = Scope(provider)
        for signal in signals:
            if signal.kind in ("enter", "enter_and_gone"):
                contact = await self._enter(inbound, signal, plan, now, reply_to=reply_to, seen=seen)
                instead_of = str(plan.changes.contacts[-1].context.get("instead_of", ""))
                if instead_of and signal.kind == "enter":
                    queues = Held(call=contact, at=now, handle=handles.phone(inbound.source, inbound.call))
                    await self._instead.hold(provider, instead_of, queues, plan.changes)
            needed = over or instead_of or signal.kind in NEEDS_CONTACT
            known = await self._reads.contact(scope, contact) if needed else None
            self._follow(signal, inbound, Known(provider, contact, known, over), plan)
            if signal.what == "held" and known is not None:
                await self._own_holds.held(known, now, plan)
            if instead_of and has_been_answered(signal.kind, known):
                await self._instead.answered(provider, contact, instead_of, now, plan.changes)
        if _calls_himself(inbound) and not contact:
            await self._instead.in_flow(provider, inbound, now, plan.changes)
        _keep_call(plan.changes, inbound, stored, life=life, contact=contact, provider=provider, now=now)
        plan.receipt = port.Receipt(contact=contact)
        if isinstance(inbound, port.CallOffered) and not plan.changes.contacts:
            # Offered again under another id: who lost our answer asks what to do with his caller.
            plan.receipt = await self.recall(inbound, plan.receipt)
        return plan

    def _check_answer(self, inbound: CallEvent, provider: str) -> None:
        """By somebody whom we know: his other phones would ring on, and the caller's place would stand."""
        if isinstance(inbound, port.CallAnswered) and not (inbound.offer or self._agent_id(inbound.agent, provider)):
            raise port.Malformed(f"data.agent: nobody has the number {inbound.agent}", field="data.agent")

    async def recall(self, inbound: port.CallOffered, receipt: port.Receipt) -> port.Receipt:
        """A platform that repeats its call hears again what to do with it, or that it is not decided yet."""
        door = self._directories.line(inbound.dialled)
        if door is None or not receipt.contact:
            return receipt
        facts = await self._reads.facts_of_contact(Scope(door.provider, door.client), receipt.contact)
        return self._instructions.recalled(door, facts, receipt, inbound.language, caller=inbound.caller)

    async def _enter(
        self,
        inbound: port.AnyInbound,
        signal: Signal,
        plan: Plan,
        now: Micros,
        *,
        reply_to: str,
        seen: ArrivalView | None,
    ) -> str:
        assert isinstance(inbound, port.CallOffered)
        door = self._directories.line(inbound.dialled)
        assert door is not None
        assert door.line is not None
        opened = await self._opening.open(
            Wish(
                door=door,
                medium=Medium.VOICE,
                door_name=door.line.number,
                external_id=inbound.call,
                handle=handles.phone(inbound.source, inbound.call),
                identities=caller_identities(inbound.caller, inbound.member),
                now=now,
                address=inbound.caller,
                language=inbound.language,
                product=inbound.product,
                complaint=inbound.complaint,
                clock_from=priority.clock_start(door.line, enqueued_at=now, alerting_at=signal.clock_at)
                if signal.clock_at
                else 0,
                treatment=door.line.blocked,
                context=_spoken(inbound) | await self._instead.promised(inbound, door.client, seen),
            ),
            plan.changes,
            reply_to=reply_to,
            seen=seen,
        )
        plan.awaits = signal.kind == "enter"
        plan.instruct = self._instructions.first(
            door, opened.contact.id, opened.language, at=now, caller=inbound.caller
        )
        return opened.contact.id

    def _follow(self, signal: Signal, inbound: port.AnyInbound, known: Known, plan: Plan) -> None:
        event = self._event(signal, known)
        if event is not None:
            key = f"{inbound.source}:{inbound.external_id}:{signal.kind}:{signal.offer}"
            new = NewEvent(domain=known.provider, event=event, received_at=signal.at, dedupe=key)
            plan.changes.events.append(new)
        if signal.kind == "answered_late":
            plan.changes.outbox.append(_release_device(signal, inbound, known))
        if signal.kind in ("progress", "agent_gone") or (signal.kind == "customer_gone" and known.over):
            plan.changes.facts.append(self._progress(signal, known))

    def _event(self, signal: Signal, known: Known) -> AnyEvent | None:
        contact = known.contact
        agent = agent_of(signal.offer) or self._agent_id(signal.agent, known.provider)
        match signal.kind:
            case _ if not contact or (known.over and signal.kind in FOR_THE_OPEN):
                return None
            case "answer" if agent:
                return Answered(contact, agent)
            case "device_failed" if signal.why == "declined":
                return OfferDeclined(signal.offer, agent, reason="device")
            case "device_failed" if signal.why == "no_answer":
                return OfferDeclined(signal.offer, agent, reason="device", unanswered=True)
            case "device_failed" if signal.why in ("unreachable", "busy"):
                return OfferFailed(signal.offer, agent, cause=signal.cause or signal.why)
            case "customer_gone" | "enter_and_gone":
                return Left(contact, by=signal.by, cause=signal.cause)
            case "agent_gone":
                # Whose leg it was: a consulted agent's end, or the first owner's after a join, ends no call.
                return Left(contact, by="agent", cause=signal.cause, agent=agent)
            case "clock_started":
                return self._clock_started(known, signal.clock_at)
            case _:
                return None

    def _clock_started(self, known: Known, clock_at: Micros) -> Changed | None:
        """He hears ringing only now: three cycles of the view's plan from here, where his line counts so (B01)."""
        door = self._directories.line(known.view.door) if known.view else None
        if known.view is None or door is None or door.line is None or door.line.clock_from != "alerting":
            return None
        directory = self._directories.of(known.provider)
        deadline = clock_at + priority.line_clock(directory.plan(directory.view(known.view.view).plan))
        return Changed(known.contact, deadline=deadline, clock_from=clock_at)

    def _agent_id(self, number: str, provider: str) -> str:
        agent = self._directories.of(provider).agent_by_number(number) if number else None
        return agent.id if agent else ""

    def _progress(self, signal: Signal, known: Known) -> Fact:
        """Digits may be anybody's secret: the fact says that there were some and how many, not which.

        The end of a caller whose contact had ended before, as of one who was turned away, is no end of a contact: it is
        told here, with the side that hung up and the cause.
        """
        what = {"agent_gone": "agent_released", "customer_gone": "customer_released"}.get(signal.kind, signal.what)
        value = str(len(signal.value)) if what in ("dtmf", "ivr.digits") else signal.value or signal.cause
        return Fact(
            id=self._ids.new("ft"),
            at=signal.at,
            kind="call.progress",
            provider=known.provider,
            client=known.view.client if known.view else "",
            contact=known.contact,
            data={"what": what, "value": value, "by": signal.by},
        )

    def _provider(self, source: str) -> str:
        provider = self._directories.source_provider(source)
        if not provider:
            raise port.UnknownDoor(f"no phone source {source} is configured")
        return provider

    # --- voicemail and callback ------------------------------------------------------------------------------------

    async def voicemail(self, inbound: port.VoicemailLeft, now: Micros, reply_to: str) -> Plan:
        """A voice message is work: somebody listens and calls back; it keeps the caller's place."""
        recording = {"recording": inbound.recording, "seconds": inbound.seconds}
        plan = await self._call_back(inbound, inbound.caller, now, {"voicemail": recording})
        plan.changes.facts.append(self._left(inbound, plan.receipt.contact, now, recording))
        return plan

    async def callback(self, inbound: port.CallbackRequested, now: Micros, reply_to: str) -> Plan:
        if not can_be_dialled(inbound.number):
            raise port.Malformed("data.number: no number that can be called", field="data.number")
        return await self._call_back(inbound, inbound.number, now, {})

    async def _call_back(
        self,
        inbound: port.VoicemailLeft | port.CallbackRequested,
        number: str,
        now: Micros,
        context: dict[str, object],
    ) -> Plan:
        self._provider(inbound.source)
        door = self._directories.line(inbound.dialled)
        if door is None:
            raise port.UnknownDoor(f"no line {inbound.dialled} is configured")
        stored = await self._reads.call(inbound.source, inbound.call)
        plan = Plan()
        plan.receipt = await self._callbacks.request(
            CallbackWish(
                door=door,
                source=inbound.source,
                external_id=inbound.external_id,
                number=number if can_be_dialled(number) else f"unknown:{inbound.call}",
                now=now,
                origin=stored.contact if stored else "",
                context=context | _walked(inbound, "voicemail" if "voicemail" in context else "callback"),
                asked_from=getattr(inbound, "window_from", 0),
                asked_until=getattr(inbound, "window_until", 0),
                language=inbound.language,
                member=getattr(inbound, "member", ""),
                product=getattr(inbound, "product", ""),
                complaint=getattr(inbound, "complaint", False),
            ),
            plan.changes,
        )
        return plan

    def _left(self, inbound: port.VoicemailLeft, contact: str, now: Micros, recording: dict[str, object]) -> Fact:
        door = self._directories.line(inbound.dialled)
        assert door is not None
        return Fact(
            id=self._ids.new("ft"),
            at=now,
            kind="voicemail.left",
            provider=door.provider,
            client=door.client,
            contact=contact,
            data=recording,
        )


def _release_device(signal: Signal, inbound: port.AnyInbound, known: Known) -> Outgoing:
    """A phone that was answered after the caller had gone must not stay in an empty call."""
    command = port.PhoneCommand(
        id=f"{signal.offer or inbound.external_id}/late",
        source=inbound.source,
        call=getattr(inbound, "call", ""),
        verb="hang_up",
        offer=signal.offer,
        agent=signal.agent,
        not_after=signal.at + LATE,
    )
    client = known.view.client if known.view else ""
    return by_phone(command, provider=known.provider, client=client, contact=known.contact, now=signal.at)


def _calls_himself(inbound: port.AnyInbound) -> TypeGuard[port.CallProgress]:
    return isinstance(inbound, port.CallProgress) and inbound.what == port.CALLS_HIMSELF


def caller_identities(number: str, member: str = "") -> tuple[Identity, ...]:
    """A withheld number identifies nobody."""
    found = [identity("member", member)] if member else []
    if not is_withheld(number):
        found.append(identity("phone", number))
    return tuple(found)


def agent_of(offer: str) -> str:
    """The agent in an offer's id `<contact>/<attempt>/<agent>`."""
    parts = offer.split("/", 2)
    return parts[2] if len(parts) == 3 else ""


def _spoken(inbound: port.CallOffered) -> dict[str, object]:
    """What the IVR already asked travels with the contact, so that nobody asks again (B17)."""
    asked = {"language": inbound.language, "member": inbound.member, "product": inbound.product}
    return {key: value for key, value in asked.items() if value} | _walked(inbound, "queue")


def _walked(inbound: port.CallOffered | port.VoicemailLeft | port.CallbackRequested, way_out: str) -> dict[str, object]:
    """How a flow ended and by which path: for whoever asks what the caller met. Nothing without a flow."""
    if not inbound.path:
        return {}
    chosen = {name: getattr(inbound, name, "") for name in ("language", "member", "product", "complaint")}
    kept = {name: value for name, value in chosen.items() if value}
    return {"ivr": {"exit": way_out, "path": list(inbound.path), **kept}}


def _keep_call(
    changes: Changes,
    inbound: port.AnyInbound,
    stored: CallView | None,
    *,
    life: bytes,
    contact: str,
    provider: str,
    now: Micros,
) -> None:
    if stored is not None and stored.life == life:
        return
    changes.calls.append(
        CallWrite(
            source=inbound.source,
            call=getattr(inbound, "call", ""),
            provider=provider,
            life=life,
            changed_at=now,
            expected=stored.version if stored else None,
            contact=contact,
        )
    )
