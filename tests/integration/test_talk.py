"""What an agent does during a call, on a real database with a real router: rows, facts and commands to the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from desk_floor import Floor
from house import house
from talking import OWNER, SECOND, Talking

from channels.port import CallProgress, CallReleased
from contactcenter.client import protocol as p
from contactcenter.errors import Conflict, ContactCenterError, Forbidden, Invalid
from contactcenter.services.notices import NoticePush, decode_push


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found)


@pytest.fixture
async def talk(floor: Floor) -> Talking:
    talking = Talking(floor)
    await talking.begin()
    return talking


async def refusal(floor: Floor, command: p.Command, agent: str = OWNER) -> str:
    with pytest.raises(ContactCenterError) as refused:
        await floor.do(command, agent)
    return refused.value.code


# --- hold and recording ------------------------------------------------------------------------------------


async def test_hold_resume_and_recording_are_told_to_the_platform_once_each(floor: Floor, talk: Talking) -> None:
    assert await floor.do(p.Hold(id="h", contact=talk.contact)) == {}
    assert await floor.do(p.Hold(id="h", contact=talk.contact)) == {"duplicate": True}
    await floor.do(p.Resume(id="r", contact=talk.contact))
    for state in ("on", "pause", "off"):
        await floor.do(p.Record(id=f"rec-{state}", contact=talk.contact, state=state))
    assert await talk.verbs() == ["hold", "pause_record", "record", "resume", "ring", "stop_record"]
    row = await floor.row(
        "SELECT payload->>'call' AS call, payload->>'source' AS source, not_after FROM outbox"
        " WHERE payload->>'verb' = 'hold'"
    )
    assert (row["call"], row["source"]) == ("talk-1", "pbx-1")
    assert row["not_after"] is not None
    kinds = await floor.house.facts(talk.contact)
    told = sorted(kind for kind in kinds if kind.startswith("call."))
    assert told == ["call.held", *["call.recording"] * 3, "call.resumed"]


async def test_only_the_owner_of_a_call_controls_it(floor: Floor, talk: Talking) -> None:
    hold = p.Hold(id="h", contact=talk.contact)
    assert await refusal(floor, hold, SECOND) == "not_owner"
    assert await refusal(floor, p.Record(id="x", contact=talk.contact, state="loud")) == "recording"
    await floor.do(p.HangUp(id="bye", contact=talk.contact))
    assert await refusal(floor, hold) == "contact_not_active"
    assert await talk.verbs() == ["hang_up", "ring"]
    assert "call.hung_up" in await floor.house.facts(talk.contact)


async def test_what_is_no_call_is_neither_held_nor_consulted_about(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    for command in (
        p.Hold(id="h", contact=contact),
        p.Consult(id="c", contact=contact, agent="1003"),
        p.HangUp(id="u", contact=contact),
    ):
        assert await refusal(floor, command) == "not_a_call"


# --- consults ----------------------------------------------------------------------------------------------


async def test_a_warm_transfer_rings_talks_and_joins(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    assert await talk.assignments() == [("owner", OWNER, "live"), ("consult", SECOND, "live")]
    desk = await floor.core.reads.desk("ruixun", SECOND)
    assert desk is not None
    assert [(each.owner, each.agent, each.talking) for each in desk.consults] == [(OWNER, SECOND, True)]
    assert await floor.do(p.Join(id="j", contact=talk.contact)) == {}
    assert await floor.do(p.Join(id="j", contact=talk.contact)) == {}
    await talk.leg_ended(OWNER, by="platform")
    assert await talk.assignments() == [
        ("owner", OWNER, "joined"),
        ("consult", SECOND, "joined"),
        ("owner", SECOND, "live"),
    ]
    assert await talk.verbs() == ["consult", "join", "ring"]
    row = await floor.row("SELECT state, owner_id FROM contacts WHERE id = $1", talk.contact)
    assert (row["state"], row["owner_id"]) == ("active", SECOND)


async def test_who_leaves_goes_back_to_the_customer(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    assert await refusal(floor, p.Transfer(id="t", contact=talk.contact, agent="1003")) == "consult_running"
    assert await floor.do(p.Leave(id="l", contact=talk.contact), SECOND) == {}
    assert await talk.assignments() == [("owner", OWNER, "live"), ("consult", SECOND, "left")]
    assert await talk.verbs() == ["consult", "leave", "ring"]
    assert await refusal(floor, p.Join(id="j", contact=talk.contact)) == "no_consult"


async def test_the_second_phone_that_declines_or_hangs_up_ends_no_call(floor: Floor, talk: Talking) -> None:
    home = floor.house
    await floor.do(p.Consult(id="c1", contact=talk.contact, agent="1003"))
    assert await refusal(floor, p.Consult(id="c2", contact=talk.contact, agent="1003")) == "consult_running"
    await talk.leg_ended(SECOND, cause="declined")
    await home.until(lambda: bool(home.of("consult.ended", reason="declined")))
    assert await talk.verbs() == ["consult", "leave", "ring"]
    assert await refusal(floor, p.Consult(id="c3", contact=talk.contact, agent="1003")) == "agent_not_available"
    row = await floor.row("SELECT state, owner_id FROM contacts WHERE id = $1", talk.contact)
    assert (row["state"], row["owner_id"]) == ("active", OWNER)


async def test_the_consulted_leg_that_ends_frees_its_agent_and_no_one_else(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    await talk.leg_ended(SECOND)
    home = floor.house
    await home.until(lambda: bool(home.of("consult.ended", reason="left")))
    assert await talk.assignments() == [("owner", OWNER, "live"), ("consult", SECOND, "left")]


async def test_a_customer_who_hangs_up_frees_both(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    await talk.heard(CallReleased(source="pbx-1", external_id=talk.name(), call=talk.call))
    home = floor.house
    await home.until(lambda: bool(home.of("wrap_up.began", contact=talk.contact)))
    assert [each.reason for each in home.of("consult.ended")] == ["customer_left"]
    used = await floor.row("SELECT used_units FROM presences WHERE agent_id = $1", SECOND)
    assert used["used_units"] == 0


async def test_a_view_or_a_number_names_who_is_asked(floor: Floor, talk: Talking) -> None:
    with pytest.raises(Invalid):
        await floor.do(p.Consult(id="c1", contact=talk.contact))
    with pytest.raises(Invalid):
        await floor.do(p.Consult(id="c2", contact=talk.contact, agent="9999"))
    view = (await floor.row("SELECT view FROM contacts WHERE id = $1", talk.contact))["view"]
    assert await floor.do(p.Consult(id="c3", contact=talk.contact, view=view)) == {}
    assert floor.house.of("consult.asked")[-1].agent == SECOND


# --- complaints --------------------------------------------------------------------------------------------


async def test_a_complaint_on_the_phone_is_never_transferred_blind(floor: Floor) -> None:
    talk = Talking(floor)
    contact = await talk.begin(complaint=True)
    for number, target in enumerate(({"agent": "1003"}, {"view": "voice"})):
        with pytest.raises(Conflict) as refused:
            await floor.do(p.Transfer(id=f"t{number}", contact=contact, **target))
        assert refused.value.code == "consult_first"


async def test_a_complainant_on_hold_is_a_fact_and_seen_by_the_supervisors(floor: Floor, talk: Talking) -> None:
    async with floor.core.bus.subscribe("desk:a1001", "desk:a1011") as pushes:
        await floor.do(p.Hold(id="before", contact=talk.contact))
        await floor.do(p.Complain(id="x", contact=talk.contact, summary="电视没有声音"))
        await floor.do(p.Hold(id="after", contact=talk.contact))
        await floor.core.bus.publish("desk:a1001", b"last")
        heard = [decode_push(push) async for push in _until_last(pushes)]
    told = [
        (each.agent, each.params) for each in heard if isinstance(each, NoticePush) and each.notice == "complaint_held"
    ]
    assert told == [("a1001", {"number": "1002"})], (
        "once, for the hold of the complaint, to the client's own supervisor"
    )
    rows = await floor.core.pool.fetch(
        "SELECT data->>'complaint' AS told FROM facts WHERE kind = 'call.held' ORDER BY at"
    )
    assert [row["told"] for row in rows] == [None, "true"]


async def test_a_complainant_whom_the_agents_own_phone_holds_is_seen_too(floor: Floor, talk: Talking) -> None:
    async def by_phone() -> None:
        held = CallProgress(source="pbx-1", external_id=talk.name(), call=talk.call, what="held")
        await talk.heard(held)

    floor.core.intake._clock = floor.clock
    await by_phone()
    await floor.do(p.Complain(id="x", contact=talk.contact, summary="电视没有声音"))
    await floor.house.until(lambda: bool(floor.house.of("contact.changed", contact=talk.contact)))
    async with floor.core.bus.subscribe("desk:a1001", "desk:a1011") as pushes:
        await by_phone()
        floor.clock.pass_s(60)
        await floor.do(p.Hold(id="desk", contact=talk.contact))
        await by_phone()
        floor.clock.pass_s(60)
        await talk.consulting()
        await by_phone()
        await floor.core.bus.publish("desk:a1001", b"last")
        heard = [decode_push(push) async for push in _until_last(pushes)]
    told = [each for each in heard if isinstance(each, NoticePush) and each.notice == "complaint_held"]
    assert [(each.agent, each.params, each.contact) for each in told] == [
        ("a1001", {"number": "1002"}, talk.contact)
    ] * 2, "by his phone, and from the desk; not for the consult"
    rows = await floor.core.pool.fetch("SELECT data->>'by' AS by FROM facts WHERE kind = 'call.held' ORDER BY at")
    assert [row["by"] for row in rows] == ["device", None]


async def _until_last(pushes: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for push in pushes:
        if push == b"last":
            return
        yield push


async def test_the_accused_is_neither_asked_nor_joined(floor: Floor) -> None:
    talk = Talking(floor)
    contact = await talk.begin()
    await floor.do(p.Complain(id="x", contact=contact, summary="他骂人", accused="1003"))
    with pytest.raises(Forbidden) as refused:
        await floor.do(p.Consult(id="c", contact=contact, agent="1003"))
    assert refused.value.code == "accused"
    asked = p.Consult(id="v", contact=contact, view="voice")
    assert await refusal(floor, asked) == "agent_not_available"
    assert floor.house.of("consult.asked", contact=contact) == []


async def test_the_consulted_agent_sees_the_call_become_a_complaint(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    async with floor.served() as url, await floor.client(url, SECOND) as desk:
        await desk.until(lambda state: talk.contact in state.consults)
        await floor.do(p.Complain(id="x", contact=talk.contact, summary="电视没有声音"))
        seen = await desk.until(lambda state: _is_complaint(state.consults[talk.contact]))
        assert seen.consults[talk.contact].by == "1002"


def _is_complaint(consult: p.ConsultCard) -> bool:
    return consult.card is not None and consult.card.complaint


async def test_a_router_that_takes_over_knows_the_consult(floor: Floor, talk: Talking) -> None:
    await talk.consulting()
    loaded = await floor.core.stores.routing.load("ruixun")
    (record,) = [record for record, _ in loaded.records if record.contact.id == talk.contact]
    assert record.consult is not None
    assert (record.consult.agent, record.consult_since > 0) == (SECOND, True)
