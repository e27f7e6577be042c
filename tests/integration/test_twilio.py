"""Calls over an emulated Twilio, through our doors, routing and outbox on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from house import EXAMPLE, House
from twilio_emulator import ACCOUNT, TOKEN, Line, Twilio

from channels.phone.twilio.reconcile import Reconciler
from contactcenter.config import Settings
from contactcenter.metrics.prometheus import Registry
from contactcenter.wiring.core import Core
from contactcenter.wiring.doors import build_doors
from contactcenter.wiring.outbound import run_outbound
from contactcenter.wiring.secrets_file import Secrets
from routing.events import PresenceSet, SignedIn
from routing.model import PresenceState

HOTLINE, TOLL_FREE = "4000000101", "8000000102"
WANG, LI = "client:a1001", "sip:a1002@pbx.example"


@dataclass
class Floor:
    house: House
    twilio: Twilio
    reconciler: Reconciler

    async def at_work(self, agent: str, device: str) -> None:
        await self.house.happen(SignedIn(agent, device), PresenceSet(agent, PresenceState.READY))
        await self.house.until(lambda: bool(self.house.of("presence.changed", agent=agent)))

    async def ended(self) -> list[tuple[str, str]]:
        """State and outcome of all contacts, once none of them is open any more."""

        async def over() -> bool:
            rows = await self.house.core.pool.fetch("SELECT state FROM contacts")
            return bool(rows) and all(row["state"] in ("ended", "wrap_up") for row in rows)

        await self.house.until(over)
        rows = await self.house.core.pool.fetch("SELECT state, outcome FROM contacts ORDER BY id")
        return [(row["state"], row["outcome"]) for row in rows]

    async def facts(self, kind: str) -> list[dict[str, object]]:
        rows = await self.house.core.pool.fetch("SELECT data::text AS data FROM facts WHERE kind = $1", kind)
        return [msgspec.json.decode(row["data"]) for row in rows]


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    ours, theirs = unused_port(), unused_port()
    source = (
        f"{{id: pbx-1, dialect: twilio, account: {ACCOUNT}, from_number: '+862112345678', "
        f"base_url: 'http://127.0.0.1:{theirs}'}}"
    )
    settings = Settings(data_dir=tmp_path, first_decision_ms=5000, public_url=f"http://127.0.0.1:{ours}")
    core = Core(settings, pool, "one", Secrets(visitors=["x" * 43], twilio={"pbx-1": ["an-older-token", TOKEN]}))
    await core.configuring.apply("", EXAMPLE.replace("{id: pbx-1}", source), by="test")
    await core.directories.refresh()
    house = House(core)
    house.supervisor.run("replies", core.replies.run)
    house.supervisor.run("router", house.router().run)
    await house.until(lambda: bool(house.of("config.activated")))
    async with aiohttp.ClientSession() as session:
        doors = build_doors(core, session, session)
        run_outbound(core, house.supervisor, senders=doors.senders, connections=doors.connections, registry=Registry())
        app = web.Application()
        app.add_routes(doors.twilio.door.routes())
        twilio = Twilio(f"http://127.0.0.1:{ours}", "pbx-1")
        async with TestServer(app, port=ours), TestServer(twilio.app(), port=theirs):
            yield Floor(house, twilio, doors.twilio.reconcilers["pbx-1"])
            await twilio.close()
            await house.supervisor.stop()


async def talk(floor: Floor, dialled: str = HOTLINE) -> tuple[Line, Line]:
    """A caller with an agent."""
    caller = floor.twilio.incoming(dialled)
    device = await floor.twilio.rings(WANG)
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, device))
    await floor.house.until(lambda: bool(floor.house.of("contact.assigned")))
    return caller, device


# --- the ordinary call ------------------------------------------------------------------------------------------


async def test_a_call_waits_rings_talks_and_the_caller_hangs_up(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller, device = await talk(floor)
    assert any("康佳" in words for words in caller.heard)
    await floor.twilio.ends(caller)
    await floor.twilio.until(lambda: not device.alive)
    assert (await floor.ended())[0][0] in ("wrap_up", "ended")


async def test_the_agent_hangs_up_and_it_is_on_record_who_did(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller, device = await talk(floor)
    await floor.twilio.ends(device)
    await floor.twilio.until(lambda: not caller.alive)
    assert (await floor.ended())[0][0] in ("wrap_up", "ended")
    released = [fact for fact in await floor.facts("call.progress") if fact["what"] == "agent_released"]
    assert [fact["by"] for fact in released] == ["agent"]


async def test_two_devices_ring_and_the_first_that_answers_wins(floor: Floor) -> None:
    """The ladder rings a second device; both answer at once."""
    await floor.at_work("a1001", WANG)
    await floor.at_work("a1002", LI)
    caller = floor.twilio.incoming(HOTLINE)
    first = await floor.twilio.until(lambda: floor.twilio.ringing(WANG) or floor.twilio.ringing(LI))
    one, other = (WANG, LI) if first[0].to == WANG else (LI, WANG)
    second = await floor.twilio.rings(other)
    floor.twilio.answer(second)
    floor.twilio.answer(first[0])
    lines = [first[0], second]
    await floor.twilio.until(lambda: sum(line.alive for line in lines) == 1 and caller.conference)
    winner = next(line for line in lines if line.alive)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, winner))
    await floor.twilio.ends(caller)
    await floor.ended()
    assert one != other


# --- devices that do not answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sip", "outcome"),
    [
        ("busy", "486", "unreachable"),
        ("busy", "", "declined"),
        ("failed", "404", "unreachable"),
        ("no-answer", "480", "declined"),
        ("no-answer", "487", "declined"),
        ("no-answer", "", "declined"),
        ("canceled", "", "unreachable"),
        ("busy", "603", "declined"),
    ],
)
async def test_a_device_that_fails_gives_the_offer_back_at_once(
    floor: Floor, status: str, sip: str, outcome: str
) -> None:
    """A browser is busy when its agent rejects the call."""
    await floor.at_work("a1001", WANG)
    caller = floor.twilio.incoming(HOTLINE)
    device = await floor.twilio.rings(WANG)
    await floor.twilio.until(lambda: any("/status?" in url for url, _ in floor.twilio.answers))
    await floor.twilio.ends(device, status, SipResponseCode=sip)
    await floor.house.until(lambda: bool(floor.house.of("offer.ended")))
    assert floor.house.of("offer.ended")[0].outcome == outcome
    await floor.twilio.ends(caller)
    await floor.ended()


async def test_a_device_that_the_platform_refuses_is_an_outcome(floor: Floor) -> None:
    floor.twilio.refused_numbers.add(WANG)
    await floor.at_work("a1001", WANG)
    caller = floor.twilio.incoming(HOTLINE)
    await floor.house.until(lambda: bool(floor.house.of("offer.ended")))
    assert floor.house.of("offer.ended")[0].outcome == "unreachable"
    await floor.twilio.ends(caller)
    await floor.ended()


async def test_the_caller_leaves_while_a_device_rings(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller = floor.twilio.incoming(HOTLINE)
    device = await floor.twilio.rings(WANG)
    await floor.twilio.ends(caller)
    await floor.twilio.until(lambda: not device.alive)
    assert device.status == "canceled"
    assert (await floor.ended()) == [("ended", "abandoned")]


async def test_a_device_that_answers_after_the_caller_has_gone_is_released(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller = floor.twilio.incoming(HOTLINE)
    device = await floor.twilio.rings(WANG)
    device.status = "in-progress"
    await floor.twilio.ends(caller)
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: not device.alive)
    assert (await floor.ended())[0][0] == "ended"


# --- the flow -----------------------------------------------------------------------------------------------------


async def test_the_flow_asks_and_what_was_chosen_comes_to_the_agent(floor: Floor) -> None:
    await floor.at_work("a1004", "client:a1004")
    caller = floor.twilio.incoming(TOLL_FREE, "3", "1", "123456", "2")
    device = await floor.twilio.rings("client:a1004")
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, device))
    row = await floor.house.core.pool.fetchrow("SELECT language, context::text AS context FROM contacts")
    assert row["language"] == "en"
    context = msgspec.json.decode(row["context"])
    met = context.pop("ivr")
    assert context == {"language": "en", "member": "123456", "product": "audio"}
    assert (met["exit"], met["member"]) == ("queue", "123456")
    assert "123456" not in " ".join(met["path"])
    assert "For repairs and questions press 1" in " ".join(caller.heard)
    await floor.twilio.ends(caller)
    await floor.ended()


async def test_a_complaint_comes_first_and_never_hears_please_wait(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller = floor.twilio.incoming(TOLL_FREE, "1", "2")
    await floor.twilio.until(lambda: caller.conference)
    row = await floor.house.core.pool.fetchrow("SELECT complaint FROM contacts")
    assert row["complaint"] is True
    assert any("抱歉" in words for words in caller.heard)
    await floor.twilio.ends(caller)
    await floor.ended()


async def test_a_voicemail_is_kept_with_its_recording_and_promised_an_answer(floor: Floor) -> None:
    caller = floor.twilio.incoming(TOLL_FREE, "1", "4", message=12)
    await floor.twilio.until(lambda: not caller.alive)
    left = await floor.facts("voicemail.left")
    assert left == [{"recording": f"https://recordings.example/RE{caller.sid}", "seconds": 12}]
    assert "回电" in caller.heard[-1]


async def test_a_callback_keeps_the_number_and_the_window(floor: Floor) -> None:
    caller = floor.twilio.incoming(TOLL_FREE, "3", "3", "1", "2")
    await floor.twilio.until(lambda: not caller.alive)
    assert "We will call you at +8613900000001" in caller.heard[-1]
    row = await floor.house.core.pool.fetchrow("SELECT medium, address FROM contacts")
    assert tuple(row) == ("callback", "+8613900000001")


async def promised(floor: Floor) -> str:
    """The callback of the number that every caller here calls from."""
    asking = floor.twilio.incoming(TOLL_FREE, "3", "3", "1", "1")
    await floor.twilio.until(lambda: not asking.alive)
    await floor.house.core.promised.look()
    return str(await floor.house.core.pool.fetchval("SELECT id FROM callbacks"))


async def outcome(floor: Floor) -> tuple[str, str]:
    row = await floor.house.core.pool.fetchrow("SELECT state, outcome FROM callbacks")
    return row["state"], row["outcome"]


@pytest.mark.parametrize(
    ("key", "said", "state"),
    [("1", "we will call you back", ("open", "")), ("2", "has been cancelled", ("ended", "cancelled"))],
)
async def test_a_caller_who_is_promised_a_callback_hears_when_and_keeps_or_cancels_it(
    floor: Floor, key: str, said: str, state: tuple[str, str]
) -> None:
    callback = await promised(floor)
    caller = floor.twilio.incoming(TOLL_FREE, "3", key)
    await floor.twilio.until(lambda: not caller.alive)
    assert any("We have promised to call you back to" in words for words in caller.heard)
    assert said in caller.heard[-1]
    (held,) = await floor.facts("callback.held")
    assert held["callback"] == callback
    assert await outcome(floor) == state


async def test_a_caller_who_rather_waits_is_not_called_back_once_he_was_answered(floor: Floor) -> None:
    callback = await promised(floor)
    await floor.house.happen(SignedIn("a1001", WANG))
    await floor.house.until(lambda: bool(floor.house.of("presence.changed", agent="a1001")))
    caller = floor.twilio.incoming(TOLL_FREE, "3", "3")
    await floor.twilio.until(lambda: caller.conference)
    assert await outcome(floor) == ("open", "")
    await floor.house.until(lambda: bool(floor.house.of("contact.ended", contact=callback)))
    await floor.at_work("a1001", WANG)
    device = await floor.twilio.rings(WANG)
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, device))
    assert await outcome(floor) == ("ended", "called_in")
    (ended,) = await floor.facts("callback.ended")
    call = await floor.house.core.pool.fetchval("SELECT id FROM contacts WHERE context ->> 'instead_of' = $1", callback)
    assert (ended["by"], ended["answered_as"]) == ("customer", call)
    await floor.twilio.ends(caller)


async def test_a_caller_who_rather_waited_and_gave_up_is_called_back_all_the_same(floor: Floor) -> None:
    await promised(floor)
    await floor.house.happen(SignedIn("a1001", WANG))
    await floor.house.until(lambda: bool(floor.house.of("presence.changed", agent="a1001")))
    caller = floor.twilio.incoming(TOLL_FREE, "3", "3")
    await floor.twilio.until(lambda: caller.conference)
    await floor.twilio.ends(caller)
    await floor.house.until(lambda: bool(floor.house.of("contact.ended")))
    assert await outcome(floor) == ("open", "")


async def test_a_caller_who_hangs_up_in_the_flow_leaves_nothing_open(floor: Floor) -> None:
    caller = floor.twilio.incoming(TOLL_FREE, "1")
    await floor.twilio.until(lambda: "投诉请按2" in " ".join(caller.heard))
    await floor.twilio.ends(caller)
    await floor.twilio.until(lambda: any("/status" in url for url, _ in floor.twilio.answers))
    assert await floor.house.core.pool.fetchval("SELECT count(*) FROM contacts") == 0


# --- what the network does ----------------------------------------------------------------------------------------


async def test_every_callback_twice_changes_nothing(floor: Floor) -> None:
    floor.twilio.twice = True
    await floor.at_work("a1001", WANG)
    caller, device = await talk(floor)
    await floor.twilio.ends(caller)
    await floor.twilio.until(lambda: not device.alive)
    assert len(await floor.ended()) == 1
    assert {status for _, status in floor.twilio.answers} <= {200, 204}


async def test_callbacks_in_another_order_end_in_the_same_state(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    floor.twilio.held_back = []
    caller = floor.twilio.incoming(HOTLINE)
    device = await floor.twilio.rings(WANG)
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, device))
    await floor.twilio.ends(caller)
    await floor.twilio.until(lambda: not device.alive)
    await floor.twilio.release(backwards=True)
    assert (await floor.ended())[0][0] in ("wrap_up", "ended")
    released = [fact for fact in await floor.facts("call.progress") if fact["what"] == "agent_released"]
    assert released == [], "the agent did not hang up on anybody (A19)"


async def test_lost_callbacks_are_made_up_for_by_looking(floor: Floor) -> None:
    await floor.at_work("a1001", WANG)
    caller, device = await talk(floor)
    floor.twilio.lost = {"completed", "participant-leave", "canceled"}
    caller.status = "completed"
    floor.twilio.lines[device.sid].status = "completed"
    assert await floor.reconciler.round() >= 1
    assert (await floor.ended())[0][0] in ("wrap_up", "ended")


async def test_calls_that_ended_before_this_process_started_are_closed(floor: Floor) -> None:
    """The number's status callback failed while we were away."""
    await floor.at_work("a1001", WANG)
    floor.twilio.lost = {"completed", "participant-leave"}
    caller = floor.twilio.incoming(HOTLINE)
    await floor.twilio.until(lambda: caller.conference)
    caller.status = "completed"
    for call in floor.reconciler._board.calls:
        floor.reconciler._board.over(call)
    assert await floor.reconciler.round() >= 1, "the caller, and the device that rang for him"
    assert await floor.ended() == [("ended", "abandoned")]


async def test_a_caller_who_was_there_before_this_process_is_looked_for_too(floor: Floor) -> None:
    """He hangs up after our start, and his last callback is lost."""
    await floor.at_work("a1001", WANG)
    caller, device = await talk(floor)
    floor.twilio.lost = {"completed", "participant-leave", "canceled"}
    board = floor.reconciler._board
    for leg in board.legs():
        board.forget(leg.call, leg.offer)
    for call in board.calls:
        board.over(call)
    assert await floor.reconciler.round() == 0
    caller.status = "completed"
    floor.twilio.lines[device.sid].status = "completed"
    assert await floor.reconciler.round() >= 1
    assert (await floor.ended())[0][0] in ("wrap_up", "ended")


@pytest.mark.parametrize(("status", "done"), [(429, False), (500, False), (500, True), (503, True)])
async def test_a_busy_platform_rings_once_in_the_end(floor: Floor, status: int, done: bool) -> None:
    await floor.at_work("a1001", WANG)
    floor.twilio.faults.append(("POST Calls", status, done))
    caller = floor.twilio.incoming(HOTLINE)
    device = await floor.twilio.rings(WANG)
    floor.twilio.answer(device)
    await floor.twilio.until(lambda: floor.twilio.talking(caller, device))
    assert len([line for line in floor.twilio.lines.values() if line.to == WANG]) == 1
    await floor.twilio.ends(caller)
    await floor.ended()


async def test_a_call_that_may_not_queue_gets_its_line_s_treatment(floor: Floor) -> None:
    """Nobody is staffed (I3), so the hotline takes a message, and says what routing told (A04)."""
    blocked = floor.twilio.incoming(HOTLINE, message=5)
    await floor.twilio.until(lambda: not blocked.alive)
    assert "线路全忙" in blocked.heard[0]
    assert len(await floor.facts("voicemail.left")) == 1


async def test_the_800_line_promises_a_callback_to_whoever_may_not_queue(floor: Floor) -> None:
    blocked = floor.twilio.incoming(TOLL_FREE, "2", "2", "-", "1", "1")
    await floor.twilio.until(lambda: not blocked.alive)
    assert any("打返俾您" in words for words in blocked.heard)
    rows = await floor.house.core.pool.fetch("SELECT medium FROM contacts ORDER BY id")
    assert [row["medium"] for row in rows] == ["voice", "callback"]
