"""What must hold inside a configuration: each broken rule is found at its place, with its arithmetic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contactcenter.domain import configuration as c
from contactcenter.domain.configuration_rules import Problem, check, load_yaml, problems, warnings
from contactcenter.errors import Invalid

ROOT = Path(__file__).parents[2]
DEMO = load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))
KANGJIA = replace(DEMO.leases[0], ends=dt.date(2027, 1, 1))
PLAN = DEMO.plans[0]
YEAR = (dt.date(2026, 1, 1), dt.date(2027, 1, 1))


def found(document: c.Document, code: str) -> list[Problem]:
    return [problem for problem in problems(document) if problem.code == code]


def edit(section: str, index: int, **changes: Any) -> c.Document:
    items = list(getattr(DEMO, section))
    items[index] = replace(items[index], **changes)
    return replace(DEMO, **{section: tuple(items)})


def leased(seats: int) -> c.Document:
    """Ruixun with Kangjia's ten and one more lease of so many seats, nobody else (row 6 of the acceptance script)."""
    other = replace(KANGJIA, id="other", client="xinghai", lines=seats, people=seats)
    return replace(
        DEMO,
        leases=(KANGJIA, other),
        agents=DEMO.agents[:10],
        **{
            name: tuple(x for x in getattr(DEMO, name) if x.client == "kangjia")
            for name in ("lines", "mailboxes", "sites")
        },
    )


def test_the_demo_breaks_no_rule_and_raises_no_warning() -> None:
    assert problems(DEMO) == []
    assert check(DEMO) is DEMO


def test_the_demo_is_the_arrangement_of_the_seeds() -> None:
    assert (DEMO.provider.lines, DEMO.provider.people, len(DEMO.agents)) == (100, 100, 100)
    assert (DEMO.leases[0].lines, DEMO.leases[0].people) == (10, 10)
    ours = [agent for agent in DEMO.agents if agent.lease == "kangjia-2026"]
    assert [agent.number for agent in ours] == [str(n) for n in range(1001, 1011)]
    assert sum("lang:yue" in agent.skills for agent in ours) == 2
    assert sum("lang:en" in agent.skills for agent in ours) == 3


def test_a_lease_of_90_beside_kangjias_ten_is_accepted() -> None:
    check(leased(90))


def test_a_lease_of_91_beside_kangjias_ten_is_refused_with_the_sum() -> None:
    with pytest.raises(Invalid) as refused:
        check(leased(91))
    assert refused.value.code == "overleased"
    assert refused.value.field == "leases[1].lines"
    assert "10 (kangjia-2026) + 91 (other) = 101 leased lines, but ruixun has 100" in str(refused.value)
    assert "= 101 leased people, but ruixun has 100" in str(refused.value)


def test_leases_that_follow_each_other_are_not_added() -> None:
    document = leased(91)
    later = replace(document.leases[1], starts=YEAR[1], ends=dt.date(2028, 1, 1))
    assert found(replace(document, leases=(KANGJIA, later)), "overleased") == []


def test_one_common_day_is_an_overlap() -> None:
    document = leased(91)
    later = replace(document.leases[1], starts=dt.date(2026, 12, 31), ends=dt.date(2028, 1, 1))
    [lines, people] = found(replace(document, leases=(KANGJIA, later)), "overleased")
    assert lines.message.startswith("from 2026-12-31: ")
    assert people.path == "leases[1].people"


BROKEN: list[tuple[str, Callable[[], c.Document], str, str]] = [
    ("line_without_person", lambda: edit("leases", 0, lines=9), "leases[0].people", "9 lines with 10 people"),
    ("term", lambda: edit("leases", 0, ends=YEAR[0]), "leases[0].ends", "not after its start"),
    ("too_many_agents", lambda: edit("leases", 0, lines=9, people=9), "leases[0].people", "10 agents on a lease of 9"),
    ("unknown", lambda: edit("leases", 0, client="konka"), "leases[0].client", "there is no client 'konka'"),
    ("unknown", lambda: edit("agents", 3, lease="x"), "agents[3].lease", "there is no lease 'x'"),
    ("unknown", lambda: edit("views", 0, plan="x"), "views[0].plan", "there is no plan 'x'"),
    ("unknown", lambda: edit("lines", 0, view="x"), "lines[0].view", "there is no view 'x'"),
    ("unknown", lambda: edit("clients", 0, calendar="x"), "clients[0].calendar", "there is no calendar 'x'"),
    ("unknown", lambda: replace(DEMO, media=DEMO.media[1:]), "views[0].medium", "there is no media rule 'voice'"),
    ("foreign_lease", lambda: edit("lines", 0, lease="xinghai-2026"), "lines[0].lease", "belongs to xinghai"),
    ("foreign_lease", lambda: edit("sites", 0, lease="xinghai-2026"), "sites[0].lease", "not to kangjia"),
    ("wrong_medium", lambda: edit("mailboxes", 0, view="chat"), "mailboxes[0].view", "view chat is for chat"),
    ("duplicate", lambda: edit("agents", 1, number="1001"), "agents[1].number", "'1001' is used twice"),
    ("duplicate", lambda: edit("agents", 1, id="a1001"), "agents[1].id", "'a1001' is used twice"),
    ("duplicate", lambda: edit("lines", 1, number="+86 400-000-0101"), "lines[1].number", "used twice"),
    ("duplicate", lambda: edit("mailboxes", 1, address="Service@Kangjia.example"), "mailboxes[1].address", "twice"),
    ("duplicate", lambda: edit("sites", 1, id="kangjia-web"), "sites[1].id", "twice"),
    ("no_callback_view", lambda: replace(DEMO, callbacks=c.Callbacks({})), "lines[1].blocked", "no view for kangjia"),
    ("capacity", lambda: edit("agents", 0, capacity=50), "agents[0].capacity", "50 units, one voice takes 60"),
    ("tiers", lambda: edit("media", 1, max_wait_s={"gold": 1}), "media[1].max_wait_s", "platinum, iron, lead"),
    ("no_cycle", lambda: edit("views", 0, plan="chat"), "views[0].plan", "calls need a plan with a ring cycle"),
    ("ring_plan_for_text", lambda: edit("views", 1, plan="jp-three-rings"), "views[1].plan", "counts rings"),
    ("greeting", lambda: edit("clients", 0, greeting={"zh-CN": "你好,康佳"}), "clients[0].greeting.zh-CN", "{number}"),
    ("greeting", lambda: edit("clients", 0, greeting={"zh-CN": "你好,{number}"}), "clients[0].greeting.zh-CN", "name"),
    ("greeting", lambda: edit("clients", 0, greeting={"zh-CN": "{x}"}), "clients[0].greeting.zh-CN", "{x}"),
    ("greeting", lambda: edit("clients", 0, greeting={"zh-CN": "{"}), "clients[0].greeting.zh-CN", "braces"),
    ("language", lambda: edit("clients", 0, default_language="ja"), "clients[0].name", "no ja text"),
    (
        "brand",
        lambda: edit("clients", 0, greeting={"zh-CN": "你好,康佳,瑞 訊 {number} 号"}),
        "clients[0].greeting.zh-CN",
        "'瑞訊'",
    ),
    ("brand", lambda: edit("mailboxes", 0, address="k@Rui-Xun.example"), "mailboxes[0].address", "(I5)"),
    ("address", lambda: edit("mailboxes", 0, address="nobody"), "mailboxes[0].address", "not a mail address"),
    ("origin", lambda: edit("sites", 0, origins=("kangjia.example",)), "sites[0].origins[0]", "not an origin"),
    ("url", lambda: edit("sources", 0, control_url="ftp://x"), "sources[0].control_url", "not an http address"),
    ("time_zone", lambda: edit("calendars", 0, time_zone="Asia/Peking"), "calendars[0].time_zone", "Asia/Peking"),
    ("weekly", lambda: edit("calendars", 0, weekly=DEMO.calendars[0].weekly[:6]), "calendars[0].weekly", "6 weekdays"),
    ("never_open", lambda: edit("calendars", 0, weekly=((),) * 7), "calendars[0].weekly", "never open"),
    (
        "stretch",
        lambda: edit("calendars", 0, weekly=((c.Interval("18:00", "09:00"),), *((),) * 6)),
        "calendars[0].weekly[0][0]",
        "closes 09:00 is not after opens 18:00",
    ),
    (
        "stretch",
        lambda: edit("calendars", 0, weekly=((c.Interval("09:00", "12:00"), c.Interval("11:00", "24:00")), *((),) * 6)),
        "calendars[0].weekly[0][1]",
        "opens 11:00 before 12:00",
    ),
    (
        "duplicate",
        lambda: edit("calendars", 0, overrides=(c.Override(YEAR[0]), c.Override(YEAR[0]))),
        "calendars[0].overrides[1].date",
        "2026-01-01",
    ),
]


@pytest.mark.parametrize(("code", "make", "path", "words"), BROKEN)
def test_a_broken_rule_is_found_at_its_place(code: str, make: Callable[[], c.Document], path: str, words: str) -> None:
    matching = [p for p in found(make(), code) if p.path == path]
    assert any(words in problem.message for problem in matching)
    assert not any(problem.warning for problem in matching)


def plan(cycle_ms: int, *steps: tuple[int, int], life_ms: int = 20_000, parallel_max: int = 5) -> c.Document:
    ringing = tuple(c.RingStep(after_ms=after, ring=ring) for after, ring in steps)
    changed = c.RingPlan(PLAN.id, ringing, life_ms, cycle_ms, parallel_max)
    return replace(DEMO, plans=(changed, *DEMO.plans[1:]))


RINGS = [
    (
        plan(5000, (0, 1), (6000, 2), (12000, 5)),
        "plans[0].steps",
        "steps end at 12.0 s but 2 cycles of 5.0 s are 10.0 s",
    ),
    (plan(3000, (0, 1), (4000, 2), (8000, 5)), "plans[0].steps", "steps end at 8.0 s but 2 cycles of 3.0 s are 6.0 s"),
    (plan(5000, (0, 1), (6000, 7)), "plans[0].steps[1].ring", "rings 7 phones, but parallel_max is 5"),
    (plan(5000, (1000, 1)), "plans[0].steps", "the first step must start after 0 ms"),
    (plan(0), "plans[0].steps", "the first step must start after 0 ms"),
    (plan(5000, (0, 2), (6000, 2)), "plans[0].steps[1]", "rings more phones"),
    (plan(5000, (0, 1), (0, 2)), "plans[0].steps[1]", "later"),
    (plan(5000, (0, 1), life_ms=14_000), "plans[0].offer_life_ms", "lives 14.0 s but 3 cycles of 5.0 s are 15.0 s"),
    (plan(5000, (0, 1), life_ms=21_000), "plans[0].offer_life_ms", "rings at most 20.0 s"),
    (plan(7000, (0, 1)), "plans[0].offer_life_ms", "3 cycles of 7.0 s are 21.0 s"),
]


@pytest.mark.parametrize(("document", "path", "words"), RINGS)
def test_a_ring_plan_that_cannot_fit_is_refused_with_the_arithmetic(
    document: c.Document, path: str, words: str
) -> None:
    assert any(p.path == path and words in p.message for p in problems(document))


def test_an_offer_may_live_exactly_three_cycles_and_a_plan_end_exactly_with_the_second() -> None:
    assert problems(plan(5000, (0, 1), (10_000, 5), life_ms=15_000)) == []


@pytest.mark.parametrize("name", ["cn-three-rings", "us-three-rings", "jp-three-rings", "uk-three-rings"])
def test_the_plans_of_the_demo_leave_the_last_cycle_for_the_parallel_step(name: str) -> None:
    fitting = next(each for each in DEMO.plans if each.id == name)
    assert fitting.steps[-1].after_ms <= 2 * fitting.cycle_ms


def ladder(level: int, vip_level: int = 2, **changes: Any) -> c.Document:
    levels = list(DEMO.ladder.levels)
    levels[level] = replace(levels[level], **changes)
    return replace(DEMO, ladder=replace(DEMO.ladder, levels=tuple(levels), vip_level=vip_level))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (ladder(0, limit_fen=0), "no_authority"),
        (ladder(2, limit_fen=1), "authority"),
        (ladder(1, decide_s=1), "clocks"),
        (ladder(1, vip_level=5), "levels"),
        (replace(DEMO, ladder=replace(DEMO.ladder, levels=DEMO.ladder.levels[:2])), "levels"),
    ],
)
def test_a_ladder_that_cannot_work_is_refused(document: c.Document, code: str) -> None:
    assert found(document, code)


def test_a_need_that_nobody_of_the_lease_has_is_a_warning_only() -> None:
    document = edit("views", 4, needs={"complaint": 5})
    assert check(document) is document
    assert [str(warning) for warning in warnings(document)] == [
        "views[4].needs: nobody of lease kangjia-2026 has complaint 5"
    ]


def test_missing_people_and_supervisors_are_warnings() -> None:
    document = replace(DEMO, agents=tuple(replace(agent, supervisor=False) for agent in DEMO.agents[1:]))
    assert {warning.code for warning in warnings(check(document))} == {"unstaffed", "no_supervisor"}


def test_a_house_that_serves_itself_may_say_its_own_name() -> None:
    own = replace(DEMO.provider, name={"zh-CN": "康佳", "en": "Kangjia"}, id="kangjia")
    assert [p for p in found(replace(DEMO, provider=own), "brand") if "clients[0]" in p.path] == []


def test_all_that_refuses_is_listed_together() -> None:
    with pytest.raises(Invalid) as refused:
        check(replace(edit("leases", 0, lines=9), agents=(*DEMO.agents, DEMO.agents[0])))
    listed = refused.value.details["problems"]
    assert isinstance(listed, tuple)
    assert {"line_without_person", "duplicate", "too_many_agents"} <= {problem.code for problem in listed}
