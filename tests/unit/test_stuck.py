"""The reaper: gauges for every kind, repairs where nobody else would, one fact while it lasts."""

from __future__ import annotations

from contactcenter.errors import Busy
from contactcenter.realtime.bus import LocalBus
from contactcenter.services.changes import Changes, NewEvent, TimerSet
from contactcenter.services.stuck import ALLOWED, Reaping
from contactcenter.services.views import StuckRow
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from contactcenter.storage.memory.stuck import KINDS
from contactcenter.workers.reaper import Reaper
from routing.events import Ticked

T0 = 1_767_225_600_000_000
S = 1_000_000


class Hand:
    def __init__(self) -> None:
        self.at = T0

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / S

    async def sleep(self, seconds: float) -> None:
        self.at += round(seconds * S)

    def new(self, prefix: str) -> str:
        self.at += 1
        return f"{prefix}_{self.at}"

    def token(self) -> str:
        return "token"


class Scene:
    def __init__(self) -> None:
        self.hand = Hand()
        self.database = MemoryDatabase(clock=self.hand)
        self.stores = memory_stores(self.database)
        self.bus = LocalBus()
        self.gauges: dict[str, int] = {}
        self.reaping = Reaping(self.stores.stuck, self.stores.changes, self.bus, self.hand, self.hand)

    async def look(self) -> list[tuple[str, StuckRow]]:
        return await self.reaping.look(self.gauges.__setitem__)

    @property
    def facts(self) -> list[str]:
        return [fact.data["what"] for fact in self.database.tables.facts.values() if fact.kind == "ops.stuck"]

    async def timer(self, name: str = "tm_1", due_at: int = T0) -> None:
        row = TimerSet(id=name, kind="case.due", provider="ruixun", client="kangjia", subject="cs_1", due_at=due_at)
        await self.stores.changes.apply(Changes(timers=[row]))


def test_every_kind_has_a_query_in_both_worlds() -> None:
    assert set(KINDS) == set(ALLOWED)


async def test_all_is_well_is_said_of_every_kind() -> None:
    scene = Scene()
    assert await scene.look() == []
    assert scene.gauges == dict.fromkeys(ALLOWED, 0)


async def test_what_is_within_its_allowance_is_not_stuck() -> None:
    scene = Scene()
    await scene.timer()
    scene.hand.at = T0 + (ALLOWED["timers"] - 1) * S
    assert await scene.look() == []
    scene.hand.at += 2 * S
    assert [(what, row.id) for what, row in await scene.look()] == [("timers", "tm_1")]
    assert scene.gauges["timers"] == 1


async def test_one_fact_tells_of_it_until_it_is_over_and_happens_again() -> None:
    scene = Scene()
    await scene.timer()
    scene.hand.at = T0 + 3600 * S
    await scene.look()
    await scene.look()
    assert scene.facts == ["timers"]
    await scene.stores.changes.apply(Changes(timers_fired=["tm_1"]))
    assert await scene.look() == []
    await scene.timer("tm_2")
    await scene.look()
    assert scene.facts == ["timers", "timers"]


async def test_the_router_of_undecided_events_is_woken() -> None:
    scene = Scene()
    event = NewEvent(domain="ruixun", event=Ticked(), received_at=T0)
    await scene.stores.changes.apply(Changes(events=[event]))
    scene.hand.at = T0 + 3600 * S
    async with scene.bus.subscribe("domain:ruixun") as hints:
        await scene.look()
        assert await anext(aiter(hints)) == b""


async def test_a_store_that_is_away_ends_no_reaper() -> None:
    scene = Scene()

    async def away() -> None:
        raise Busy("gone")

    scene.database.latency = away
    await Reaper(scene.reaping, scene.hand, scene.gauges.__setitem__).round()
    assert scene.gauges == {}
