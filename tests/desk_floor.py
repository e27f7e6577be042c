"""The agents' side of a house: use cases on a clock that is set, and the gateway behind a real server."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from house import House

from channels.port import CallbackRequested, ChatOpened, ChatSaid, MailArrived
from contactcenter.client import protocol as p
from contactcenter.client.desk import AgentClient
from contactcenter.clock import Micros, SystemClock
from contactcenter.demo.people import awake
from contactcenter.realtime.desk import DeskGateway, DeskLimits
from contactcenter.realtime.desk_attendance import Attendance
from contactcenter.services.access import Access
from contactcenter.services.asking import Asking
from contactcenter.services.callback_attempts import CallbackAttempts
from contactcenter.services.cases import Cases
from contactcenter.services.commands import Stamp, stamp_of
from contactcenter.services.complaints import Complaints
from contactcenter.services.conversation import Conversation
from contactcenter.services.deadlines import Deadlines
from contactcenter.services.desk import DeskService
from contactcenter.services.screen_pop import ScreenPop
from contactcenter.services.seats import Seat
from contactcenter.services.talk import Talk
from contactcenter.services.views import Principal, Scope
from routing.events import Assigned, Connected

MORNING = 1_772_416_800_000_000
"""Monday, 2026-03-02 10:00 in Shanghai."""
KANGJIA = Scope("ruixun", "kangjia")
SECOND = 1_000_000
_numbers = itertools.count(1)


def somebody_by_day(now: Micros) -> str:
    """Whose callback needs not wait for his morning; for tests with a real clock, which run at any hour."""
    return f"{awake(now)}00003333"


class SetClock(SystemClock):
    """Wall time is set by hand; waiting is real."""

    def __init__(self, now: int = MORNING) -> None:
        self.at = now

    def now(self) -> int:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += int(seconds * SECOND)


class Floor:
    def __init__(self, house: House, limits: DeskLimits | None = None) -> None:
        self.house = house
        self.core = core = house.core
        self.clock = SetClock()
        self.office = dataclasses.replace(core.office, clock=self.clock)
        self.cases = Cases(self.office)
        self.conversation = Conversation(self.office)
        self.complaints = Complaints(self.office, self.cases)
        self.attempts = CallbackAttempts(self.office, core.reads)
        self.deadlines = Deadlines(self.office, self.complaints, self.attempts)
        self.screen_pop = ScreenPop(self.office)
        self.asking = Asking(self.office, core.replies)
        self.service = DeskService(
            self.office,
            self.asking,
            conversation=self.conversation,
            cases=self.cases,
            complaints=self.complaints,
            attempts=self.attempts,
            talk=Talk(self.office, self.asking, core.reads),
        )
        self.access = Access(
            core.stores.access, core.clock, core.ids, client_of_agent=lambda provider, agent: "kangjia"
        )
        self.gateway = self.gateway_with(limits)

    def gateway_with(self, limits: DeskLimits | None, node: str = "one") -> DeskGateway:
        """Another `node` is another process: it shares the database and the bus, and nothing else."""
        self.attendance = Attendance(self.core.stores.attendance, self.core.bus, self.clock, node=node)
        return DeskGateway(
            office=self.office,
            access=self.access,
            service=self.service,
            screen_pop=self.screen_pop,
            attendance=self.attendance,
            limits=limits,
        )

    # --- people --------------------------------------------------------------------------------------------

    def seat(self, agent: str = "a1002", language: str = "en") -> Seat:
        found = self.core.directories.of("ruixun").agent(agent)
        client = self.core.directories.of("ruixun").lease(found.lease).client
        return Seat(
            provider="ruixun",
            client=client,
            agent=agent,
            number=found.number,
            name=found.name,
            supervisor=found.supervisor,
            language=language,
        )

    async def token(self, agent: str) -> str:
        return await self.access.issue("agent", "ruixun", agent)

    async def do(self, command: p.Command, agent: str = "a1002") -> dict[str, Any]:
        return await self.service.carry_out(self.seat(agent), command)

    def stamp(self, agent: str = "a1002") -> Stamp:
        return stamp_of("ruixun", agent, p.Fetch(id=f"stamp-{next(_numbers)}"))

    # --- contacts ------------------------------------------------------------------------------------------

    async def chat(self, text: str = "电视没有声音") -> str:
        session = f"session-{next(_numbers)}"
        opened = ChatOpened(source="kangjia-web", external_id=session, site="kangjia-web", session=session, name="李雷")
        receipt = await self.core.intake.accept(opened)
        said = ChatSaid(
            source="kangjia-web", external_id=f"{session}-1", site="kangjia-web", session=session, text=text
        )
        await self.core.intake.accept(said)
        return receipt.contact

    async def mail(self, sender: str = "wang@mail.example") -> str:
        number = next(_numbers)
        arrived = MailArrived(
            source="service@kangjia.example",
            external_id=f"<m{number}@mail.example>",
            mailbox="service@kangjia.example",
            sender=sender,
            subject="遥控器",
            text="遥控器坏了",
            message_id=f"<m{number}@mail.example>",
        )
        return (await self.core.intake.accept(arrived)).contact

    async def callback(self, number: str = "13800138000") -> str:
        asked = CallbackRequested(
            source="pbx-1", external_id=f"cb-{next(_numbers)}", call="800-1", dialled="8000000102", number=number
        )
        return (await self.core.intake.accept(asked)).contact

    async def given_back(self, number: str = "13800138000", agent: str = "a1002") -> str:
        """A callback that a supervisor gave him: otherwise it waits for the morning, and tests run at night too."""
        contact = await self.callback(number)
        await self._at_work(agent)
        await self.house.happen(Assigned(contact, agent, by="boss", reason="his callback"))
        await self.house.until(lambda: bool(self.house.of("contact.assigned", contact=contact, agent=agent)))
        return contact

    async def _at_work(self, agent: str) -> None:
        if not self.house.of("presence.changed", agent=agent):
            await self.house.happen(Connected(agent))
            await self.house.at_work(agent)

    async def taken(self, contact: str, agent: str = "a1002") -> str:
        """The agent is at work and has accepted it."""
        await self._at_work(agent)
        await self.house.until(lambda: bool(self.house.of("offer.made", contact=contact, agent=agent)))
        offer = self.house.of("offer.made", contact=contact, agent=agent)[-1].offer.id
        await self.do(p.Accept(id=f"accept-{contact}", offer=offer), agent)
        return contact

    async def row(self, query: str, *values: Any) -> Any:
        return await self.core.pool.fetchrow(query, *values)

    async def kinds(self, case: str) -> list[str]:
        rows = await self.core.pool.fetch("SELECT kind FROM facts WHERE case_id = $1 ORDER BY at, id", case)
        return [row["kind"] for row in rows]

    async def fire(self, kind: str) -> int:
        """Handle what is due of one kind; how many there were."""
        return await self._fire(kind, self.clock.now())

    async def fire_now(self, kind: str) -> int:
        """As `fire`, for what a router set: its clock is the machine's."""
        return await self._fire(kind, self.core.clock.now())

    async def _fire(self, kind: str, until: Micros) -> int:
        due = [each for each in await self.core.stores.timers.due(until, 100) if each.kind == kind]
        for timer in due:
            await self.deadlines.handle(timer)
        return len(due)

    # --- sockets -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/v1/agent", self.gateway.handle)
        async with TestServer(app) as server:
            try:
                yield f"ws://127.0.0.1:{server.port}/v1/agent"
            finally:
                await self.gateway.drain()

    async def client(self, url: str, agent: str = "a1002") -> AgentClient:
        return AgentClient(url, await self.token(agent), language="en")


def principal(kind: str, subject: str, client: str = "") -> Principal:
    return Principal(kind=kind, provider="ruixun", subject=subject, client=client)
