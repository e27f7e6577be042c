"""Calls on an emulated Asterisk, through its adapter, routing and outbox on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from ari.emulator import Emulator, emulator
from ari.pulse import until
from ari.world import Device
from desk_floor import Floor as Desks
from house import EXAMPLE, House

from contactcenter.client import protocol as p
from contactcenter.config import Settings
from contactcenter.metrics.prometheus import Registry
from contactcenter.wiring.core import Core
from contactcenter.wiring.doors import build_doors
from contactcenter.wiring.outbound import run_outbound
from contactcenter.wiring.secrets_file import Secrets
from routing.events import Assigned, Closed, PresenceSet, SignedIn
from routing.model import PresenceState

HOTLINE = "4000000101"


@dataclass
class Floor:
    house: House
    pbx: Emulator
    address: str

    async def at_work(self, agent: str, device: str) -> None:
        self.pbx.world.devices.setdefault(device, Device())
        await self.house.happen(SignedIn(agent, device), PresenceSet(agent, PresenceState.READY))
        await self.house.until(lambda: bool(self.house.of("presence.changed", agent=agent)))

    def ringing(self) -> list[str]:
        """The devices that ring now."""
        legs = [each for each in self.pbx.world.channels.values() if each.state == "Ringing"]
        return [each.name.partition("/")[2].rpartition("-")[0] for each in legs]

    async def talk(self, device: str = "1001") -> str:
        caller = self.pbx.world.call(HOTLINE)
        await until(lambda: device in self.ringing(), 10)
        self.pbx.world.pick_up(device)
        await until(lambda: len(self.pbx.world.inside(f"cc:bridge:{caller}")) == 2)
        await self.house.until(lambda: bool(self.house.of("contact.assigned")))
        return caller

    async def quiet(self) -> None:
        """Nothing is left on Asterisk, no contact waits or talks, no offer and no call is open."""
        await until(lambda: not self.pbx.world.channels and not self.pbx.world.bridges, 10)

        fetch = self.house.core.pool.fetch

        async def over() -> bool:
            states = {row["state"] for row in await fetch("SELECT state FROM contacts")}
            lives = {row["state"] for row in await fetch("SELECT life ->> 'state' AS state FROM calls")}
            offers = await fetch("SELECT 1 FROM offers WHERE ended_at IS NULL")
            return bool(states) and states <= {"ended", "wrap_up"} and lives == {"released"} and not offers

        await self.house.until(over)


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with emulator() as (found, address), aiohttp.ClientSession() as session:
        core = await started(pool, tmp_path, address)
        house = House(core)
        house.supervisor.run("replies", core.replies.run)
        house.supervisor.run("router", house.router().run)
        await house.until(lambda: bool(house.of("config.activated")))
        connect(house, session)
        await until(lambda: found.connections == 1 and found.asked_for("GET", "/channels"), 10)
        yield Floor(house, found, address)
        await house.supervisor.stop()


async def started(pool: asyncpg.Pool, folder: Path, address: str, node: str = "one") -> Core:
    source = (
        f"{{id: pbx-1, dialect: asterisk, base_url: '{address}', app: contactcenter, "
        "trunk: 'PJSIP/{number}@trunk', from_number: '4000000101'}"
    )
    settings = Settings(data_dir=folder, first_decision_ms=5000)
    core = Core(settings, pool, node, Secrets(visitors=["x" * 43], ari={"pbx-1": "cc:secret"}))
    await core.configuring.apply("", EXAMPLE.replace("{id: pbx-1}", source), by="test")
    await core.directories.refresh()
    return core


def connect(house: House, session: aiohttp.ClientSession) -> None:
    doors = build_doors(house.core, session, session)
    run_outbound(
        house.core, house.supervisor, senders=doors.senders, connections=doors.connections, registry=Registry()
    )


async def test_a_call_rings_an_agents_device_is_bridged_and_the_caller_hangs_up(floor: Floor) -> None:
    await floor.at_work("a1001", "1001")
    caller = await floor.talk()
    floor.pbx.world.hang_up(caller)
    await floor.quiet()
    assert floor.pbx.world.ended[caller] == 1


async def test_an_agent_who_hangs_up_ends_the_call(floor: Floor) -> None:
    await floor.at_work("a1001", "1001")
    caller = await floor.talk()
    leg = next(each for each in floor.pbx.world.inside(f"cc:bridge:{caller}") if each != caller)
    floor.pbx.world.hang_up(leg, cause=16)
    await floor.quiet()


async def test_a_caller_who_gives_up_while_a_device_rings_leaves_the_agent_free(floor: Floor) -> None:
    await floor.at_work("a1001", "1001")
    caller = floor.pbx.world.call(HOTLINE)
    await until(lambda: floor.ringing(), 10)
    floor.pbx.world.hang_up(caller)
    await floor.quiet()
    again = await floor.talk()
    floor.pbx.world.hang_up(again)
    await floor.quiet()


@pytest.mark.parametrize("how", ["busy", "declines", "dead"])
async def test_a_device_that_does_not_answer_passes_the_call_on(floor: Floor, how: str) -> None:
    floor.pbx.world.devices["1001"] = Device(how)
    await floor.at_work("a1001", "1001")
    await floor.at_work("a1002", "1002")
    caller = await floor.talk("1002")
    floor.pbx.world.hang_up(caller)
    await floor.quiet()


async def test_a_call_that_ended_while_no_process_was_there_is_closed_by_the_next(
    floor: Floor, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await floor.at_work("a1001", "1001")
    caller = await floor.talk()
    await floor.house.supervisor.stop("connections")
    await until(lambda: floor.pbx.socket is None)
    floor.pbx.world.hang_up(caller)
    async with aiohttp.ClientSession() as session:
        connect(floor.house, session)
        await floor.quiet()
        released = await pool.fetchval("SELECT life ->> 'cause' FROM calls WHERE call = $1", caller)
        assert released == "ended_while_away"
        await floor.house.supervisor.stop()


async def test_of_two_processes_the_leases_owner_is_connected_and_the_other_takes_over(
    floor: Floor, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await floor.at_work("a1001", "1001")
    caller = await floor.talk()
    core = Core(floor.house.core.settings, pool, "two", floor.house.core.secrets)
    await core.directories.refresh()
    second = House(core)
    second.supervisor.run("replies", core.replies.run)
    async with aiohttp.ClientSession() as session:
        connect(second, session)
        await floor.house.supervisor.stop("connections")
        await until(lambda: floor.pbx.connections == 2, 15)
        assert floor.pbx._replaced == []
        floor.pbx.world.hang_up(caller)
        await until(lambda: not floor.pbx.world.channels and not floor.pbx.world.bridges, 10)
        await floor.quiet()
        await second.supervisor.stop()


# --- during a call, from the agent's desk -------------------------------------------------------------------------


class Talk:
    """A call that 1001 has, and 1002 who is ready: what an agent says at his desk reaches Asterisk and comes back."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.desks = Desks(floor.house)
        self.caller = self.contact = ""
        self._said = 0

    async def begin(self) -> None:
        await self.floor.at_work("a1001", "1001")
        self.caller = await self.floor.talk()
        self.contact = self.floor.house.of("contact.assigned")[-1].contact
        await self.floor.at_work("a1002", "1002")

    async def say(self, kind: Callable[..., p.Command], by: str = "a1001", **more: str) -> None:
        self._said += 1
        self.desks.clock.at = self.floor.house.core.clock.now()
        await self.desks.do(kind(id=f"say-{self._said}", contact=self.contact, **more), by)

    async def consult(self) -> None:
        await self.say(p.Consult, agent="1002")
        await until(lambda: "1002" in self.floor.ringing(), 10)

    async def consulting(self) -> None:
        await self.consult()
        self.floor.pbx.world.pick_up("1002")
        await self.floor.house.until(lambda: bool(self.floor.house.of("consult.began", contact=self.contact)))
        await until(lambda: not self.is_customer_in())

    def inside(self) -> list[str]:
        return self.floor.pbx.world.inside(f"cc:bridge:{self.caller}")

    def is_customer_in(self) -> bool:
        return self.caller in self.inside()

    def devices(self) -> set[str]:
        """The devices that are in the call's bridge."""
        legs = [self.floor.pbx.world.channels[each] for each in self.inside() if each != self.caller]
        return {each.name.partition("/")[2].rpartition("-")[0] for each in legs}


@pytest.fixture
async def talk(floor: Floor) -> Talk:
    found = Talk(floor)
    await found.begin()
    return found


async def test_a_customer_on_hold_is_out_of_the_bridge_until_the_agent_comes_back(talk: Talk) -> None:
    await talk.say(p.Hold)
    await until(lambda: not talk.is_customer_in())
    await talk.say(p.Resume)
    await until(talk.is_customer_in)
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()


async def test_a_warm_transfer_ends_with_the_second_agent_and_the_customer(talk: Talk) -> None:
    await talk.consulting()
    assert talk.devices() == {"1001", "1002"}
    await talk.say(p.Join)
    await until(lambda: talk.is_customer_in() and talk.devices() == {"1002"})
    home = talk.floor.house
    owner = await home.core.pool.fetchval("SELECT owner_id FROM contacts WHERE id = $1", talk.contact)
    assert owner == "a1002"
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()
    ends = [(each.agent, each.reason) for each in home.of("assignment.ended", contact=talk.contact)]
    assert ends[0] == ("a1001", "joined")


@pytest.mark.parametrize("by", ["a1001", "a1002"])
async def test_whoever_leaves_a_consult_gives_the_customer_back_to_the_first(talk: Talk, by: str) -> None:
    await talk.consulting()
    await talk.say(p.Leave, by)
    await until(lambda: talk.is_customer_in() and talk.devices() == {"1001"})
    await talk.say(p.HangUp)
    await talk.floor.quiet()


@pytest.mark.parametrize("how", ["busy", "declines"])
async def test_a_second_phone_that_cannot_be_had_leaves_the_call_as_it_was(talk: Talk, how: str) -> None:
    talk.floor.pbx.world.devices["1002"] = Device(how)
    await talk.say(p.Consult, agent="1002")
    home = talk.floor.house
    await home.until(lambda: bool(home.of("consult.ended", contact=talk.contact)))
    await until(lambda: talk.is_customer_in() and talk.devices() == {"1001"})
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()


async def test_a_second_phone_that_never_rings_is_called_off(talk: Talk) -> None:
    talk.floor.pbx.world.devices["1002"] = Device("dead")
    await talk.say(p.Consult, agent="1002")
    await talk.say(p.Leave)
    await until(lambda: talk.is_customer_in() and talk.devices() == {"1001"})
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()


@pytest.mark.parametrize("stage", ["ringing", "talking"])
async def test_a_customer_who_hangs_up_during_a_consult_frees_both_agents(talk: Talk, stage: str) -> None:
    await (talk.consult() if stage == "ringing" else talk.consulting())
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()
    rows = await talk.floor.house.core.pool.fetch(
        "SELECT 1 FROM assignments WHERE ended_at IS NULL AND role = 'consult'"
    )
    assert rows == []


async def test_the_first_agent_who_hangs_up_during_a_consult_ends_the_call_for_all(talk: Talk) -> None:
    await talk.consulting()
    leg = next(each for each in talk.inside() if talk.floor.pbx.world.channels[each].name.startswith("PJSIP/1001"))
    talk.floor.pbx.world.hang_up(leg, cause=16)
    await talk.floor.quiet()


async def test_a_blind_transfer_lets_the_first_go_and_rings_the_next(talk: Talk) -> None:
    await talk.say(p.Transfer, agent="1002")
    await until(lambda: "1002" in talk.floor.ringing(), 10)
    assert talk.devices() == set()
    assert talk.floor.pbx.asked_for("POST", f"/channels/{talk.caller}/moh")
    talk.floor.pbx.world.pick_up("1002")
    await until(lambda: talk.is_customer_in() and talk.devices() == {"1002"})
    await talk.floor.house.until(
        lambda: bool(talk.floor.house.of("contact.assigned", contact=talk.contact, agent="a1002"))
    )
    talk.floor.pbx.world.hang_up(talk.caller)
    await talk.floor.quiet()
    assert talk.floor.house.of("presence.changed", reason="no_answer") == []


@pytest.mark.parametrize("stage", ["waiting", "ringing", "talking"])
async def test_a_call_that_a_supervisor_closes_is_hung_up(floor: Floor, stage: str) -> None:
    await floor.at_work("a1001", "1001")
    if stage == "talking":
        await floor.talk()
    else:
        floor.pbx.world.devices["1001"] = Device("dead" if stage == "waiting" else "rings")
        floor.pbx.world.call(HOTLINE)
        await floor.house.until(lambda: bool(floor.house.of("offer.made")))
    contact = floor.house.of("contact.queued")[-1].contact
    await floor.house.happen(Closed(contact, "spam", by="boss"))
    await until(lambda: not floor.pbx.world.channels and not floor.pbx.world.bridges, 10)
    async with asyncio.timeout(10):
        while not (by := await floor.house.core.pool.fetchval("SELECT life ->> 'released_by' FROM calls")):
            pass
    assert by == "platform"


async def test_a_call_that_a_supervisor_assigns_rings_at_that_agents_device(floor: Floor) -> None:
    floor.pbx.world.devices["1001"] = Device("dead")
    await floor.at_work("a1001", "1001")
    caller = floor.pbx.world.call(HOTLINE)
    await floor.house.until(lambda: bool(floor.house.of("offer.made")))
    contact = floor.house.of("contact.queued")[-1].contact
    await floor.at_work("a1002", "1002")
    await floor.house.happen(Assigned(contact, "a1002", by="boss", reason="he knows the case"))
    await until(lambda: "1002" in floor.ringing(), 10)
    floor.pbx.world.pick_up("1002")
    await floor.house.until(lambda: bool(floor.house.of("contact.assigned", contact=contact, agent="a1002")))
    await until(lambda: len(floor.pbx.world.inside(f"cc:bridge:{caller}")) == 2)
    floor.pbx.world.hang_up(caller)
    await floor.quiet()
