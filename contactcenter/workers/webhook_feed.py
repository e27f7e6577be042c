"""Turns what the routers decided into webhooks, behind their batches: no decision waits for a subscriber.

A domain's log is gapless and commits in its order, so a number is a safe place to go on from; moving it and queueing
the sendings is one transaction. Several processes may run this: the one that is faster moves the number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from contactcenter.clock import Clock
from contactcenter.errors import ContactCenterError
from contactcenter.services.ports import Bus, Subscription, WebhookStore
from contactcenter.services.webhooks import Webhooks

log = logging.getLogger(__name__)
POLL_S: Final = 1.0
REST_S: Final = 0.1
"""Between two looks: what a busy router commits meanwhile is read together."""
PAGE: Final = 500
"""Decisions read at once."""


class WebhookFeed:
    """`run` is a part for the supervisor."""

    def __init__(
        self,
        *,
        webhooks: Webhooks,
        store: WebhookStore,
        bus: Bus,
        clock: Clock,
        providers: Callable[[], Sequence[str]],
    ) -> None:
        self._webhooks = webhooks
        self._store = store
        self._bus = bus
        self._clock = clock
        self._providers = providers
        self._silent: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        topics = [f"live:{provider}" for provider in self._providers()]
        self._bus.on_gap(self._wake.set)
        async with self._bus.subscribe("configuration", *topics) as hints, asyncio.TaskGroup() as group:
            group.create_task(self._hear(hints))
            while True:
                self._wake.clear()
                await self.round()
                await self._clock.sleep(REST_S)
                await self._pause()

    async def _hear(self, hints: Subscription) -> None:
        async for _ in hints:
            self._wake.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return

    async def round(self) -> int:
        """Hand over everything that was decided until now; how many sendings that made."""
        made = 0
        for provider in self._providers():
            try:
                made += await self._follow(provider)
            except ContactCenterError as problem:
                log.warning("domain %s: its facts are not read for webhooks: %s", provider, problem)
        if made:
            await self._bus.publish("outbox")
        return made

    async def _follow(self, provider: str) -> int:
        if not self._webhooks.of(provider):
            await self._fall_silent(provider)
            return 0
        self._silent.discard(provider)
        now, made = self._clock.now(), 0
        after = await self._store.begin(provider, now)
        while (stretch := await self._store.decided(provider, after, PAGE)).through > after:
            rows = self._webhooks.sendings(stretch.facts, now)
            if not await self._store.hand_over(provider, after=after, through=stretch.through, rows=rows, now=now):
                break
            made += len(rows)
            after = stretch.through
        return made

    async def _fall_silent(self, provider: str) -> None:
        """Who subscribes later shall not be told what happened while nobody listened."""
        if provider not in self._silent:
            await self._store.forget(provider)
            self._silent.add(provider)
