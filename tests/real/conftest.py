"""One Asterisk and one service for all; each test has its own agents, callers and fresh phones' behaviour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from asterisk import DEVICE_PASSWORD, DEVICES, PASSWORD, Asterisk, asterisk
from floor import at_work, close_all, contacts, operator, seen, story
from house import EXAMPLE
from process import Installation, Service, eventually, fetch, free_port, installation
from sip import Device, Phones, Talk, phones

from contactcenter.client.desk import AgentClient

SOURCE = "pbx-9"


def kinds(story: dict[str, Any]) -> list[str]:
    return [fact["kind"] for fact in story["facts"]]


async def flows(call: Talk, seconds: float = 1.0) -> int:
    """Packets of sound that reach this phone; 50 a second when somebody speaks."""
    before = call.packets()
    await asyncio.sleep(seconds)
    return call.packets() - before


@dataclass
class Place:
    """Everything that stands for the whole run."""

    home: Installation
    service: Service
    pbx: Asterisk
    phones: Phones


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    http_port, sip_port = free_port(), free_port()
    with (
        asterisk(http_port, sip_port) as pbx,
        installation(CONTACTCENTER_LEASE_S="1") as home,
        phones(f"127.0.0.1:{sip_port}") as floor,
    ):
        secrets = home.data / "secrets.json"
        secrets.write_text(json.dumps({"ari": {SOURCE: f"cc:{PASSWORD}"}}))
        secrets.chmod(0o600)
        service = home.start()
        for name in DEVICES[:7]:
            floor.device(name, DEVICE_PASSWORD)
        yield Place(home, service, pbx, floor)


@dataclass
class Scene:
    place: Place
    stack: AsyncExitStack
    desks: dict[str, AgentClient] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    @property
    def pbx(self) -> Asterisk:
        return self.place.pbx

    @property
    def service(self) -> Service:
        return self.place.service

    def device(self, name: str) -> Device:
        return self.place.phones.devices[name]

    async def at_work(self, agent: str, device: str) -> AgentClient:
        desk = await self.stack.enter_async_context(at_work(self.service, agent, device=device))
        self.desks[agent] = desk
        return desk

    async def talk(self, agent: str = "1002") -> tuple[Talk, str]:
        """A caller who talks with this agent, and his contact."""
        desk = await self.at_work(f"a{agent}", agent)
        self.device(agent).answers_after_s = 0.1
        call = self.dial("4000000101")
        contact = await self.contact()
        call.until("CONFIRMED")
        await seen(desk, lambda state: state.owns(contact))
        return call, contact

    def two_of(self, names: tuple[str, ...]) -> list[str]:
        """Those that ring, once they are two."""
        ringing = [name for name in names if self.device(name).ringing]
        return ringing if len(ringing) >= 2 else []

    async def fetch(self, address: str) -> bytes:
        """A stored recording, from Asterisk itself."""
        headers = {"Authorization": aiohttp.encode_basic_auth("cc", PASSWORD)}
        async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    def dial(self, dialled: str, caller: str = "13900001234") -> Talk:
        return self.place.phones.dial(caller, dialled)

    async def contact(self) -> str:
        """The contact that is new since this was last asked."""

        async def fresh() -> str:
            found = {str(row["id"]) for row in await contacts(self.service)} - self.known
            return next(iter(found), "")

        made = await eventually("a new contact", fresh)
        self.known.add(made)
        return made

    async def new(self) -> list[dict[str, Any]]:
        """The stories of all contacts since the scene began that `contact` has not told of, the oldest first."""
        found = {str(row["id"]) for row in await contacts(self.service)} - self.known
        return [await self.story(each) for each in sorted(found)]

    async def story(self, contact: str) -> dict[str, Any]:
        return await story(self.service, contact)

    async def asked(self, what: str, probe: Callable[[], Awaitable[Any]], seconds: float = 15) -> Any:
        return await eventually(what, probe, seconds)

    async def until(self, what: str, probe: Callable[[], Any], seconds: float = 15) -> Any:
        async def asked() -> Any:
            return probe()

        return await eventually(what, asked, seconds)

    async def state(self, contact: str, *wanted: str, seconds: float = 15) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            found = await self.story(contact)
            return found if found["contact"]["state"] in wanted else None

        return await eventually(f"{contact} is {wanted}", there, seconds)

    async def clean(self, *, waits: str = "") -> None:
        """Nothing of ours is left on Asterisk, no agent holds anything, nothing is beyond its deadline.

        Only this contact may still wait.
        """

        async def nothing() -> bool:
            left = [each["name"] for each in self.pbx.channels()] + [each["id"] for each in self.pbx.bridges()]
            async with operator(self.service) as api:
                agents = (await api.get("/v1/agents"))["agents"]
            used = [row["agent"] for row in agents if row["used_units"] or row["contacts"]]
            rows = [row for row in await contacts(self.service) if row["id"] != waits]
            open_ = [row["id"] for row in rows if row["state"] not in ("ended", "wrap_up")]
            self.left = (left, used, open_)
            return not left and not used and not open_

        try:
            await eventually("nothing is left", nothing, 20)
        except AssertionError:
            raise AssertionError(f"left over: {self.left}") from None
        _, figures = fetch(f"{self.service.url}/metrics")
        assert [
            line for line in figures.splitlines() if line.startswith("cc_stuck_total") and not line.endswith(" 0.0")
        ] == []


@pytest.fixture
async def scene(place: Place) -> AsyncIterator[Scene]:
    place.phones.forget()
    if not place.service.alive:
        place.service = place.home.start()
    await configure(place)
    await eventually("the service is on Asterisk", lambda: connected(place))
    async with AsyncExitStack() as stack:
        made = Scene(place, stack)
        made.known = {str(row["id"]) for row in await contacts(place.service)}
        yield made
        await on_hook(place.phones)
        for desk in made.desks.values():
            await desk.sign_out()
    await close_all(place.service)


async def on_hook(phones: Phones) -> None:
    """PJSIP has four calls at once: what a failed test leaves would fail the next."""

    async def quiet() -> bool:
        left = [call for call in phones.calls if not call.over]
        for call in left:
            call.hang_up()
        return not left

    await eventually("every phone is on the hook", quiet, 40)
    phones.calls.clear()


async def connected(place: Place) -> bool:
    return any(each["name"] == "contactcenter" for each in place.pbx.get("/applications") or [])


async def configure(place: Place) -> None:
    source = (
        f"  - {{id: {SOURCE}, dialect: asterisk, base_url: '{place.pbx.base}', app: contactcenter,"
        " trunk: 'PJSIP/{number}@carrier', from_number: '4000000101', machine_detection: contactcenter-amd}\n"
    )
    document = EXAMPLE.replace("  - {id: pbx-1}\n", "  - {id: pbx-1}\n" + source)
    document = document.replace("{medium: voice, units: 60, wrap_up_s: 20", "{medium: voice, units: 60, wrap_up_s: 1")
    headers = {"Authorization": f"Bearer {place.service.access['operator']}", "Content-Type": "application/yaml"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{place.service.url}/v1/configuration", data=document.encode(), headers=headers) as answer,
    ):
        assert answer.status in (200, 201), await answer.text()
