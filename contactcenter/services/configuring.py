"""A provider's configuration: validated, compared, numbered, activated; the router hears of it as an event.

Versions are immutable (decisions row 12). YAML is how they come in and go out, Postgres is where they live.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from contactcenter.clock import Clock
from contactcenter.domain.configuration import Document
from contactcenter.domain.configuration_difference import difference
from contactcenter.domain.configuration_rules import check, warnings
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.domain.routing_config import routing_config
from contactcenter.errors import Conflict, Invalid, NotFound
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.ports import Bus, ChangeStore, ConfigurationStore
from routing.events import Configured


class ConfigurationChange(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was, or in a dry run would be, activated. `difference` has one line a change."""

    version: int
    applied: bool
    difference: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...] = ()


class Configuring:
    def __init__(self, *, store: ConfigurationStore, changes: ChangeStore, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._bus = bus
        self._clock = clock

    async def current(self, provider: str) -> tuple[int, Document]:
        """Raises NotFound before the first version."""
        found = await self._store.latest(provider)
        if found is None:
            raise NotFound(f"provider {provider} has no configuration yet")
        return found

    async def apply(
        self, provider: str, text: str, *, by: str, expected: int | None = None, dry_run: bool = False
    ) -> ConfigurationChange:
        """Validate and activate the next version; `provider` '' takes the document's own.

        Raises Invalid with every problem; Conflict `version` when `expected` is not the current version.
        """
        document = check(load_yaml(text))
        if provider and document.provider.id != provider:
            raise Invalid(f"this document is of {document.provider.id}", code="provider", field="provider.id")
        found = await self._store.latest(document.provider.id)
        version = found[0] if found else 0
        if expected is not None and expected != version:
            raise Conflict(f"version {version} is current, not {expected}", code="version", field="If-Match")
        lines = tuple(difference(found[1], document)) if found else ("first version",)
        told = tuple(msgspec.to_builtins(problem) for problem in warnings(document))
        if dry_run or not lines:
            return ConfigurationChange(version=version, applied=False, difference=lines, warnings=told)
        await self._activate(document, version + 1, by)
        return ConfigurationChange(version=version + 1, applied=True, difference=lines, warnings=told)

    async def _activate(self, document: Document, version: int, by: str) -> None:
        provider, now = document.provider.id, self._clock.now()
        await self._store.save(provider, version, document, by, now)
        event = Configured(routing_config(document, version))
        new = NewEvent(domain=provider, event=event, received_at=now, dedupe=f"configured:{version}")
        await self._changes.apply(Changes(events=[new]))
        await self._bus.publish("configuration", provider.encode())
        await self._bus.publish(f"domain:{provider}")
