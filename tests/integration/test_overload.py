"""A backlog, or a store that stands still: what doors answer, what is stored, and how it ends."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from house import EXAMPLE, HOTLINE, House, house

from channels import port
from channels.mail.reception import Reception
from contactcenter.config import Settings
from contactcenter.services import intake
from contactcenter.services.admission import Bounds
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring.core import Core
from contactcenter.wiring.housekeeping import watch_backlog

MAILBOX = "service@kangjia.example"


@pytest.fixture
async def home(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    """Nobody routes here yet, and three undecided events are too many."""
    async with house(pool, tmp_path, routed=False, first_decision_ms=1) as found:
        found.core.admission._bounds = Bounds(depth=3, age_s=60.0)
        yield found


async def fill(home: House) -> port.Receipt:
    """One call and its alerting, beside the configuration: the backlog is full."""
    taken = await home.call(call="first", caller="13900000001")
    await home.core.intake.accept(port.CallAlerting(source="pbx-1", external_id="alerting", call="first"))
    await home.call(call="second", caller="13900000002")
    await watch_backlog(home.core).look()
    return taken


async def test_new_contacts_are_refused_until_the_backlog_is_worked_off(home: House) -> None:
    await fill(home)
    for _ in range(2):
        with pytest.raises(port.IntakeOverloaded):
            await home.call(call="third", caller="13900000003")
    assert await home.core.pool.fetchval("SELECT count(*) FROM receipts WHERE external_id = 'third-offered'") == 0
    home.supervisor.run("router", home.router().run)
    await home.until(lambda: len(home.of("contact.blocked")) == 2)
    await watch_backlog(home.core).look()
    assert (await home.call(call="third", caller="13900000003")).contact


async def test_what_is_here_already_is_taken_and_a_repeat_is_answered(home: House) -> None:
    taken = await fill(home)
    again = await home.call(call="first", caller="13900000001")
    assert (again.contact, again.duplicate) == (taken.contact, True)
    released = port.CallReleased(source="pbx-1", external_id="released", call="first")
    assert (await home.core.intake.accept(released)).contact == taken.contact
    left = port.VoicemailLeft(source="pbx-1", external_id="left", call="first", dialled=HOTLINE, caller="13900000001")
    assert (await home.core.intake.accept(left)).contact


async def test_a_mail_server_is_told_to_keep_the_mail(home: House) -> None:
    await fill(home)
    reception = Reception(home.core.intake, home.core.directories.mailboxes)
    raw = b"From: li@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n"
    said = await reception.deliver(raw, mailboxes=[MAILBOX], envelope_from="li@example.com")
    assert said.startswith("451 4.3.1")
    assert await home.core.pool.fetchval("SELECT count(*) FROM receipts WHERE source = $1", MAILBOX) == 0


async def test_a_store_that_stands_still_is_waited_for_only_so_long(
    home: House, pg_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "STORING_S", 0.3)
    holder = await asyncpg.connect(pg_dsn)
    async with holder.transaction():
        await holder.execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")
        calls = (home.call(call=f"c{n}", caller=f"1390000000{n}") for n in range(5))
        told = await asyncio.gather(*calls, return_exceptions=True)
    await holder.close()
    assert {type(each) for each in told} == {port.IntakeBusy}
    monkeypatch.undo()
    for n in range(5):
        assert (await home.call(call=f"c{n}", caller=f"1390000000{n}")).contact
    assert await home.core.pool.fetchval("SELECT count(*) FROM contacts") == 5


async def test_a_store_that_is_gone_is_said_at_once_and_nothing_is_half_written(tmp_path: Path) -> None:
    with EmbeddedPostgres(_folder()) as server:
        pool = await open_pool(server.dsn)
        core = Core(Settings(data_dir=tmp_path, first_decision_ms=1), pool, "one")
        await _prepared(core)
        watch = watch_backlog(core)
        await watch.look()
        server.stop()
        called = port.CallOffered(source="pbx-1", external_id="1", call="c", dialled=HOTLINE)
        ringing = port.CallAlerting(source="pbx-1", external_id="2", call="c")
        async with asyncio.timeout(3):
            for inbound in (called, ringing):
                with pytest.raises(port.IntakeBusy):
                    await core.intake.accept(inbound)
        await watch.look()
        with pytest.raises(port.IntakeOverloaded):
            core.admission.check(called)
        server.start()
        await watch.look()
        assert (await core.intake.accept(called)).contact
        await pool.close()


def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="contactcenter-overload-")
    os.chmod(folder, 0o755)
    return f"{folder}/pg"


async def _prepared(core: Core) -> None:
    async with core.pool.acquire() as connection:
        await migrate(connection)
    await core.configuring.apply("", EXAMPLE, by="test")
    await core.directories.refresh()
