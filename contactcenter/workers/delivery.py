"""One sending and what becomes of it: sent, tried again, given up; a dial that may have been made is looked for.

How often (decisions row 6): mail at least once with the same Message-ID, webhooks at least once with an id, phone
commands until they are of no more use, each with an id that makes a repeat harmless. Dialling at most once: the
attempt is counted in the row before it is made, and one whose result is unknown is never made again blindly; it is
reconciled by the id of its call, which the platform reports when it rings.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from channels.port import ChannelDown, NotSent, PhoneCommand, Refused, Sender
from contactcenter.clock import SECOND, Clock, Micros
from contactcenter.services.ports import OutboxStore
from contactcenter.services.sendings import is_dial
from contactcenter.services.views import OutboxItem

log = logging.getLogger(__name__)
PAUSES: Final[Mapping[str, tuple[Micros, ...]]] = {
    "phone": (SECOND, 2 * SECOND, 4 * SECOND),
    "mail": tuple(SECOND * pause for pause in (10, 60, 300, 900, 3600, 3600 * 4, 3600 * 12, 3600 * 24)),
    "webhook": tuple(SECOND * pause for pause in (5, 30, 120, 600, 3600, 3600 * 6, 3600 * 24)),
}
"""Before each further try; after the last the sending is given up and a fact says so."""
JITTER: Final = 0.5
"""A pause is lengthened by up to half of itself: receivers that come back are not met by everybody at once."""
LOOK: Final = 2 * SECOND
"""Between two looks for a call of which nobody knows whether it was dialled."""
NOT_SENT: Final = "not sent: "
UNSURE: Final = "unsure: "

Owns = Callable[[str], bool]
"""Whether this process owns the connection to a phone source at this moment, by the monotonic clock (row 4)."""
Bury = Callable[[OutboxItem, str], Awaitable[None]]
"""(sending, why): given up for good (services/dead_letters.py)."""
KnowsCall = Callable[[str, str], Awaitable[bool]]
"""(source, call): the platform has reported this call."""


class Delivery:
    """`chance` gives numbers in [0, 1)."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        senders: Mapping[str, Sender],
        clock: Clock,
        chance: Callable[[], float],
        bury: Bury,
        knows_call: KnowsCall,
        owns: Owns = lambda source: True,
    ) -> None:
        self._store = store
        self._senders = senders
        self._clock = clock
        self._bury = bury
        self._chance = chance
        self._owns = owns
        self._knows_call = knows_call

    async def straight(self, item: OutboxItem) -> None:
        """A command that came with its hint. What does not succeed is left to the row, which comes due by itself."""
        now = self._clock.now()
        if (item.not_after is not None and item.not_after <= now) or not self._owned(item):
            return
        try:
            said = await self._senders[item.kind].send(item.payload)
        except Refused as refused:
            await self._bury(item, f"refused: {refused}")
        except ChannelDown as down:
            log.info("sending %s: %s; again from the outbox", item.id, down)
        else:
            await self._sent(item, said)

    async def claimed(self, item: OutboxItem) -> None:
        """A sending claimed from the outbox: its attempt is counted already."""
        now = self._clock.now()
        if is_dial(item.payload) and item.attempts > 1 and not item.outcome.startswith(NOT_SENT):
            await self._look_for_call(item, now)
        elif item.not_after is not None and item.not_after <= now:
            await self._store.done(item.id, "expired", now)
        elif not self._owned(item):
            await self._store.retry(item.id, f"{NOT_SENT}the connection has another owner", now)
        else:
            await self._try(item)

    def _owned(self, item: OutboxItem) -> bool:
        return not isinstance(item.payload, PhoneCommand) or self._owns(item.payload.source)

    async def _try(self, item: OutboxItem) -> None:
        try:
            said = await self._senders[item.kind].send(item.payload)
        except Refused as refused:
            await self._bury(item, f"refused: {refused}")
        except NotSent as down:
            await self._again(item, f"{NOT_SENT}{down}")
        except ChannelDown as down:
            await self._again(item, f"{UNSURE}{down}" if is_dial(item.payload) else str(down))
        except Exception:
            log.exception("sending %s failed", item.id)
            await self._again(item, f"{UNSURE}internal")
        else:
            await self._sent(item, said)

    async def _sent(self, item: OutboxItem, said: str) -> None:
        # What was kept instead of sent says so itself, and is shown as such.
        outcome = said if said.startswith("kept") else f"sent: {said}"
        await self._store.done(item.id, outcome[:500], self._clock.now())

    async def _look_for_call(self, item: OutboxItem, now: Micros) -> None:
        """An attempt was made or broke off: never a second one on a guess."""
        command = item.payload
        assert isinstance(command, PhoneCommand)
        if await self._knows_call(command.source, command.call):
            await self._sent(item, "the platform reported the call")
        elif item.not_after is not None and item.not_after <= now:
            await self._bury(item, f"nobody knows whether it was dialled: {item.outcome or 'the sender died'}")
        else:
            await self._store.retry(item.id, item.outcome or f"{UNSURE}the sender died", now + LOOK)

    async def _again(self, item: OutboxItem, why: str) -> None:
        pauses = PAUSES[item.kind]
        if item.attempts > len(pauses):
            await self._bury(item, f"gave up after {item.attempts} tries: {why}")
            return
        pause = pauses[item.attempts - 1]
        if item.kind != "phone":
            pause += round(pause * JITTER * self._chance())
        await self._store.retry(item.id, why[:500], self._clock.now() + pause)
