"""The alarm of a call that lasts long (B23): longer than its line's configuration allows, counted from the answer.

One fact for each call, at the instant at which it crossed the bound, so that it is never two, whichever process looks.
The supervisors of the client are told when it is found; after a takeover nobody is told again.
"""

from __future__ import annotations

from contactcenter.clock import SECOND, Micros
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Changes
from contactcenter.services.notices import Notices
from contactcenter.services.office import Office
from contactcenter.services.seats import public_number
from contactcenter.services.views import ContactView, Scope


class LongCalls:
    """Of every provider whose queue this process owns."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._notices = Notices(office)
        self._told: dict[str, set[str]] = {}

    def forget(self, provider: str) -> None:
        """Another process looks after it now."""
        self._told.pop(provider, None)

    async def look(self, provider: str) -> None:
        """Find the calls beyond their bound that were not told yet; each is a fact and a notice."""
        now, directory = self._office.clock.now(), self._office.directory(provider)
        talks = await self._office.reads.long_talks(Scope(provider), now - _least(directory) * SECOND)
        late = [talk for talk in talks if _crossed_at(directory, talk) <= now]
        before = self._told.get(provider, set())
        fresh = [talk for talk in late if talk.id not in before and not await self._is_known(talk)]
        if fresh:
            await self._office.store.apply(Changes(facts=[_fact(directory, talk) for talk in fresh]))
        self._told[provider] = {talk.id for talk in late}
        for talk in fresh:
            await self._notices.tell_supervisors(
                provider,
                talk.client,
                "long_call",
                at=now,
                contact=talk.id,
                number=public_number(directory, talk.owner),
                minutes=(now - (talk.answered_at or now)) // (60 * SECOND),
            )

    async def _is_known(self, talk: ContactView) -> bool:
        facts = await self._office.reads.facts_of_contact(Scope(talk.provider, talk.client), talk.id)
        return any(fact.kind == "call.long" for fact in facts)


def alarm_s(directory: Directory, door: str) -> int:
    """Seconds: the line's own bound, else that of all lines."""
    line = directory.line(door)
    own = line.long_call_alarm_s if line else None
    return own or directory.document.cases.long_call_alarm_s


def _least(directory: Directory) -> int:
    own = [line.long_call_alarm_s for line in directory.document.lines if line.long_call_alarm_s]
    return min([directory.document.cases.long_call_alarm_s, *own])


def _crossed_at(directory: Directory, talk: ContactView) -> Micros:
    return (talk.answered_at or 0) + alarm_s(directory, talk.door) * SECOND


def _fact(directory: Directory, talk: ContactView) -> Fact:
    return Fact(
        id=f"{talk.id}:call.long",
        at=_crossed_at(directory, talk),
        kind="call.long",
        provider=talk.provider,
        client=talk.client,
        contact=talk.id,
        case=talk.case,
        customer=talk.customer,
        agent=talk.owner,
        data={"line": talk.door, "since": talk.answered_at, "alarm_s": alarm_s(directory, talk.door)},
    )
