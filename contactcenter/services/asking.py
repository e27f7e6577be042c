"""How a command reaches its router and its answer comes back: store the event, wake the router, wait a little.

The event is stored before anybody waits, and happens at most once by its `dedupe`: a command whose answer is late
still stands, and the desk's frames will show what became of it. What is stored with it is guarded by the receipt of the
same changes: said again, on whichever process, nothing is written, and the log tells what was decided the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contactcenter.errors import Busy, Conflict
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.office import Office
from contactcenter.services.ports import AlreadyReceived, Replies
from routing.effects import AnyEffect, Refused
from routing.events import AnyEvent

PATIENCE_S: Final = 5.0
FIRST_LOOK_S: Final = 0.5
"""After this long without an answer the log is asked: a repeated command was decided before."""


class Asking:
    def __init__(self, office: Office, replies: Replies, *, patience_s: float = PATIENCE_S) -> None:
        self._office = office
        self._replies = replies
        self._patience_s = patience_s

    async def ask(self, domain: str, key: str, event: AnyEvent, changes: Changes | None = None) -> None:
        """Returns when the router carried out `event`, stored together with `changes`. `key` is unique per command.

        Conflict with the router's own code when it refused; Busy `undecided` when no answer came in time. A
        command that is repeated hears what was decided the first time.
        """
        changes = changes or Changes()
        now = self._office.clock.now()
        reply_to = f"{self._replies.node}/{key}"
        async with self._replies.expect(key) as answer:
            changes.events.append(NewEvent(domain=domain, event=event, received_at=now, dedupe=key, reply_to=reply_to))
            looks = [min(FIRST_LOOK_S, self._patience_s), self._patience_s]
            if not await self._stored(changes):
                looks.insert(0, 0.0)
            await self._office.bus.publish(f"domain:{domain}")
            for patience in looks:
                effects = await answer.wait(patience) if patience else None
                if effects is not None:
                    return _check(key, effects)
                if await self._was_done(domain, key):
                    return None
        raise Busy("not decided yet: the command stands, its outcome will show", code="undecided")

    async def _stored(self, changes: Changes) -> bool:
        """False when the same command stored them before. Conflict when its id was used for something else."""
        try:
            await self._office.store.apply(changes)
        except AlreadyReceived as known:
            if changes.receipt is not None and known.first.payload_hash != changes.receipt.payload_hash:
                raise reused() from None
            return False
        return True

    async def outcome(self, domain: str, key: str) -> None:
        """What became of a command that was stored before: returns, or raises, as `ask` did or would have."""
        async with self._replies.expect(key) as answer:
            for patience in (0.0, min(FIRST_LOOK_S, self._patience_s), self._patience_s):
                if patience:
                    await answer.wait(patience)
                if await self._was_done(domain, key):
                    return
        raise Busy("not decided yet: the command stands, its outcome will show", code="undecided")

    async def _was_done(self, domain: str, key: str) -> bool:
        """The answer may have been given, and lost, before: then the log has it. Raises what was refused then."""
        facts = await self._office.reads.facts_of_event(domain, key)
        for fact in facts or ():
            if fact.kind == "command.refused":
                code = str(fact.data["code"])
                raise Conflict(str(fact.data.get("detail") or code.replace("_", " ")), code=code)
        return facts is not None

    async def tell(self, domain: str, key: str, event: AnyEvent) -> None:
        """Store an event that nobody waits for, and wake its router."""
        now = self._office.clock.now()
        await self._office.store.apply(
            Changes(events=[NewEvent(domain=domain, event=event, received_at=now, dedupe=key)])
        )
        await self._office.bus.publish(f"domain:{domain}")


def reused() -> Conflict:
    return Conflict("this command id was used for something else", code="command_id_reused", field="id")


def _check(key: str, effects: Sequence[AnyEffect]) -> None:
    for effect in effects:
        if isinstance(effect, Refused) and effect.command in ("", key):
            raise Conflict(effect.detail or effect.code.replace("_", " "), code=effect.code)
