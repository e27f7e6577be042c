"""The HTTP side of a process: the route table with the doors that are open here, over the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from contactcenter.api.doors_table import with_doors
from contactcenter.api.server import build_app
from contactcenter.api.services import Services
from contactcenter.api.table import OPERATIONS, TABLE
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.metrics.prometheus import Exposition, Registry
from contactcenter.metrics.recompute import day_table
from contactcenter.realtime.feed import LiveFeed
from contactcenter.services.access import Access
from contactcenter.services.do_not_call import DoNotCallList
from contactcenter.services.explaining import Explaining
from contactcenter.services.reporting import LiveQueues, QueueBoard, Reports
from contactcenter.services.views import Scope
from contactcenter.wiring.callback_page import callback_desk
from contactcenter.wiring.core import Core
from contactcenter.wiring.dead_letters import letters_of
from contactcenter.wiring.desk import Desks
from contactcenter.wiring.doors import Doors
from contactcenter.workers.fleet import Fleet

HEALTH = tuple(route for route in OPERATIONS if route.path in ("/healthz", "/readyz", "/metrics"))


def build_web(
    core: Core, access: Access, *, doors: Doors, desks: Desks, routers: Fleet | None, registry: Registry
) -> web.Application:
    """What a process without the `api` role serves is its health and its metrics."""
    board = QueueBoard(core.reads, core.clock, zone_of=_zones(core))
    feed = LiveFeed(board=board, access=access, bus=core.bus)
    services = _services(core, access, desks=desks, board=board, feed=feed, routers=routers, registry=registry)
    served = [*doors.chat.routes()] if "api" in core.settings.roles else []
    if {"api", "phone"} & set(core.settings.roles):
        served.extend(doors.phone.routes())
        served.extend(doors.twilio.door.routes())
    if "gateway" in core.settings.roles:
        served.append(web.get("/v1/agent", desks.gateway.handle))
    api = "api" in core.settings.roles
    app = build_app(services, with_doors(served, TABLE if api else HEALTH))

    async def end_streams(_: web.Application) -> None:
        feed.drain()

    app.on_shutdown.append(end_streams)
    return app


def _services(
    core: Core,
    access: Access,
    *,
    desks: Desks,
    board: QueueBoard,
    feed: LiveFeed,
    routers: Fleet | None,
    registry: Registry,
) -> Services:
    async def boards() -> list[LiveQueues]:
        registry.outbox_backlog.set(await core.stores.outbox.backlog())
        registry.sockets.labels("desk").set(desks.gateway.sockets)
        for provider in core.directories.providers:
            registry.backlog.labels(provider).set(core.admission.depth(provider))
        registry.unacknowledged.set(desks.gateway.unacknowledged)
        return [await board.live(Scope(provider)) for provider in core.directories.providers]

    async def ready() -> dict[str, Any]:
        return {
            "store": await core.pool.fetchval("SELECT true"),
            "configuration": bool(core.directories.providers),
            "routers": _owned(routers),
            "serving": not core.draining,
        }

    return Services(
        access=access,
        clock=core.clock,
        ids=core.ids,
        reads=core.reads,
        changes=core.stores.changes,
        directory_of=core.directories.of,
        texts=Renderer(catalogue()),
        board=board,
        reports=Reports(
            core.reads,
            day_table,
            zone_of=_zones(core),
            cycles_of=_cycles(core),
            prices_of=_prices(core),
            clock=core.clock,
        ),
        explaining=Explaining(core.stores.routing),
        complaints=desks.complaints,
        configuration=core.configuring,
        supervision=desks.supervision,
        dead_letters=letters_of(core),
        webhooks=core.webhooks,
        callbacks=callback_desk(core),
        do_not_call=DoNotCallList(reads=core.reads, store=core.stores.changes, bus=core.bus, clock=core.clock),
        ready=ready,
        metrics=Exposition(registry, boards).render,
        feed=feed.handle,
    )


def _owned(routers: Fleet | None) -> bool | str:
    """True when every domain is owned here, `shared` when some are; a standby owns none and is ready too."""
    if routers is None:
        return "elsewhere"
    owned = [router.ownership is not None for router in routers]
    if routers.known and all(owned):
        return True
    return "shared" if any(owned) else "standby"


def _zones(core: Core) -> Any:
    def zone_of(provider: str) -> ZoneInfo:
        return ZoneInfo(core.directories.of(provider).document.provider.time_zone)

    return zone_of


def _prices(core: Core) -> Any:
    """Fen a started minute, by the number of each line that costs something (A03)."""

    def prices_of(provider: str) -> Mapping[str, int]:
        lines = core.directories.of(provider).document.lines
        return {line.number: line.price_per_minute_fen for line in lines if line.price_per_minute_fen}

    return prices_of


def _cycles(core: Core) -> Any:
    """Milliseconds of one ring per view: what the ring measures count in (B02)."""

    def cycles_of(provider: str) -> Mapping[str, int]:
        directory = core.directories.of(provider)
        return {view.id: directory.plan(view.plan).cycle_ms for view in directory.document.views}

    return cycles_of
