"""The long-lived parts of a process, by its roles: routers, senders, timers, alarms, housekeeping."""

from __future__ import annotations

from functools import partial

from contactcenter.errors import NotFound
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.long_calls import LongCalls
from contactcenter.services.notices import Notices
from contactcenter.services.queue_ages import QueueAges
from contactcenter.services.seats import public_number
from contactcenter.services.staffing import SeatsLeft
from contactcenter.services.stuck import Reaping
from contactcenter.wiring.core import Core
from contactcenter.wiring.desk import Desks
from contactcenter.wiring.doors import Doors
from contactcenter.wiring.firing import firing
from contactcenter.wiring.housekeeping import (
    hear_configuration,
    keep_large_pages,
    keep_no_longer,
    keep_partitions,
    know_promised_callbacks,
    watch_backlog,
)
from contactcenter.wiring.outbound import run_outbound
from contactcenter.workers.alarms import Alarms, Tell
from contactcenter.workers.fleet import Fleet
from contactcenter.workers.queue_watch import QueueWatch
from contactcenter.workers.reaper import Reaper
from contactcenter.workers.supervisor import Supervisor
from contactcenter.workers.timers import Timers
from routing.effects import AnyEffect, Missed, Staffing


def run_parts(
    core: Core,
    supervisor: Supervisor,
    *,
    routers: Fleet | None,
    alarms: Alarms,
    doors: Doors,
    desks: Desks,
    registry: Registry,
) -> None:
    """Start everything that this process's roles ask for."""
    if core.shared_bus is not None:
        supervisor.run("bus", core.shared_bus.run)
    supervisor.run("replies", core.replies.run)
    supervisor.run("configuration", lambda: hear_configuration(core))
    supervisor.run("alarms", alarms.run)
    if routers is not None:
        supervisor.run("routers", routers.run)
        supervisor.run("large pages", lambda: keep_large_pages(core))
        watches: dict[str, QueueAges | LongCalls] = {
            "queue ages": QueueAges(core.office),
            "long calls": LongCalls(core.office),
        }
        for name, seen in watches.items():
            supervisor.run(name, QueueWatch(routers, look=seen.look, forget=seen.forget, clock=core.clock).run)
    if {"api", "phone"} & set(core.settings.roles):
        core.admission.heard = lambda channel: registry.refused_overload.labels(channel).inc()
        supervisor.run("backlog", watch_backlog(core).run)
        supervisor.run("promised callbacks", lambda: know_promised_callbacks(core))
    if "gateway" in core.settings.roles:
        supervisor.run("desks", desks.gateway.run)
    if {"gateway", "worker"} & set(core.settings.roles):
        supervisor.run("gateways", desks.watch.run)
    if "api" in core.settings.roles:
        supervisor.run("chat", doors.chat.run)
    run_outbound(core, supervisor, senders=doors.senders, connections=doors.connections, registry=registry)
    if "phone" in core.settings.roles:
        for name, reconciler in doors.twilio.reconcilers.items():
            supervisor.run(f"twilio {name}", partial(reconciler.run, core.clock.sleep))
    if "worker" in core.settings.roles:
        supervisor.run("timers", Timers(store=core.stores.timers, handle=firing(core, desks), clock=core.clock).run)
        reaping = Reaping(core.stores.stuck, core.stores.changes, core.bus, core.clock, core.ids)
        supervisor.run("reaper", Reaper(reaping, core.clock, lambda what, n: registry.stuck.labels(what).set(n)).run)
        supervisor.run("partitions", lambda: keep_partitions(core))
        supervisor.run("retention", lambda: keep_no_longer(core))


def supervisors_words(core: Core) -> Tell:
    """Missed offers and seats that were left, to the supervisors of the client's lease (I3, I7)."""
    notices, seats = Notices(core.office), SeatsLeft()

    async def tell(provider: str, effect: AnyEffect) -> None:
        directory, at = core.directories.of(provider), core.clock.now()
        try:
            if isinstance(effect, Missed):
                client = directory.lease(directory.agent(effect.agent).lease).client
                number = public_number(directory, effect.agent)
                await notices.tell_supervisors(provider, client, "missed_twice", at=at, number=number)
            elif isinstance(effect, Staffing) and seats.is_left(directory, effect, at):
                client = directory.lease(effect.lease).client
                counts: dict[str, str | int] = {"lease": effect.lease, "staffed": effect.staffed, "lines": effect.lines}
                await notices.tell_supervisors(provider, client, "unstaffed", at=at, contact="", **counts)
        except NotFound:
            return

    return tell
