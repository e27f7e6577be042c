"""What we believe of a platform's calls, for whoever compares it with what is there: after a gap and every minute.

A call that we dialled is looked for from a minute on: until then its command may be under way.
"""

from __future__ import annotations

from typing import Final

from contactcenter.clock import SECOND, Clock, Micros
from contactcenter.services import handles
from contactcenter.services.callback_attempts import source_of
from contactcenter.services.directories import Directories
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import DeskView, Scope

UNDER_WAY: Final = 60 * SECOND
Ring = tuple[str, str, str]
"""A device, the call and the offer for which it may ring."""


class PhoneSurvey:
    """One source's."""

    def __init__(self, source: str, *, reads: DoorReads, directories: Directories, clock: Clock) -> None:
        self._source = source
        self._reads = reads
        self._directories = directories
        self._clock = clock

    async def dialled(self) -> list[str]:
        """The calls that we made through this source and of whose end nothing was heard."""
        provider = self._directories.source_provider(self._source)
        if not provider:
            return []
        directory = self._directories.of(provider)
        found = await self._reads.dialling(provider, self._clock.now() - UNDER_WAY)
        return [handles.dialled_call(each.id) for each in found if source_of(directory, each) == self._source]

    async def there(self) -> list[str]:
        """The calls of callers who may still be there, as far as was heard: not those that we made."""
        return [each.call for each in await self._reads.open_calls(self._source) if not each.gone]

    async def customer(self, call: str) -> tuple[str, Micros]:
        """Whom a call that we made is for, and since when it can have been made; ('', 0) for one of no contact."""
        provider = self._directories.source_provider(self._source)
        contact = await self._reads.contact(Scope(provider), handles.dialled_contact(call))
        return (contact.address, contact.opened_at) if contact else ("", 0)

    async def ringing(self) -> tuple[frozenset[str], list[Ring]]:
        """All devices of the provider's agents, and those that may ring now: for an offer, or for a callback."""
        provider = self._directories.source_provider(self._source)
        if not provider:
            return frozenset(), []
        agents = self._directories.of(provider).document.agents
        desks = await self._reads.desks([(provider, agent.id) for agent in agents])
        signed_in = [desk for desk in desks.values() if desk.presence.device]
        devices = {agent.device for agent in agents} | {desk.presence.device for desk in signed_in}
        rings = [ring for desk in signed_in for ring in await self._rings(provider, desk)]
        return frozenset(devices - {""}), rings

    async def _rings(self, provider: str, desk: DeskView) -> list[Ring]:
        device, found = desk.presence.device, []
        for offer in desk.offers:
            contact = await self._reads.contact(Scope(provider), offer.contact)
            if contact is not None and contact.medium == "voice":
                found.append((device, contact.external_id, offer.id))
        dialling = (each.id for each in desk.contacts if each.medium == "callback" and each.state == "active")
        return found + [(device, handles.dialled_call(name), f"{name}/dial") for name in dialling]
