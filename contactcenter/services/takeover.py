"""How a router starts: from rows, the same way after a clean stop, a crash or a lost lease.

The state is restored from a snapshot value and the snapshot is kept beside the log, so that a replay starts
from exactly what the router started from (decisions row 11). Contacts that intake opened and no router has
seen wait as `Arrived` events in the log: they need nothing here.
"""

from __future__ import annotations

import msgspec

from contactcenter.domain.routing_config import routing_config
from contactcenter.errors import Misconfigured
from contactcenter.services.dispatch import Dispatch
from contactcenter.services.ports import ConfigurationStore, RoutingStore
from contactcenter.services.views import Loaded, Ownership, SnapshotMark
from routing.decide import recover
from routing.model import Snapshot
from routing.state import State


class Takeover:
    def __init__(self, store: RoutingStore, configurations: ConfigurationStore) -> None:
        self._store = store
        self._configurations = configurations

    async def begin(self, domain: str, ownership: Ownership, now: int) -> Dispatch:
        """Read the domain, keep its snapshot, and decide what the gap itself decided (offers that ran out)."""
        loaded = await self._store.load(domain)
        snapshot = await self._snapshot(domain, loaded, ownership, now)
        encoded = msgspec.json.encode(snapshot)
        await self._store.save_snapshot(domain, SnapshotMark(ownership.last_seq, ownership.epoch, now), encoded)
        dispatch = self._dispatch(domain, snapshot, loaded, ownership)
        dispatch.recovered(recover(dispatch.state, now), now)
        return dispatch

    async def again(self, domain: str, ownership: Ownership, now: int) -> Dispatch:
        """The domain as its rows have it, after a batch failed: to write down which event is set aside.

        `ownership` says where the log stands now.
        """
        loaded = await self._store.load(domain)
        snapshot = await self._snapshot(domain, loaded, ownership, now)
        return self._dispatch(domain, snapshot, loaded, ownership)

    async def _snapshot(self, domain: str, loaded: Loaded, ownership: Ownership, now: int) -> Snapshot:
        found = await self._configurations.latest(domain)
        if found is None:
            raise Misconfigured(f"provider {domain} has no configuration: contactcenter config apply FILE")
        version, document = found
        return Snapshot(
            config=routing_config(document, version),
            now=now,
            arrivals=ownership.arrivals,
            records=tuple(sorted((record for record, _ in loaded.records), key=lambda record: record.contact.id)),
            presences=tuple(sorted(loaded.presences, key=lambda presence: presence.agent)),
        )

    def _dispatch(self, domain: str, snapshot: Snapshot, loaded: Loaded, ownership: Ownership) -> Dispatch:
        return Dispatch(domain=domain, state=State.restore(snapshot), loaded=loaded, ownership=ownership)
