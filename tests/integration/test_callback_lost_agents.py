"""A callback whose agent is lost: undialled it is for somebody else, dialled it stays with its leg (row 8, A04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from callback_scene import Scene
from desk_floor import KANGJIA
from house import house
from integration.test_callback_windows import at, within_hours

from channels.port import CallReleased
from contactcenter.client import protocol as p
from contactcenter.domain.configuration_rules import check, dump_yaml
from contactcenter.errors import Conflict
from contactcenter.services.replaying import Replaying

MATE = "a1003"


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path, configuration=dump_yaml(check(within_hours()))) as found:
        scene = Scene(found)
        scene.clock.at = at("2026-03-02T15:00")
        yield scene


async def taken(scene: Scene) -> str:
    """Promised for the last two hours of the day; a1002 has it."""
    wish = await scene.asked(window_from=at("2026-03-02T16:00"), window_until=at("2026-03-02T18:00"))
    scene.clock.at = at("2026-03-02T16:05")
    return await scene.taken(wish.contact)


async def owner(scene: Scene, contact: str) -> str:
    found = await scene.core.reads.contact(KANGJIA, contact)
    assert found is not None
    return found.owner


async def his_mate_comes(scene: Scene) -> None:
    await scene.house.at_work(MATE)
    await scene.house.until(lambda: len(scene.house.of("presence.changed", agent=MATE)) == 2)


async def offered_to_his_mate(scene: Scene, contact: str) -> None:
    await his_mate_comes(scene)
    await scene.house.until(lambda: bool(scene.house.of("offer.made", contact=contact, agent=MATE)))


# --- before he dialled ---------------------------------------------------------------------------------------


async def test_somebody_else_calls_within_the_promised_window(scene: Scene) -> None:
    contact = await taken(scene)
    await scene.do(p.SignOut(id="out"))
    assert await scene.fire_now("callback.night") == 1
    await offered_to_his_mate(scene, contact)
    offer = scene.house.of("offer.made", contact=contact, agent=MATE)[-1].offer.id
    await scene.do(p.Accept(id="accept", offer=offer), MATE)
    await scene.do(p.Dial(id="dial", contact=contact), MATE)
    await scene.do(p.Finish(id="finish", contact=contact, result="reached"), MATE)
    found = await scene.one_outcome(contact, "reached")
    assert len(found.attempts) == 1


async def test_one_that_comes_back_at_night_waits_for_the_morning(scene: Scene) -> None:
    """The night began while its agent had it: what was to happen then is asked for again."""
    contact = await taken(scene)
    scene.clock.at = at("2026-03-02T18:00")
    assert await scene.fire("callback.night") == 1
    scene.clock.at = at("2026-03-02T18:10")
    await scene.do(p.SignOut(id="out"))
    assert await scene.fire_now("callback.night") == 1
    await scene.settled(contact)
    found = await scene.promise(contact)
    assert (found.state, [each["result"] for each in found.attempts]) == ("open", ["put_off"])


# --- after he dialled ----------------------------------------------------------------------------------------


async def test_who_signs_out_during_the_call_keeps_it_and_nobody_else_is_asked(scene: Scene) -> None:
    contact = await taken(scene)
    await scene.do(p.Dial(id="dial", contact=contact))
    await scene.do(p.SignOut(id="out"))
    await his_mate_comes(scene)
    assert (await scene.state(contact), await owner(scene, contact)) == ("active", "a1002")
    await scene.heard(CallReleased, f"{contact}/call", by="platform", cause="busy")
    await scene.over(contact)
    assert [each["result"] for each in (await scene.promise(contact)).attempts] == ["busy"]
    assert scene.house.of("offer.made", contact=contact, agent=MATE) == []


async def test_a_dialled_callback_is_not_handed_on(scene: Scene) -> None:
    contact = await taken(scene)
    await scene.do(p.Dial(id="dial", contact=contact))
    with pytest.raises(Conflict) as refused:
        await scene.do(p.Transfer(id="transfer", contact=contact, agent="1003"))
    assert refused.value.code == "already_dialled"
    assert (await scene.state(contact), await owner(scene, contact)) == ("active", "a1002")


async def test_a_router_that_died_before_it_heard_of_the_dialling_hears_of_it_from_its_heir(scene: Scene) -> None:
    """The event is in the transaction of the dialling; another takeover finds it in the contact's row."""
    contact = await taken(scene)
    await scene.house.supervisor.stop("router")
    await scene.do(p.Dial(id="dial", contact=contact))
    scene.house.supervisor.run("router", scene.house.router("two").run)
    await his_mate_comes(scene)
    await scene.house.supervisor.stop("router")
    scene.house.supervisor.run("router", scene.house.router("three").run)
    await scene.do(p.SignOut(id="out"))
    assert (await scene.state(contact), await owner(scene, contact)) == ("active", "a1002")
    await scene.heard(CallReleased, f"{contact}/call", by="platform", cause="busy")
    await scene.over(contact)
    report = await Replaying(scene.core.stores.routing).run("ruixun")
    assert (report.epochs, report.differences) == (3, ())
