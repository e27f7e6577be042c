"""The routers of a process, and what is counted of their decisions and takeovers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from contactcenter.metrics.prometheus import Registry
from contactcenter.services.shares import Shares
from contactcenter.services.takeover import Takeover, TookOver
from contactcenter.wiring.core import Core
from contactcenter.workers.alarms import Alarms
from contactcenter.workers.fleet import Fleet
from contactcenter.workers.router import Observer, Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from routing.effects import AnyEffect


def build_routers(core: Core, supervisor: Supervisor, registry: Registry, alarms: Alarms) -> Fleet | None:
    """One for every provider, also for those that come later; None where the role is not asked for."""
    if "router" not in core.settings.roles:
        return None
    takeover = Takeover(core.stores.routing, core.stores.configuration, clock=core.clock)
    shares = Shares(core.node, core.clock, core.settings.lease_s)
    mine = RouterSettings(
        owner=core.node,
        batch=core.settings.batch,
        lease_s=core.settings.lease_s,
        share=shares,
        told=_counting(registry),
    )

    def build(provider: str) -> Router:
        return Router(
            domain=provider,
            store=core.stores.routing,
            bus=core.bus,
            clock=core.clock,
            takeover=takeover,
            settings=mine,
            observe=_watching(core, provider, registry, alarms),
        )

    return Fleet(
        core.stores.nodes,
        core.clock,
        shares=shares,
        lease_s=core.settings.lease_s,
        build=build,
        start=supervisor.run,
    )


def _counting(registry: Registry) -> Callable[[str, TookOver | None], None]:
    def told(domain: str, how: TookOver | None) -> None:
        if how is None:
            registry.leases_lost.inc()
        else:
            registry.takeovers.labels(how.why).inc()
            registry.takeover_seconds.observe(how.took_s)

    return told


def _watching(core: Core, provider: str, registry: Registry, alarms: Alarms) -> Observer:
    def committed(effects: list[AnyEffect], seconds: float, events: int) -> None:
        registry.batch(events=events, seconds=seconds)
        for effect in effects:
            told = msgspec.to_builtins(effect)
            client = core.directories.client_of_lease(provider, told.get("lease", ""))
            known = {name: told.get(name, "") for name in ("outcome", "what", "reason", "answer")}
            registry.effect(told["kind"], client=client, **known)
        alarms.heard(provider, effects)

    return committed
