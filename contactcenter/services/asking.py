"""How a command reaches its router and its answer comes back: store the event, wake the router, wait a little.

The event is stored before anybody waits, and happens at most once by its `dedupe`: a command whose answer is late
still stands, and the desk's frames will show what became of it.
"""

from __future__ import annotations

from typing import Final

from contactcenter.errors import Busy, Conflict
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.office import Office
from contactcenter.services.ports import Replies
from routing.effects import AnyEffect, Refused
from routing.events import AnyEvent

PATIENCE_S: Final = 5.0


class Asking:
    def __init__(self, office: Office, replies: Replies, *, patience_s: float = PATIENCE_S) -> None:
        self._office = office
        self._replies = replies
        self._patience_s = patience_s

    async def ask(
        self, domain: str, key: str, event: AnyEvent, changes: Changes | None = None
    ) -> tuple[AnyEffect, ...]:
        """What the router decided about `event`, stored together with `changes`. `key` is unique per command.

        Conflict with the router's own code when it refused; Busy `undecided` when no answer came in time.
        """
        changes = changes or Changes()
        now = self._office.clock.now()
        reply_to = f"{self._replies.node}/{key}"
        async with self._replies.expect(key) as answer:
            changes.events.append(NewEvent(domain=domain, event=event, received_at=now, dedupe=key, reply_to=reply_to))
            await self._office.store.apply(changes)
            await self._office.bus.publish(f"domain:{domain}")
            effects: tuple[AnyEffect, ...] | None = await answer.wait(self._patience_s)
        return _answer(key, effects)

    async def tell(self, domain: str, key: str, event: AnyEvent) -> None:
        """Store an event that nobody waits for, and wake its router."""
        now = self._office.clock.now()
        await self._office.store.apply(
            Changes(events=[NewEvent(domain=domain, event=event, received_at=now, dedupe=key)])
        )
        await self._office.bus.publish(f"domain:{domain}")


def _answer(key: str, effects: tuple[AnyEffect, ...] | None) -> tuple[AnyEffect, ...]:
    if effects is None:
        raise Busy("not decided yet: the command stands, its outcome will show", code="undecided")
    for effect in effects:
        if isinstance(effect, Refused) and effect.command in ("", key):
            raise Conflict(effect.detail or effect.code.replace("_", " "), code=effect.code)
    return effects
