"""What the floor looks like now, and what a day came to: values for wallboards, reports and the demo's last table.

The live board is computed once per scope and half second, however many wallboards look at it. A day is
recomputed from its facts by an injected pure function (`metrics.recompute`), so that the same number can be
had again years later; every number names its formula.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from contactcenter.clock import SECOND, Clock, Micros, rfc3339, to_datetime, to_micros
from contactcenter.domain.facts import Fact
from contactcenter.services.expected_waits import RECENT, TierWaits, waits_now
from contactcenter.services.ports import Reads
from contactcenter.services.views import QueueLine, Scope, SeatLine

ENDED = "contact.ended."
OPEN_STATES = ("new", "waiting", "offered", "active", "wrap_up")
PAGE = 500
RELEASED = ("contact.blocked", "wrap_up.began", "contact.ended")
"""Nobody is on the line any more."""


LIVE_FORMULAS = {
    "waiting": "queue_length@1",
    "oldest_wait_s": "longest_wait@1",
    "expected_wait": "ewt.place@1",
    "imbalance": "conservation@1",
}


class TierCounts(Struct, frozen=True):
    platinum: int = 0
    gold: int = 0
    iron: int = 0
    lead: int = 0


class LiveQueue(Struct, frozen=True, kw_only=True):
    """One view of one client, by medium. Waits are seconds.

    `held`: of the waiting, callbacks that nobody may call yet.
    """

    client: str
    view: str
    medium: str
    waiting: int
    offered: int
    active: int
    wrap_up: int
    oldest_wait_s: float
    breached: int
    by_tier: TierCounts
    held: int = 0
    expected_wait: TierWaits = TierWaits()
    """What a contact of each tier that came now would be told; nine of ten wait no longer than `at_most_s`."""


class LiveSeats(Struct, frozen=True, kw_only=True):
    """The people of one lease by presence; `busy` are ready ones with work."""

    client: str
    lease: str
    ready: int
    not_ready: int
    not_responding: int
    busy: int


class Conservation(Struct, frozen=True, kw_only=True):
    """entered + carried = open + ended, where `carried` came in before midnight. `imbalance` must stay 0."""

    entered: int
    carried: int
    open: int
    ended: int
    imbalance: int


class LiveQueues(Struct, frozen=True, kw_only=True):
    """The wallboard at one instant. `today` counts facts by kind since the provider's midnight."""

    at: str
    provider: str
    client: str
    queues: tuple[LiveQueue, ...]
    seats: tuple[LiveSeats, ...]
    today: dict[str, int]
    conservation: Conservation
    formulas: dict[str, str]
    """Which named formula each number came by (metrics.md)."""


class Share(Struct, frozen=True, kw_only=True):
    """A ratio that says how it was made. `value` is None when there was nothing to divide."""

    formula: str
    numerator: int
    denominator: int
    value: float | None


class MeanError(Struct, frozen=True, kw_only=True):
    """A mean absolute error in seconds. `value_s` is None when nothing was told and then answered."""

    formula: str
    contacts: int
    value_s: float | None


class LineUse(Struct, frozen=True, kw_only=True):
    """One line's calls. `minutes` are started ones (line.minutes@1), `cost_fen` theirs (line.cost@1)."""

    attempts: int
    blocked: Share
    busy: Share
    minutes: int
    cost_fen: int
    released_by: dict[str, int]
    """By side: customer, agent, platform."""


class DayTable(Struct, frozen=True, kw_only=True):
    """A stretch of time recomputed from its facts. Seconds; counts are of contacts unless named otherwise."""

    contacts_in: int = 0
    by_medium: dict[str, int] = {}
    answered: int = 0
    within_2_rings: Share | None = None
    within_3_rings: Share | None = None
    rings: dict[str, int] = {}
    service_level: Share | None = None
    average_answer_s: float | None = None
    longest_wait_s: float | None = None
    expected_wait_error: MeanError | None = None
    expected_wait_kept: Share | None = None
    """Of those who were told an expected wait: how many were answered within the bound that nine of ten keep."""
    abandoned: Share | None = None
    redirected: int = 0
    blocked: int = 0
    overflowed: int = 0
    breached: int = 0
    callbacks: int = 0
    mails_answered: int = 0
    chats_answered: int = 0
    offers: dict[str, int] = {}
    ended: dict[str, int] = {}
    lines: dict[str, LineUse] = {}
    complaints_by_level: dict[str, int] = {}
    cases_opened: int = 0
    lost: int = 0
    doubly_owned: int = 0
    imbalance: int = 0
    unfinished: tuple[str, ...] = ()
    """Contacts without an end yet: open ones, and lost ones if there are any."""


Recompute = Callable[[Iterable[Fact], Mapping[str, int], Mapping[str, int], Iterable[Fact]], DayTable]
"""(facts in order of time, ring cycle in ms by view, fen a minute by line, what came later of the calls under way):
`metrics.recompute.day_table`."""


class DayReport(Struct, frozen=True, kw_only=True):
    since: str
    until: str
    time_zone: str
    table: DayTable


class QueueBoard:
    """The live board of every scope. Answers are at most `freshness_s` old and are built by one caller at a time."""

    def __init__(
        self, reads: Reads, clock: Clock, *, zone_of: Callable[[str], ZoneInfo], freshness_s: float = 0.5
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._zone_of = zone_of
        self._freshness = round(freshness_s * SECOND)
        self._kept: dict[Scope, tuple[Micros, LiveQueues]] = {}
        self._building: dict[Scope, asyncio.Lock] = {}
        self._ledgers: dict[Scope, _Ledger] = {}

    async def live(self, scope: Scope) -> LiveQueues:
        async with self._building.setdefault(scope, asyncio.Lock()):
            now = self._clock.now()
            at, board = self._kept.get(scope, (0, None))
            if board is None or not 0 <= now - at < self._freshness:
                board = await self._build(scope, now)
                self._kept[scope] = (now, board)
            return board

    async def _build(self, scope: Scope, now: Micros) -> LiveQueues:
        """Counts before and after the rows: when both agree the ledger was read at one instant."""
        midnight = start_of_day(now, self._zone_of(scope.provider))
        before = await self._reads.counts_since(scope, midnight)
        lines = await self._reads.queue_lines(scope, now)
        seats = await self._reads.seat_lines(scope)
        said = await self._reads.said_waits(scope, now - RECENT)
        after = await self._reads.counts_since(scope, midnight)
        ledger = self._ledgers.setdefault(scope, _Ledger())
        if before == after or ledger.last is None:
            ledger.take(midnight, after, lines)
        assert ledger.last is not None
        return LiveQueues(
            at=rfc3339(now),
            provider=scope.provider,
            client=scope.client,
            queues=tuple(_queue(line, waits_now(line, seats, said)) for line in lines),
            seats=tuple(_seats(line) for line in seats),
            today=after,
            conservation=ledger.last,
            formulas=LIVE_FORMULAS,
        )


class _Ledger:
    """Whether what came in is somewhere. What was open at midnight never changes: if it seems to, something is lost."""

    def __init__(self) -> None:
        self.last: Conservation | None = None
        self._midnight: Micros = -1
        self._carried = 0

    def take(self, midnight: Micros, counts: dict[str, int], lines: list[QueueLine]) -> None:
        entered, ended = counts.get("contact.opened", 0), ended_total(counts)
        open_now = sum(line.waiting + line.offered + line.active + line.wrap_up for line in lines)
        if midnight != self._midnight:
            self._midnight, self._carried = midnight, open_now + ended - entered
        self.last = Conservation(
            entered=entered,
            carried=self._carried,
            open=open_now,
            ended=ended,
            imbalance=entered + self._carried - open_now - ended,
        )


class Reports:
    """Days, recomputed from facts on request; wallboards ask often, so an answer is kept for `freshness_s`."""

    def __init__(
        self,
        reads: Reads,
        recompute: Recompute,
        *,
        zone_of: Callable[[str], ZoneInfo],
        cycles_of: Callable[[str], Mapping[str, int]],
        clock: Clock,
        prices_of: Callable[[str], Mapping[str, int]] = lambda provider: {},
        freshness_s: float = 10.0,
    ) -> None:
        """`cycles_of`: ring cycle in ms by view; `prices_of`: fen a minute by line; both of a provider."""
        self._reads = reads
        self._prices_of = prices_of
        self._recompute = recompute
        self._zone_of = zone_of
        self._cycles_of = cycles_of
        self._clock = clock
        self._freshness = round(freshness_s * SECOND)
        self._kept: dict[Scope, tuple[Micros, dt.date, DayReport]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def day(self, scope: Scope, day: dt.date) -> DayReport:
        """The calendar day in the provider's zone."""
        async with self._one_at_a_time:
            now = self._clock.now()
            at, kept_day, report = self._kept.get(scope, (0, day, None))
            if report is None or kept_day != day or not 0 <= now - at < self._freshness:
                report = await self._day(scope, day)
                self._kept[scope] = (now, day, report)
            return report

    async def _day(self, scope: Scope, day: dt.date) -> DayReport:
        zone = self._zone_of(scope.provider)
        since, until = midnight_of(day, zone), midnight_of(day + dt.timedelta(days=1), zone)
        return DayReport(
            since=rfc3339(since),
            until=rfc3339(until),
            time_zone=zone.key,
            table=await self.between(scope, since, until),
        )

    async def between(self, scope: Scope, since: Micros, until: Micros) -> DayTable:
        """[since, until): the facts folded, then what has no end yet looked up: open in its row, or lost."""
        facts = [fact async for fact in self._reads.facts_between(scope, since, until)]
        after = await self._after(scope, under_way(facts), until)
        # A day of facts is folded away from the event loop: calls are being answered meanwhile.
        table = await asyncio.to_thread(
            self._recompute, facts, self._cycles_of(scope.provider), self._prices_of(scope.provider), after
        )
        lost = await self._lost(scope, table.unfinished)
        return msgspec.structs.replace(table, lost=lost)

    async def _after(self, scope: Scope, calls: Iterable[str], until: Micros) -> list[Fact]:
        """A call over midnight is one call, of the day on which it came: there are no more than lines."""
        if until > self._clock.now():
            return []
        told = [await self._reads.facts_of_contact(scope, call) for call in calls]
        return [fact for facts in told for fact in facts if fact.at >= until]

    async def _lost(self, scope: Scope, unfinished: tuple[str, ...]) -> int:
        """Neither open nor ended. Rows are read after the facts, so what ended in between is asked once more."""
        candidates = set(unfinished)
        for state in OPEN_STATES if candidates else ():
            candidates -= await self._ids(scope, state)
        return sum([not await self._has_ended(scope, contact) for contact in sorted(candidates)])

    async def _ids(self, scope: Scope, state: str) -> set[str]:
        ids: set[str] = set()
        before = ""
        while True:
            page = await self._reads.contacts(scope, limit=PAGE, before=before, state=state)
            ids.update(contact.id for contact in page)
            if len(page) < PAGE:
                return ids
            before = page[-1].id

    async def _has_ended(self, scope: Scope, contact: str) -> bool:
        facts = await self._reads.facts_of_contact(scope, contact)
        return any(fact.kind in ("contact.ended", "contact.blocked") for fact in facts)


def under_way(facts: Iterable[Fact]) -> list[str]:
    """The calls among these facts that were not released by their end."""
    calls: dict[str, None] = {}
    for fact in facts:
        if fact.kind == "contact.opened" and fact.data.get("medium") == "voice":
            calls[fact.contact] = None
        elif fact.kind in RELEASED:
            calls.pop(fact.contact, None)
    return list(calls)


def start_of_day(now: Micros, zone: ZoneInfo) -> Micros:
    return midnight_of(to_datetime(now).astimezone(zone).date(), zone)


def midnight_of(day: dt.date, zone: ZoneInfo) -> Micros:
    return to_micros(dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC))


def ended_total(counts: Mapping[str, int]) -> int:
    """A blocked contact ends by being blocked, whether or not a `contact.ended.blocked` stands beside it."""
    others = sum(n for kind, n in counts.items() if kind.startswith(ENDED) and kind != f"{ENDED}blocked")
    return others + counts.get("contact.blocked", 0)


def _queue(line: QueueLine, expected: TierWaits) -> LiveQueue:
    return LiveQueue(
        client=line.client,
        view=line.view,
        medium=line.medium,
        waiting=line.waiting,
        offered=line.offered,
        active=line.active,
        wrap_up=line.wrap_up,
        oldest_wait_s=round(line.oldest_wait_s, 3),
        breached=line.breached,
        by_tier=TierCounts(*line.by_tier),
        held=line.held,
        expected_wait=expected,
    )


def _seats(line: SeatLine) -> LiveSeats:
    return LiveSeats(
        client=line.client,
        lease=line.lease,
        ready=line.ready,
        not_ready=line.not_ready,
        not_responding=line.not_responding,
        busy=line.busy,
    )
