"""Why did this contact go there, asked of the log: every moment of its path, any instant, in two languages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import PROVIDER, House
from history import DAY0, HOUR, History
from property.routing_world import S

from contactcenter.clock import rfc3339
from contactcenter.domain.facts import Fact
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.services.explaining import Explaining, Moment
from contactcenter.services.explanation import Explanation
from contactcenter.services.moments import MomentWords, path_lines
from contactcenter.services.views import Scope
from contactcenter.storage.memory import memory_stores
from routing.events import Closed, OfferAccepted, OfferDeclined
from routing.explain import CODES
from routing.model import Outcome

NINE = DAY0 + 9 * HOUR
SHANGHAI = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
async def history() -> History:
    """Two people; ct_1 is declined by the first and taken by the second, ct_2 finds nobody, then somebody."""
    told = History(memory_stores())
    await told.begin(NINE)
    await told.sit(NINE, "a1002")
    await told.sit(NINE + S, "a1003")
    await told.arrive(NINE + 10 * S, "ct_1")
    await told.happen(NINE + 12 * S, OfferDeclined("ct_1/1/a1002", "a1002"))
    await told.happen(NINE + 15 * S, OfferAccepted("ct_1/2/a1003", "a1003"))
    return told


async def facts_of(history: History, contact: str) -> list[Fact]:
    return await history.stores.reads.facts_of_contact(Scope(PROVIDER), contact)


async def path(history: History, contact: str) -> tuple[Moment, ...]:
    return await Explaining(history.stores.routing).path(PROVIDER, contact, await facts_of(history, contact))


async def instant(history: History, contact: str, at: int) -> Moment:
    return await Explaining(history.stores.routing).instant(PROVIDER, contact, at)


def codes(moment: Moment, *numbers: str) -> dict[str, str]:
    """Of the two who are signed in, or of the agents with these numbers."""
    assert moment.explained is not None
    shown = numbers or ("1002", "1003")
    return {reason.number: reason.code for reason in moment.explained.agents if reason.number in shown}


async def test_each_offer_is_explained_as_it_was_when_it_was_made(history: History) -> None:
    first, second = await path(history, "ct_1")
    assert [first.kind, second.kind] == ["offer", "offer"]
    assert codes(first) == {"1002": "chosen", "1003": "less_idle"}
    assert codes(second) == {"1002": "declined", "1003": "chosen"}
    assert first.because is not None
    assert first.explained is not None
    assert len(first.explained.agents) == 10
    assert (first.at, second.at) == (NINE + 10 * S, NINE + 12 * S)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (9.999999, None),
        (10, {"1002": "ringing", "1003": "rings_enough"}),
        (11.999999, {"1002": "ringing", "1003": "rings_enough"}),
        (12, {"1002": "declined", "1003": "ringing"}),
        (15, {"1002": "owned", "1003": "owner"}),
        (600, {"1002": "owned", "1003": "owner"}),
    ],
)
async def test_any_instant_is_that_of_the_last_decision_until_then(
    history: History, seconds: float, found: dict[str, str] | None
) -> None:
    moment = await instant(history, "ct_1", NINE + round(seconds * S))
    assert (codes(moment) if moment.explained else None) == found
    assert moment.same


async def test_before_the_log_and_after_the_end_the_queue_does_not_hold_it(history: History) -> None:
    assert (await instant(history, "ct_1", DAY0)).explained is None
    await history.happen(NINE + 20 * S, Closed("ct_1", "spam"))
    assert (await instant(history, "ct_1", NINE + 20 * S)).explained is None


async def test_a_contact_that_nobody_could_take_is_explained_while_it_waits(history: History) -> None:
    await history.arrive(NINE + 30 * S, "ct_2", needs=(("lang:en", 5),))
    (waits,) = await path(history, "ct_2")
    assert (waits.kind, codes(waits)) == ("waits", {"1002": "skill", "1003": "skill"})


async def test_a_blocked_call_is_explained_by_who_was_free_and_not_asked() -> None:
    """Nobody sits on the lease but one, so the second call finds the only staffed seat taken."""
    told = History(memory_stores())
    await told.begin(NINE)
    await told.sit(NINE, "a1002")
    for number in (1, 2):
        await told.call(NINE + number * S, f"ct_{number}")
    (blocked,) = await path(told, "ct_2")
    assert (blocked.kind, codes(blocked)) == ("blocked", {"1002": "capacity", "1003": "offline"})
    assert [fact.kind for fact in await facts_of(told, "ct_2")] == ["contact.blocked"]


async def test_an_explanation_begins_at_the_nearest_snapshot_and_goes_across_epochs(history: History) -> None:
    whole = await path(history, "ct_1")
    await history.keep()
    await history.arrive(NINE + 30 * S, "ct_2", needs=(("lang:en", 5),))
    await history.begin(NINE + 60 * S)
    await history.sit(NINE + 70 * S, "a1004")
    moments = await path(history, "ct_2")
    assert [moment.kind for moment in moments] == ["waits", "offer"]
    assert codes(moments[1], "1004")["1004"] == "chosen"
    assert all(moment.same for moment in moments)
    assert await path(history, "ct_1") == whole


# --- as lines --------------------------------------------------------------------------------------------------


def speaking(language: str) -> tuple[Explanation, MomentWords]:
    given: Any = (Renderer(catalogue()), language, SHANGHAI, {"a1002": "1002", "a1003": "1003"}.get)
    return Explanation(*given), MomentWords(*given)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Had been idle for less time (1): 1003", "remain (1): 1002", "in (8): 1001, 1004"]),
        ("zh-CN", ["空闲时间较短（1人）：1003", "先前拒绝或未接，还有别人可以接（1人）：1002", "（8人）：1001, 1004"]),
    ],
)
async def test_the_path_names_everybody_by_public_number(history: History, language: str, expected: list[str]) -> None:
    told = path_lines(*speaking(language), await facts_of(history, "ct_1"), await path(history, "ct_1"))
    text = "\n".join(told)
    assert [piece for piece in ["09:00:12.000", *expected] if piece not in text] == []
    assert "a100" not in text


async def test_a_long_group_is_cut_short_unless_all_are_asked_for() -> None:
    told = History(memory_stores())
    await told.begin(NINE)
    await told.arrive(NINE, "ct_1")
    moment = await Explaining(told.stores.routing).instant(PROVIDER, "ct_1", NINE, everyone=True)
    words = speaking("en")[1]
    short, whole = words.lines(moment), words.lines(moment, whole=True)
    assert any(line.endswith("and more") for line in short)
    assert not any(line.endswith("and more") for line in whole)
    numbers = {reason.number for reason in moment.explained.agents} if moment.explained else set()
    assert all(number in "\n".join(whole) for number in numbers)


def test_every_code_has_its_sentence_in_both_languages() -> None:
    assert all({"zh-CN", "en"} <= set(catalogue()[f"why.not.{code}"]) for code in CODES)


@pytest.mark.parametrize(
    ("language", "talk", "joined"), [("en", "they talk", "Took it over"), ("zh-CN", "通话中", "接手")]
)
def test_a_consult_is_told_with_both_public_numbers(language: str, talk: str, joined: str) -> None:
    words, _ = speaking(language)
    data: dict[str, Any] = {"owner": "a1002", "offer": "o"}
    began = Fact(id="1", at=NINE, kind="consult.began", provider="p", agent="a1003", data=data)
    assert words.line(began).endswith(f"1002 → 1003: {talk}")
    owned = {"waited": 0, "by": "a1002", "reason": "consult"}
    assert joined in words.line(Fact(id="2", at=NINE, kind="contact.assigned", provider="p", agent="a1003", data=owned))
    reasons = ["joined", "left", "finished", "customer_left", "closed", "removed", *(each.value for each in Outcome)]
    keys = {f"why.consulted.{reason}" for reason in reasons if reason != Outcome.ACCEPTED}
    assert all({"zh-CN", "en"} <= set(catalogue()[key]) for key in keys)


@pytest.mark.parametrize(("call", "named"), [("ct_2", "ct_2"), ("phone|pbx-1|7.2", "pbx-1 7.2")])
@pytest.mark.parametrize(("language", "told"), [("en", "calls himself: held"), ("zh-CN", "客户自己来电")])
def test_a_held_callback_names_the_customers_own_call(language: str, told: str, call: str, named: str) -> None:
    words, _ = speaking(language)
    held = Fact(id="1", at=NINE, kind="callback.held", provider="p", contact="ct_1", data={"call": call})
    assert told in words.line(held)
    assert words.line(held).endswith(f": {named}")


@pytest.mark.parametrize(("language", "told"), [("en", "put off"), ("zh-CN", "顺延")])
def test_a_callback_that_was_put_off_names_the_morning(language: str, told: str) -> None:
    words, _ = speaking(language)
    off = Fact(id="1", at=NINE, kind="callback.put_off", provider="p", contact="ct_1", data={"until": NINE})
    assert told in words.line(off)
    assert words.line(off).endswith(" 09:00")


# --- by the API ------------------------------------------------------------------------------------------------


@pytest.fixture
async def house(history: History) -> House:
    found = House(stores=history.stores)
    await found.admit_everybody()
    return found


async def asked(house: House, who: str, path: str) -> tuple[int, Any]:
    async with (
        TestClient(TestServer(house.app())) as client,
        client.get(path, headers=house.headers[who]) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_api_tells_each_moment_with_every_agent_in_one_reason(house: House) -> None:
    status, told = await asked(house, "operator", "/v1/contacts/ct_1/explanation?lang=en")
    assert (status, told["contact"], told["language"]) == (200, "ct_1", "en")
    first, second = told["moments"]
    assert (second["kind"], second["chosen"], second["exact"]) == ("offer", "1003", True)
    numbers = [number for reason in second["reasons"] for number in reason["agents"]]
    assert sorted(numbers) == [str(number) for number in range(1001, 1011)]
    assert {"code": "declined", "why": "Declined or missed it before, and others remain", "agents": ["1002"]} in (
        second["reasons"]
    )
    assert first["rule"]
    assert "a100" not in str(told["path"])


async def test_the_api_tells_an_instant(house: House) -> None:
    at = rfc3339(NINE + 11 * S)
    status, told = await asked(house, "client", f"/v1/contacts/ct_1/explanation?at={at}")
    (moment,) = told["moments"]
    assert (status, moment["kind"], moment["ringing"], moment["waited_s"]) == (200, "instant", ["1002"], 1.0)
    _, told = await asked(house, "client", f"/v1/contacts/ct_1/explanation?at={rfc3339(DAY0)}")
    assert [moment["held"] for moment in told["moments"]] == [False]


@pytest.mark.parametrize("at", ["yesterday", "2026-01-01T09:00:00", "09:00:00"])
async def test_an_instant_without_its_offset_is_refused(house: House, at: str) -> None:
    status, told = await asked(house, "operator", f"/v1/contacts/ct_1/explanation?at={at}")
    assert (status, told["field"]) == (422, "at")


async def test_another_client_does_not_learn_that_there_is_such_a_contact(house: House) -> None:
    assert (await asked(house, "xinghai", "/v1/contacts/ct_1/explanation"))[0] == 404
    assert (await asked(house, "operator", "/v1/contacts/ct_9/explanation"))[0] == 404
    assert (await asked(house, "agent", "/v1/contacts/ct_1/explanation"))[0] == 403
