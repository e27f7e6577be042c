"""The do-not-call list of each client: a listed number is never dialled, whoever asks for it (A04).

Listing ends what was promised to the number, unless it is being dialled in this moment: then that attempt is the last.
"""

from __future__ import annotations

from hashlib import blake2b

from contactcenter.clock import Clock, Micros
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import is_withheld, phone
from contactcenter.errors import Invalid, NotFound
from contactcenter.services.callback_cancelling import cancelling
from contactcenter.services.changes import Changes, Unwanted, WantedAgain
from contactcenter.services.commands import again
from contactcenter.services.ports import Bus, ChangeStore, DoorReads
from contactcenter.services.views import Scope, UnwantedView


class DoNotCallList:
    def __init__(self, *, reads: DoorReads, store: ChangeStore, bus: Bus, clock: Clock) -> None:
        self._reads = reads
        self._store = store
        self._bus = bus
        self._clock = clock

    async def listed(self, scope: Scope, *, limit: int, after: str = "") -> list[UnwantedView]:
        return await self._reads.all_unwanted(scope, limit=limit, after=after)

    async def add(
        self, scope: Scope, directory: Directory, *, client: str, number: str, by: str, reason: str
    ) -> UnwantedView:
        """The entry, the first one where it was listed before. Raises Invalid `number`, NotFound `unknown_client`."""
        client = own_client(scope, directory, client)
        plain = readable(number)

        async def attempt() -> None:
            now = self._clock.now()
            changes = await listing(
                self._reads, provider=scope.provider, client=client, number=plain, by=by, reason=reason, now=now
            )
            await self._store.apply(changes)
            if changes.events:
                await self._bus.publish(f"domain:{scope.provider}")

        await again(attempt)
        found = await self._reads.unwanted(client, plain)
        if found is None:
            raise NotFound(f"{plain} was taken off the list again", code="not_listed", field="number")
        return found

    async def remove(self, scope: Scope, directory: Directory, *, client: str, number: str, by: str) -> UnwantedView:
        """What stood there. Raises NotFound `not_listed`."""
        client = own_client(scope, directory, client)
        plain = readable(number)
        found = await self._reads.unwanted(client, plain)
        if found is None:
            raise NotFound("this number is not on the list", code="not_listed", field="number")
        fact = _fact("number.wanted_again", found, self._clock.now(), by)
        await self._store.apply(Changes(wanted_again=[WantedAgain(client, plain)], facts=[fact]))
        return found


async def listing(
    reads: DoorReads, *, provider: str, client: str, number: str, by: str, reason: str, now: Micros
) -> Changes:
    """The entry with its fact, and the end of what was promised to the number."""
    entry = Unwanted(client=client, number=number, provider=provider, added_at=now, added_by=by, reason=reason)
    changes = Changes()
    outstanding = await reads.outstanding_callback(client, number)
    if outstanding is not None:
        ending = await cancelling(reads, outstanding, by=by, now=now, outcome="do_not_call")
        changes = ending.changes or changes
    changes.unwanted.append(entry)
    if await reads.unwanted(client, number) is None:
        changes.facts.append(_fact("number.unwanted", entry, now, by))
    return changes


def own_client(scope: Scope, directory: Directory, client: str) -> str:
    """The asker's own client; the provider's people name one. Raises Invalid `client`, NotFound `unknown_client`."""
    if scope.client and client not in ("", scope.client):
        raise NotFound(f"there is no client {client!r}", code="unknown_client", field="client")
    if not (scope.client or client):
        raise Invalid("name the client whose list it is", code="client", field="client")
    return directory.client(scope.client or client).id


def readable(number: str) -> str:
    """In the one spelling. Raises Invalid `number`."""
    plain = phone(number)
    if is_withheld(plain):
        raise Invalid("number is a telephone number, such as +8613900000000", code="number", field="number")
    return plain


def _fact(kind: str, entry: Unwanted | UnwantedView, now: Micros, by: str) -> Fact:
    """Without the number: facts are read by more people than the list."""
    return Fact(
        id=f"{kind}:{entry.client}:{blake2b(entry.number.encode(), digest_size=8).hexdigest()}:{now}",
        at=now,
        kind=kind,
        provider=entry.provider,
        client=entry.client,
        data={"by": by, "reason": entry.reason},
    )
