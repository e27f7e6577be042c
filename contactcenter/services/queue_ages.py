"""The alarm of a queue that grows old (B06): when the first of a view waits longer than the configuration allows.

Told once when the age crosses the bound and again only after it was below it. Who has crossed is known to the process
that routes the provider: after a takeover an old queue is told once more, which is better than not at all.
"""

from __future__ import annotations

from typing import Final

from contactcenter.clock import SECOND, Micros
from contactcenter.domain.configuration import Document
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.errors import NotFound
from contactcenter.services.changes import Changes
from contactcenter.services.notices import Notices
from contactcenter.services.office import Office
from contactcenter.services.views import QueueLine, Scope
from contactcenter.services.wording import in_language

IN_PERSON: Final = ("voice", "chat")
Key = tuple[str, str, str]
"""(client, view, medium)."""


class QueueAges:
    """What has crossed the bound, of every provider whose queue this process owns."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._notices = Notices(office)
        self._crossed: dict[str, set[Key]] = {}

    def forget(self, provider: str) -> None:
        """Another process looks after it now."""
        self._crossed.pop(provider, None)

    async def look(self, provider: str) -> None:
        """Compare each queue with its bound; a crossing is a fact and a notice, the way back a fact."""
        now, directory = self._office.clock.now(), self._office.directory(provider)
        lines = await self._office.reads.queue_lines(Scope(provider), now)
        bounds = {line.medium: alarm_s(directory.document, line.medium) for line in lines}
        old = {_key(line): line for line in lines if line.oldest_wait_s >= bounds[line.medium]}
        before = self._crossed.get(provider, set())
        fresh = [line for key, line in old.items() if key not in before]
        facts = [_aged(provider, line, bounds[line.medium], now) for line in fresh]
        facts += [_recovered(provider, key, now) for key in sorted(before - old.keys())]
        if facts:
            await self._office.store.apply(Changes(facts=facts))
        self._crossed[provider] = set(old)
        for line in fresh:
            await self._tell(provider, directory, line, now)

    async def _tell(self, provider: str, directory: Directory, line: QueueLine, now: Micros) -> None:
        """Supervisors of the client's own lease, in the words of their floor."""
        await self._notices.tell_supervisors(
            provider,
            line.client,
            "queue_age",
            at=now,
            view=_view_name(directory, line),
            minutes=int(line.oldest_wait_s // 60),
            waiting=line.waiting - line.held + line.offered,
        )


def alarm_s(document: Document, medium: str) -> int:
    """Seconds. A mail or a callback is promised for later: it is not old before that promise is due."""
    bound = document.cases.queue_age_alarm_s
    if medium in IN_PERSON:
        return bound
    return max([bound, *(rules.first_reply_s for rules in document.media if rules.medium == medium)])


def _key(line: QueueLine) -> Key:
    return line.client, line.view, line.medium


def _view_name(directory: Directory, line: QueueLine) -> str:
    """As the client's language has it; the id of a view that this version does not know any more."""
    try:
        view, client = directory.view(line.view), directory.client(line.client)
        return in_language(view.name, client.default_language)
    except NotFound:
        return line.view


def _aged(provider: str, line: QueueLine, bound_s: int, now: Micros) -> Fact:
    data = {
        "view": line.view,
        "medium": line.medium,
        "oldest_s": round(line.oldest_wait_s),
        "alarm_s": bound_s,
        "since": now - round(line.oldest_wait_s * SECOND),
    }
    return _fact("queue.aged", provider, _key(line), now, data)


def _recovered(provider: str, key: Key, now: Micros) -> Fact:
    return _fact("queue.recovered", provider, key, now, {"view": key[1], "medium": key[2]})


def _fact(kind: str, provider: str, key: Key, now: Micros, data: dict[str, object]) -> Fact:
    client, view, medium = key
    return Fact(
        id=f"{kind}:{client}:{view}:{medium}:{now}",
        at=now,
        kind=kind,
        provider=provider,
        client=client,
        data=data,
    )
