"""Everything that leaves: which process sends what, over which connection, and where webhooks go."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import aiohttp

from channels.port import ChannelDown, PostWebhook, Sender
from channels.webhook.send import Endpoint, WebhookSender
from contactcenter.clock import system_chance
from contactcenter.errors import Misconfigured
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.dead_letters import DeadLetters
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import load as load_secrets
from contactcenter.workers.delivery import Delivery
from contactcenter.workers.outbox import Outbox
from contactcenter.workers.supervisor import Supervisor
from contactcenter.workers.tenure import Tenure, Tenures, Work
from contactcenter.workers.webhook_feed import WebhookFeed

SENT_BY = {"mail": "worker", "webhook": "worker", "phone": "phone"}
"""Which role sends a kind; of the processes of role `phone` the one that owns the source's connection (row 5)."""


def phone_connections(core: Core, work_of: Callable[[str], Work | None]) -> Tenures:
    """Which phone sources' connections this process owns, and what it does as their owner; none without the role."""
    mine = "phone" in core.settings.roles
    return Tenures(core.directories.sources if mine else list, _tenure_of(core, work_of), core.clock)


def run_outbound(
    core: Core,
    supervisor: Supervisor,
    *,
    senders: Mapping[str, Sender],
    connections: Tenures,
    registry: Registry,
) -> None:
    """Start what this process's roles send."""
    mine = {kind: sender for kind, sender in senders.items() if SENT_BY[kind] in core.settings.roles}
    if not mine:
        return
    if "phone" in mine:
        supervisor.run("connections", connections.run)
    supervisor.run("outbox", _outbox(core, mine, connections, registry).run)
    if "webhook" in mine:
        feed = WebhookFeed(
            webhooks=core.webhooks,
            store=core.stores.webhooks,
            bus=core.bus,
            clock=core.clock,
            providers=lambda: core.directories.providers,
        )
        supervisor.run("webhooks", feed.run)


def _outbox(core: Core, senders: Mapping[str, Sender], connections: Tenures, registry: Registry) -> Outbox:
    async def knows_call(source: str, call: str) -> bool:
        return await core.reads.call(source, call) is not None

    dead = DeadLetters(
        store=core.stores.outbox,
        changes=core.stores.changes,
        bus=core.bus,
        clock=core.clock,
        ids=core.ids,
        counted=lambda kind: registry.outbox_dead.labels(kind).inc(),
    )
    delivery = Delivery(
        store=core.stores.outbox,
        senders=senders,
        clock=core.clock,
        chance=system_chance,
        bury=dead.bury,
        knows_call=knows_call,
        owns=connections.holds,
    )
    return Outbox(
        store=core.stores.outbox,
        delivery=delivery,
        bus=core.bus,
        clock=core.clock,
        kinds=tuple(senders),
        sources=connections.ours,
    )


def _tenure_of(core: Core, work_of: Callable[[str], Work | None]) -> Callable[[str], Tenure]:
    def make(source: str) -> Tenure:
        return Tenure(
            source,
            store=core.stores.leases,
            owner=core.node,
            ttl_s=core.settings.lease_s,
            clock=core.clock,
            work=work_of(source),
        )

    return make


def webhook_sender(core: Core, session: aiohttp.ClientSession) -> Sender:
    """Addresses and secrets are looked up at each sending: a configuration that was just applied is heard at once."""

    def endpoint_of(provider: str, name: str) -> Endpoint | None:
        found = next((each for each in core.webhooks.of(provider) if each.id == name), None)
        return None if found is None else Endpoint(found.url, _secrets(core, f"{provider}/{found.secret or name}"))

    async def gone(sent: PostWebhook, url: str) -> None:
        await core.webhooks.gone(sent, url, core.clock.now())

    return WebhookSender(
        session=session,
        endpoint_of=endpoint_of,
        gone=gone,
        now=core.clock.now,
        private=core.settings.webhook_private,
    )


def _secrets(core: Core, name: str) -> list[str]:
    """From the file; a webhook that is new since the start gets its secret now."""
    if name not in core.secrets.outgoing:
        try:
            core.secrets = load_secrets(core.settings.data_dir, core.directories.sources("standard"), core.ids, [name])
        except Misconfigured as problem:
            raise ChannelDown(f"there is no secret {name}: {problem}") from problem
    return core.secrets.outgoing[name]
