"""A callback whose call is under way stays with the agent who made it: the phone platform knows of no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from callback_scene import Scene
from desk_floor import KANGJIA
from house import house

from channels.port import CallReleased
from contactcenter.client import protocol as p
from contactcenter.errors import Conflict
from contactcenter.services.supervision import Supervision


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path) as found:
        yield Scene(found)


async def refused(scene: Scene, command: p.Command) -> str:
    with pytest.raises(Conflict) as said:
        await scene.do(command)
    return said.value.code


async def test_a_callback_on_the_phone_is_not_handed_to_somebody_who_could_not_have_its_call(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await scene.dialled(contact)
    assert await refused(scene, p.Transfer(id="t-1", contact=contact, agent="1003")) == "already_dialled"
    assert await scene.state(contact) == "active"


async def test_a_callback_that_was_not_dialled_yet_is_handed_on_as_ever(scene: Scene) -> None:
    contact = await scene.taken((await scene.asked()).contact)
    assert await scene.do(p.Transfer(id="t-1", contact=contact, agent="1003")) == {}


async def test_who_signs_out_on_a_callback_talks_on_until_it_is_over(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    assert await scene.do(p.SignOut(id="out-1")) == {}
    assert await scene.state(contact) == "active"
    await scene.heard(CallReleased, call, by="customer")
    await scene.house.until(lambda: bool(scene.house.of("wrap_up.began", contact=contact)))


async def closed(scene: Scene, contact: str) -> None:
    core = scene.core
    boss = Supervision(
        reads=core.reads,
        changes=core.stores.changes,
        bus=core.bus,
        clock=scene.clock,
        ids=core.ids,
        directory_of=core.directories.of,
    )
    await boss.close(KANGJIA, contact, by="boss", reason="spam")
    await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=contact)))


async def sent(scene: Scene) -> list[tuple[str, str | None]]:
    rows = await scene.core.pool.fetch(
        "SELECT payload->>'verb' AS verb, payload->>'agent' AS agent FROM outbox WHERE kind = 'phone'"
    )
    return [(row["verb"], row["agent"]) for row in rows]


async def test_a_callback_that_a_supervisor_closes_on_the_phone_is_hung_up_and_not_called_again(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await closed(scene, contact)
    assert sorted(await sent(scene)) == [("dial", "1002"), ("hang_up", None)]
    await scene.heard(CallReleased, call, by="platform")
    found = await scene.one_outcome(contact, "closed")
    assert (found.ended_by, found.attempts) == ("boss", ())


async def test_a_callback_that_a_supervisor_closes_before_it_is_dialled_needs_no_phone(scene: Scene) -> None:
    contact = await scene.taken((await scene.asked()).contact)
    await closed(scene, contact)
    await scene.settled(contact)
    assert await sent(scene) == []
    await scene.one_outcome(contact, "closed")
