"""The long-lived parts of a process, by its roles: routers, senders, timers, alarms, housekeeping."""

from __future__ import annotations

from functools import partial

import msgspec

from contactcenter.errors import NotFound
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.notices import Notices
from contactcenter.services.queue_ages import QueueAges
from contactcenter.services.seats import public_number
from contactcenter.services.takeover import Takeover
from contactcenter.wiring.core import Core
from contactcenter.wiring.desk import Desks
from contactcenter.wiring.doors import Doors
from contactcenter.wiring.firing import firing
from contactcenter.wiring.housekeeping import hear_configuration, keep_partitions
from contactcenter.workers.alarms import Alarms, Tell
from contactcenter.workers.outbox import Outbox
from contactcenter.workers.queue_watch import QueueWatch
from contactcenter.workers.router import Observer, Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from contactcenter.workers.timers import Timers
from routing.effects import AnyEffect, Missed, Staffing

SENT_BY = {"mail": "worker", "phone": "phone"}
"""Which role sends a kind: phone commands stay with the process whose feed the platform polls (decisions row 5)."""


def build_routers(core: Core, registry: Registry, alarms: Alarms) -> list[Router]:
    """One for every provider; which process owns which is the store's lease to say."""
    if "router" not in core.settings.roles:
        return []
    takeover = Takeover(core.stores.routing, core.stores.configuration)
    mine = RouterSettings(owner=core.node, batch=core.settings.batch, lease_s=core.settings.lease_s)
    return [
        Router(
            domain=provider,
            store=core.stores.routing,
            bus=core.bus,
            clock=core.clock,
            takeover=takeover,
            settings=mine,
            observe=_watching(core, provider, registry, alarms),
        )
        for provider in core.directories.providers
    ]


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


def run_parts(
    core: Core,
    supervisor: Supervisor,
    *,
    routers: list[Router],
    alarms: Alarms,
    doors: Doors,
    desks: Desks,
    registry: Registry,
) -> None:
    """Start everything that this process's roles ask for."""
    if core.redis is not None:
        supervisor.run("bus", core.redis.run)
    supervisor.run("replies", core.replies.run)
    supervisor.run("configuration", lambda: hear_configuration(core))
    supervisor.run("alarms", alarms.run)
    for router in routers:
        supervisor.run(f"router {router.domain}", router.run)
    if routers:
        ages = QueueAges(core.office)
        supervisor.run("queue ages", QueueWatch(routers, look=ages.look, forget=ages.forget, clock=core.clock).run)
    if "api" in core.settings.roles:
        supervisor.run("chat", doors.chat.run)
    if {"worker", "phone"} & set(core.settings.roles):
        supervisor.run("outbox", _outbox(core, doors, registry).run)
    if "phone" in core.settings.roles:
        for name, reconciler in doors.twilio.reconcilers.items():
            supervisor.run(f"twilio {name}", partial(reconciler.run, core.clock.sleep))
    if "worker" in core.settings.roles:
        supervisor.run("timers", Timers(store=core.stores.timers, handle=firing(core, desks), clock=core.clock).run)
        supervisor.run("partitions", lambda: keep_partitions(core))


def _outbox(core: Core, doors: Doors, registry: Registry) -> Outbox:
    return Outbox(
        store=core.stores.outbox,
        changes=core.stores.changes,
        bus=core.bus,
        senders={kind: sender for kind, sender in doors.senders.items() if SENT_BY[kind] in core.settings.roles},
        clock=core.clock,
        ids=core.ids,
        dead=lambda kind: registry.outbox_dead.labels(kind).inc(),
    )


def supervisors_words(core: Core) -> Tell:
    """Missed offers and unstaffed seats, to the supervisors of the client's lease (I3, I7)."""
    notices = Notices(core.office)

    async def tell(provider: str, effect: AnyEffect) -> None:
        directory, at = core.directories.of(provider), core.clock.now()
        try:
            if isinstance(effect, Missed):
                client = directory.lease(directory.agent(effect.agent).lease).client
                number = public_number(directory, effect.agent)
                await notices.tell_supervisors(provider, client, "missed_twice", at=at, number=number)
            elif isinstance(effect, Staffing) and effect.staffed < effect.lines:
                client = directory.lease(effect.lease).client
                counts: dict[str, str | int] = {"lease": effect.lease, "staffed": effect.staffed, "lines": effect.lines}
                await notices.tell_supervisors(provider, client, "unstaffed", at=at, contact="", **counts)
        except NotFound:
            return

    return tell
