"""kill -9 of the service while calls stand at an Asterisk, one in each state; the Asterisk outlives it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from ari.emulator import Emulator, emulator
from ari.world import Device
from floor import HOTLINE, at_work, contacts, ended, operator, seen
from house import EXAMPLE
from process import Installation, Service, eventually, installation

from contactcenter.client.desk import AgentClient

AGENTS = {"a1002": "1002", "a1003": "1003", "a1004": "1004"}


@dataclass
class Scene:
    """Three agents with phones on the emulated Asterisk, and the service that is killed."""

    home: Installation
    service: Service
    pbx: Emulator
    desks: dict[str, AgentClient] = field(default_factory=dict)
    dialled: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)

    def asked(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Every request that makes something ring."""
        if (method, path) == ("POST", "/channels") and body["channelId"] not in self.pbx.world.channels:
            self.dialled[body["channelId"]] += 1

    def kill(self) -> tuple[int, int]:
        """Where the connections and requests stood."""
        before = self.pbx.connections, len(self.pbx.requests)
        self.service.kill()
        return before

    async def back(self, before: tuple[int, int]) -> None:
        """Started again, connected, and it has looked round."""
        self.service = self.home.start()

        async def looked() -> bool:
            asked = [(method, path) for _, method, path, _ in self.pbx.requests[before[1] :]]
            return self.pbx.connections > before[0] and ("GET", "/channels") in asked

        await eventually("the service is connected to Asterisk again", looked)

    # --- calls ---------------------------------------------------------------------------------------------------

    async def call(self) -> str:
        """A new call whose contact is there."""
        call = self.pbx.world.call(HOTLINE)

        async def found() -> str:
            fresh = {str(each["id"]) for each in await contacts(self.service)} - set(self.names.values())
            return next(iter(fresh), "")

        self.names[call] = await eventually(f"the contact of {call}", found)
        return call

    def ringing(self, call: str) -> dict[str, str]:
        """The legs of this call that ring, with their devices."""
        legs = [each for each in self.pbx.world.channels.values() if each.id.startswith(f"cc:leg:{call}:")]
        return {each.id: each.name.partition("/")[2].rpartition("-")[0] for each in legs if each.state == "Ringing"}

    async def rings(self, call: str) -> dict[str, str]:
        async def legs() -> dict[str, str]:
            return self.ringing(call)

        return await eventually(f"a device rings for {call}", legs)

    async def talks(self, call: str) -> None:
        """Picked up, connected, and on record."""
        device = next(iter((await self.rings(call)).values()))
        self.pbx.world.pick_up(device)

        async def both() -> bool:
            return len(self.pbx.world.inside(f"cc:bridge:{call}")) == 2

        await eventually(f"{call} talks", both)
        agent = next(name for name, known in AGENTS.items() if known == device)
        await seen(self.desks[agent], lambda desk: desk.owns(self.names[call]))

    async def state(self, call: str) -> str:
        async with operator(self.service) as api:
            return str((await api.get(f"/v1/contacts/{self.names[call]}"))["contact"]["state"])

    async def until(self, call: str, state: str) -> None:
        async def there() -> bool:
            return await self.state(call) == state

        await eventually(f"{call} is {state}", there)

    async def all_over(self) -> None:
        """Every call in one terminal state, nothing left on Asterisk, every agent free."""
        for call, contact in self.names.items():
            story = await ended(self.service, contact)
            assert story["contact"]["outcome"] == "finished", (call, story["facts"])
            assert [each["kind"] for each in story["facts"]].count("contact.ended") == 1

        async def free() -> bool:
            async with operator(self.service) as api:
                rows = (await api.get("/v1/agents"))["agents"]
            mine = [row for row in rows if row["agent"] in AGENTS]
            used = [row for row in mine if row["used_units"] or row["contacts"]]
            return not used and not self.pbx.world.channels and not self.pbx.world.bridges

        await eventually("every agent is free and nothing is left on Asterisk", free)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        home = stack.enter_context(installation(CONTACTCENTER_LEASE_S="1"))
        secrets = home.data / "secrets.json"
        secrets.write_text(json.dumps({"ari": {"pbx-9": "cc:secret"}}))
        secrets.chmod(0o600)
        pbx, address = await stack.enter_async_context(emulator())
        made = Scene(home, home.start(), pbx)
        await apply(made.service, address)
        for agent, device in AGENTS.items():
            pbx.world.devices[device] = Device()
            made.desks[agent] = await stack.enter_async_context(at_work(made.service, agent, device=device))
        await made.desks["a1004"].not_ready("break")
        pbx.asked = made.asked

        async def connected() -> bool:
            return bool(pbx.connections and pbx.asked_for("GET", "/channels"))

        await eventually("the service is connected to Asterisk", connected)
        yield made
        made.service.stop()


async def apply(service: Service, address: str) -> None:
    asterisk = f"  - {{id: pbx-9, dialect: asterisk, base_url: '{address}', app: contactcenter}}\n"
    document = EXAMPLE.replace("  - {id: pbx-1}\n", "  - {id: pbx-1}\n" + asterisk)
    document = document.replace("{medium: voice, units: 60, wrap_up_s: 20", "{medium: voice, units: 60, wrap_up_s: 3")
    headers = {"Authorization": f"Bearer {service.access['operator']}", "Content-Type": "application/yaml"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/configuration", data=document.encode(), headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()


async def test_calls_in_every_state_survive_two_kills(scene: Scene) -> None:
    world = scene.pbx.world
    talking = await scene.call()
    await scene.talks(talking)
    ringing = await scene.call()
    legs = await scene.rings(ringing)
    queued = await scene.call()
    await scene.until(queued, "waiting")

    before = scene.kill()
    assert len(world.inside(f"cc:bridge:{talking}")) == 2, "they do not notice"
    await scene.back(before)
    assert len(world.inside(f"cc:bridge:{talking}")) == 2
    assert scene.ringing(ringing).keys() <= legs.keys(), "what rings goes on ringing; nothing is rung anew"
    await scene.talks(ringing)
    await scene.desks["a1004"].ready()
    await scene.talks(queued)
    world.hang_up(talking)
    await scene.until(talking, "wrap_up")

    before = scene.kill()
    world.hang_up(ringing)
    world.hang_up(queued)
    await scene.back(before)
    await scene.all_over()
    assert [leg for leg, times in scene.dialled.items() if times > 1] == [], "no second dial of the same offer"
