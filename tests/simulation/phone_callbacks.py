"""The other half of a simulated phone service: agents who take callbacks and dial them, and what must hold of them.

An agent is a person: what he told a process that died in his hands he tells the next one, by the same command. Now and
then a process dies on purpose between his dialling and the customer's answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import msgspec
from simulation.phone_house import PROVIDER, Ground, Process

from contactcenter.client import protocol as p
from contactcenter.errors import Busy, ContactCenterError
from contactcenter.services import handles
from contactcenter.services.callback_attempts import IN_FLOW
from contactcenter.services.seats import Seat
from contactcenter.services.views import CallbackView

PREVIEW_S = (0.5, 4.0)
RINGS_S = (0.2, 6.0)
NOBODY_TELLS_S = 200.0
"""So long an agent waits for his platform to say how it went; then he says it himself."""
PATIENCE = 60
"""How often a command is said again, half a second apart."""
DIES = 0.25
"""Of the dialled calls: our process is killed before the customer answers."""
WRONG = 0.2
"""Of those who were reached: somebody else."""
TALKED = 0.5
"""Of those whose call's end was lost: the agent had talked with them."""


class Desk:
    """One agent's. `process` is the one that lives now, None while there is none; `kill` ends it and starts another.

    `fated` hears of each call before it is dialled, and may give it a fault.
    """

    def __init__(
        self,
        ground: Ground,
        agent: str,
        *,
        process: Callable[[], Process | None],
        kill: Callable[[], Awaitable[None]],
        fated: Callable[[str], None],
    ) -> None:
        self._ground = ground
        self._agent = agent
        self._process = process
        self._kill = kill
        self._fated = fated
        self._rng = ground.rng
        self._sleep = ground.clock.sleep
        self._seat = Seat(provider=PROVIDER, client="kangjia", agent=agent, number=agent[1:], language="en")

    async def work(self) -> None:
        while True:
            await self._sleep(1)
            offers = [offer for offer in self._offers() if self._medium(offer.contact) == "callback"]
            if offers and await self._say(p.Accept(id=f"accept-{offers[0].id}", offer=offers[0].id)):
                await self._serve(offers[0].contact)

    def _offers(self) -> list[Any]:
        tables = self._ground.tables
        return [tables.offers[name] for name in tables.live_offers.values() if tables.offers[name].agent == self._agent]

    def _medium(self, contact: str) -> str:
        return str(self._ground.tables.contacts[contact].medium)

    async def _serve(self, contact: str) -> None:
        await self._sleep(self._rng.uniform(*PREVIEW_S))
        self._fated(handles.dialled_call(contact))
        if await self._say(p.Dial(id=f"dial-{contact}", contact=contact)):
            if self._rng.random() < DIES and not self._ground.calm:
                await self._sleep(self._rng.uniform(*RINGS_S))
                await self._kill()
            await self._while_active(contact)
        if self._state(contact) == "active":
            await self._say(p.Finish(id=f"finish-{contact}", contact=contact, result="no_answer"))
            await self._sleep(5)
        if self._state(contact) == "wrap_up":
            said = p.WrapUpDone(id=f"wrap-{contact}", contact=contact, result=self._knows_better(contact))
            await self._say(said)

    async def _while_active(self, contact: str) -> None:
        waited = 0
        while self._state(contact) == "active" and waited < NOBODY_TELLS_S:
            await self._sleep(1)
            waited += 1

    def _state(self, contact: str) -> str:
        return str(self._ground.tables.contacts[contact].state)

    def _knows_better(self, contact: str) -> str:
        """What he says of the attempt that the platform has told otherwise; '' for nothing."""
        told = [each for promise in self._ground.tables.promises.values() for each in promise.attempts]
        attempt = next((each for each in told if each["contact"] == contact and each["result"] != "called_in"), {})
        if attempt.get("result") == "reached" and self._rng.random() < WRONG:
            return "wrong_number"
        return "reached" if attempt.get("lost") and self._rng.random() < TALKED else ""

    async def _say(self, command: p.Command) -> bool:
        """Until it is done or refused; a process that dies meanwhile has not answered."""
        for _ in range(PATIENCE):
            process = self._process()
            if process is not None:
                try:
                    if await process.hear(self._seat, command):
                        return True
                except Busy:
                    pass
                except ContactCenterError:
                    return False
            await self._sleep(0.5)
        return False


# --- what must hold ------------------------------------------------------------------------------------------


def outstanding(ground: Ground) -> bool:
    """Of those whose window has begun; who chose a later one is not called before."""
    return any(promise.state != "ended" and not _is_too_early(ground, promise) for promise in _promises(ground))


def _promises(ground: Ground) -> Iterable[CallbackView]:
    return ground.tables.promises.values()


def _is_too_early(ground: Ground, promise: CallbackView) -> bool:
    """He waits for the afternoon that he chose, and nobody has called him."""
    called = any(each["result"] != "called_in" for each in promise.attempts)
    return promise.state == "open" and promise.window_from > ground.clock.now() and not called


def violations(ground: Ground) -> Iterator[str]:
    """Each promise has its one outcome, each attempt one result, nobody two promises at once, and nothing is open."""
    tables, facts = ground.tables, list(ground.tables.facts.values())
    ends = Counter(fact.data["callback"] for fact in facts if fact.kind == "callback.ended")
    tried = Counter(fact.contact for fact in facts if fact.kind == "callback.attempted")
    early = {promise.contact for promise in _promises(ground) if _is_too_early(ground, promise)}
    yield from (f"{fact.contact} was dialled too early" for fact in facts
                if fact.kind == "callback.dialled" and fact.contact in early)  # fmt: skip
    for name, promise in tables.promises.items():
        if promise.contact in early:
            continue
        if promise.state != "ended" or not promise.outcome:
            yield f"callback {name} is {promise.state} after {len(promise.attempts)} attempts"
        elif ends[name] != 1:
            yield f"callback {name} has {ends[name]} outcomes"
        results = Counter(each["contact"] for each in promise.attempts if each["result"] != "called_in")
        yield from (f"attempt {contact} has {count} results" for contact, count in results.items() if count != 1)
    yield from (f"attempt {contact} was told {count} times" for contact, count in tried.items() if count != 1)
    yield from (f"{name} is a callback and {contact.state}" for name, contact in tables.contacts.items()
                if contact.medium == "callback" and contact.state != "ended" and name not in early)  # fmt: skip
    yield from _at_once(tables.promises.values())
    yield from _dialled_although_he_calls(ground)
    yield from _dialled_although_in_a_flow(ground)


def _dialled_although_he_calls(ground: Ground) -> Iterator[str]:
    """Customers who were called back while their own call, which found the promise outstanding, was in the house."""
    contacts = ground.tables.contacts
    calls = [each for each in contacts.values() if each.medium == "voice" and each.context.get("instead_of")]
    for fact in ground.tables.facts.values():
        if fact.kind == "callback.dialled":
            name = contacts[fact.contact].context.get("callback", fact.contact)
            yield from (
                f"{fact.contact} was dialled while {call.id} of its customer was in the house"
                for call in calls
                if call.context["instead_of"] == name and call.opened_at < fact.at < (call.ended_at or fact.at + 1)
            )


def _dialled_although_in_a_flow(ground: Ground) -> Iterator[str]:
    """Customers who were called back while their own call, of which a flow had told the house, was on the line."""
    tables = ground.tables
    held = [fact for fact in tables.facts.values() if fact.kind == "callback.held"]
    flows = [(fact, named) for fact in held if (named := handles.call_of(fact.data["call"])) is not None]
    for fact in tables.facts.values():
        if fact.kind == "callback.dialled":
            name = tables.contacts[fact.contact].context.get("callback", fact.contact)
            yield from (
                f"{fact.contact} was dialled while {named} of its customer was in a flow"
                for hold, named in flows
                if hold.data["callback"] == name and hold.at < fact.at < _left_at(tables.calls[named], hold.at)
            )


def _left_at(call: Any, since: int) -> int:
    """When its end was heard; after so long it holds nothing any more."""
    heard = msgspec.json.decode(call.life).get("released_at", since + IN_FLOW)
    return int(min(heard, since + IN_FLOW))


def _at_once(promises: Any) -> Iterator[str]:
    """Two promises to one number of one client that were outstanding at the same time."""
    last: dict[tuple[str, str], Any] = {}
    for promise in sorted(promises, key=lambda each: (each.requested_at, each.id)):
        before = last.get((promise.client, promise.number))
        if before is not None and (before.ended_at is None or before.ended_at > promise.requested_at):
            yield f"callbacks {before.id} and {promise.id} were outstanding at once"
        last[promise.client, promise.number] = promise


def told(ground: Ground) -> Counter[str]:
    """Outcomes, and results of attempts as `attempt: ...`."""
    promises = ground.tables.promises.values()
    return Counter(promise.outcome for promise in promises) + Counter(
        f"attempt: {each['result']}" for promise in promises for each in promise.attempts
    )
