"""Facts for those who subscribed: who hears which, and what exactly he is told (I7, C18).

A service's facts become sendings in the statement that writes them (`Subscribed`, around the store): nothing can be
skipped, and without a subscriber nothing is added. A router's facts are read from its gapless log by a worker
(`workers/webhook_feed.py`), so that no batch waits for subscribers. Both give a message the same id for the same
fact and webhook, and the outbox keeps an id once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from channels.port import PostWebhook
from contactcenter.clock import Clock, Micros, rfc3339
from contactcenter.domain.configuration import Webhook
from contactcenter.domain.facts import Fact
from contactcenter.domain.webhook_rules import hears
from contactcenter.errors import NotFound
from contactcenter.services.changes import Applied, Changes, Outgoing
from contactcenter.services.directories import Directories
from contactcenter.services.ports import Bus, ChangeStore, WebhookStore
from contactcenter.services.privacy import mask_deep
from contactcenter.services.views import FirstReceipt, WebhookStop


class Webhooks:
    """The subscriptions of every provider, as its configuration in force has them, without those that are stopped."""

    def __init__(self, directories: Directories, store: WebhookStore) -> None:
        self._directories = directories
        self._store = store
        self._stopped: dict[tuple[str, str], str] = {}

    async def refresh(self) -> None:
        """Read which receivers want no more: another process may have heard it, or an operator lifted it."""
        self._stopped = {(stop.provider, stop.webhook): stop.url for stop in await self._store.stops()}

    def of(self, provider: str) -> list[Webhook]:
        """Those to whom something is sent. A stop is about an address: a changed one is tried."""
        return [each for each in self.configured(provider) if self._stopped.get((provider, each.id)) != each.url]

    def configured(self, provider: str) -> tuple[Webhook, ...]:
        try:
            return self._directories.of(provider).document.webhooks
        except NotFound:
            return ()

    def secret_names(self) -> list[str]:
        """`<provider>/<secret>` of every webhook there is."""
        return [
            f"{provider}/{each.secret or each.id}"
            for provider in self._directories.providers
            for each in self.configured(provider)
        ]

    def named(self, provider: str, webhook: str) -> Webhook | None:
        return next((each for each in self.configured(provider) if each.id == webhook), None)

    async def gone(self, sent: PostWebhook, url: str, now: Micros) -> None:
        """The receiver answered 410."""
        stop = WebhookStop(provider=sent.provider, webhook=sent.webhook, url=url, reason="410 Gone", at=now)
        await self._store.stop(stop)
        self._stopped[stop.provider, stop.webhook] = url

    async def resume(self, provider: str, webhook: str) -> None:
        """Facts from now on are sent again; what was given up meanwhile waits among the dead letters."""
        await self._store.resume(provider, webhook)
        self._stopped.pop((provider, webhook), None)

    def sendings(self, facts: Sequence[Fact], now: Micros) -> list[Outgoing]:
        """One for each fact and subscriber."""
        return [
            _outgoing(webhook, fact, now)
            for fact in facts
            for webhook in self.of(fact.provider)
            if hears(webhook, fact)
        ]


def told(webhook: Webhook, fact: Fact) -> dict[str, Any]:
    """What is posted. `id`, `seq` and `at` are the fact's: messages may come in any order, and twice."""
    return {
        "type": fact.kind,
        "timestamp": rfc3339(fact.at),
        "id": fact.id,
        "seq": fact.seq,
        "v": fact.v,
        "provider": fact.provider,
        "client": fact.client,
        "contact": fact.contact,
        "case": fact.case,
        "customer": fact.customer,
        "agent": fact.agent,
        "masked": not webhook.personal_data,
        "data": fact.data if webhook.personal_data else mask_deep(fact.data),
    }


def message_id(webhook: Webhook, fact: Fact) -> str:
    """The same for every repeat. Standard Webhooks wants no dots in it."""
    named = "\n".join((fact.provider, webhook.id, fact.id)).encode()
    return f"wm_{blake2b(named, digest_size=16).hexdigest()}"


def _outgoing(webhook: Webhook, fact: Fact, now: Micros) -> Outgoing:
    name = message_id(webhook, fact)
    return Outgoing(
        id=name,
        kind="webhook",
        provider=fact.provider,
        client=fact.client,
        contact=fact.contact,
        payload=PostWebhook(id=name, provider=fact.provider, webhook=webhook.id, body=told(webhook, fact)),
        created_at=now,
        next_at=now,
    )


class Subscribed:
    """A ChangeStore whose facts reach their subscribers: the sendings are part of the same transaction."""

    def __init__(self, store: ChangeStore, *, webhooks: Webhooks, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._webhooks = webhooks
        self._bus = bus
        self._clock = clock

    async def apply(self, changes: Changes) -> Applied:
        own = [fact for fact in changes.facts if fact.seq is None]
        sendings = self._webhooks.sendings(own, self._clock.now()) if own else []
        if not sendings:
            return await self._store.apply(changes)
        done = await self._store.apply(replace(changes, outbox=[*changes.outbox, *sendings]))
        await self._bus.publish("outbox")
        return done

    def waiting(self) -> tuple[int, float]:
        return self._store.waiting()

    async def first_receipt(self, source: str, external_id: str) -> FirstReceipt | None:
        return await self._store.first_receipt(source, external_id)

    async def next_number(self, client: str, name: str) -> int:
        return await self._store.next_number(client, name)
