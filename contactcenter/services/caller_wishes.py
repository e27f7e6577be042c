"""What a caller says about being called: when, not at all this time, or never (A04). The answer is what he hears."""

from __future__ import annotations

from channels import port
from contactcenter.clock import Micros
from contactcenter.domain.identity import is_withheld, phone
from contactcenter.services import handles
from contactcenter.services.callback_cancelling import cancelling
from contactcenter.services.callback_rows import CALLER, Held
from contactcenter.services.directories import Directories, Door
from contactcenter.services.do_not_call import listing
from contactcenter.services.instead_of_callback import InsteadOfCallback
from contactcenter.services.instructions import Instructions
from contactcenter.services.intake import Plan
from contactcenter.services.ports import DoorReads


class CallerWishes:
    def __init__(self, *, directories: Directories, reads: DoorReads, instructions: Instructions) -> None:
        self._directories = directories
        self._reads = reads
        self._instructions = instructions
        self._instead = InsteadOfCallback(reads)

    async def cancel(self, inbound: port.CallbackCancelled, now: Micros, reply_to: str) -> Plan:
        """Calling again finds what is outstanding for this number; who has none, or comes too late, hears that."""
        door = self._door(inbound.source, inbound.dialled)
        found = await self._reads.outstanding_callback(door.client, phone(inbound.number))
        if found is None:
            return Plan(receipt=self._said(door, "callback.none", inbound.language))
        done = await cancelling(self._reads, found, by=CALLER, now=now)
        key = "callback.cancelled" if done.standing == "cancelled" else "callback.too_late"
        receipt = self._said(door, key, inbound.language, contact=found.contact)
        return Plan(receipt=receipt, changes=done.changes) if done.changes else Plan(receipt=receipt)

    async def sought(self, inbound: port.CallbackSought, now: Micros, reply_to: str) -> Plan:
        """For an IVR that is not ours: `callback` with the words for him, or `none`. While he is in it, it is held."""
        door = self._door(inbound.source, inbound.dialled)
        found = await self._reads.outstanding_callback(door.client, phone(inbound.number))
        if found is None:
            return Plan(receipt=port.Receipt(instruction="none", language=inbound.language))
        until = self._instructions.hour(door, max(found.window_until, now), found.number)
        text = self._instructions.text(door, "callback.joined", inbound.language, until=until, number=inbound.number)
        plan = Plan(
            receipt=port.Receipt(contact=found.contact, instruction="callback", text=text, language=inbound.language)
        )
        call = Held(call=handles.phone(inbound.source, inbound.call), at=now)
        await self._instead.hold(door.provider, found.id, call, plan.changes)
        return plan

    async def do_not_call(self, inbound: port.DoNotCall, now: Micros, reply_to: str) -> Plan:
        """The number comes onto the client's list; what was promised to it ends with that."""
        door, number = self._door(inbound.source, inbound.dialled), phone(inbound.number)
        if is_withheld(number):
            return Plan(receipt=self._said(door, "callback.none", inbound.language))
        changes = await listing(
            self._reads, provider=door.provider, client=door.client, number=number, by=CALLER, reason="ivr", now=now
        )
        return Plan(receipt=self._said(door, "callback.unwanted", inbound.language), changes=changes)

    def _door(self, source: str, dialled: str) -> Door:
        door = self._directories.line(dialled)
        if not self._directories.source_provider(source):
            raise port.UnknownDoor(f"no phone source {source} is configured")
        if door is None:
            raise port.UnknownDoor(f"no line {dialled} is configured")
        return door

    def _said(self, door: Door, key: str, language: str, *, contact: str = "") -> port.Receipt:
        text = self._instructions.text(door, key, language)
        return port.Receipt(contact=contact, instruction="hang_up", text=text, language=language)
