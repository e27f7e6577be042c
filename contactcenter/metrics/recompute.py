"""A stretch of time recomputed from its facts alone: `day_table(facts)` is pure, so every number can be had again.

What it reads of a fact's `data`: contact.opened {medium, view, cycle_ms?, minute_fen?}, contact.queued {expected,
at_most}, contact.assigned {waited}, contact.ended {how}, offer.ended {outcome}, complaint.raised|escalated {level}.
Routing facts carry their effect's fields (`routing.effects`), defaults omitted. A ring cycle comes from the fact
itself, else from `cycles` by view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from contactcenter.domain.facts import Fact
from contactcenter.metrics import formulas as f
from contactcenter.metrics.lines import Lines
from contactcenter.services.reporting import DayTable

OPEN = ("waiting", "offered", "active")


@dataclass(frozen=True, slots=True)
class Expects:
    """What a contact was told on entering the queue, microseconds."""

    at: int
    expected: int
    at_most: int


@dataclass(slots=True)
class Told:
    """What the facts say of one contact."""

    medium: str = ""
    view: str = ""
    cycle: int = 0
    opened_at: int | None = None
    begins: int = 0
    """When the promised window of a callback begins that is held until then: from there on it waits."""
    state: str = ""
    blocked: bool = False
    ends: int = 0
    waited: int | None = None
    expects: Expects | None = None
    held: int | None = None
    """From entering the queue to the first answer; `waited` runs on the customer's clock instead."""
    breached: bool = False
    agents: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    consults: set[str] = field(default_factory=set)
    """Offers to second agents: they answer no customer, and are counted nowhere."""
    owning: list[tuple[int, int, int, bool]] = field(default_factory=list)
    """(at, seq, ordinal, took): ownership taken or given back."""


@dataclass(slots=True)
class Tally:
    contacts: dict[str, Told] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    offers: Counter[str] = field(default_factory=Counter)
    levels: dict[str, int] = field(default_factory=dict)
    answered_in_writing: dict[str, str] = field(default_factory=dict)
    cases: int = 0

    def of(self, fact: Fact) -> Told:
        return self.contacts.setdefault(fact.contact, Told())


def day_table(
    facts: Iterable[Fact],
    cycles: Mapping[str, int] | None = None,
    prices: Mapping[str, int] | None = None,
    after: Iterable[Fact] = (),
) -> DayTable:
    """Fold the facts, in order of time. `cycles`: ring cycle in ms by view, for facts that do not name it.

    `prices`: fen a started minute, by line. `after`: what came later of the calls that were under way at the end; their
    answers and their minutes are those of the day on which they came.
    """
    tally, lines = Tally(), Lines()
    for fact in facts:
        lines.fold(fact)
        fold = FOLDS.get(fact.kind)
        if fold is not None:
            fold(tally, fact)
    for fact in after:
        lines.fold(fact)
        if fact.kind == "contact.assigned":
            _answered(tally.of(fact), fact)
    return replace(_table(tally, cycles or {}), lines=lines.table(prices or {}))


# --- one fact ----------------------------------------------------------------------------------------------


def _opened(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    told.opened_at = fact.at
    told.medium = str(fact.data.get("medium", ""))
    told.view = str(fact.data.get("view", ""))
    told.cycle = int(fact.data.get("cycle_ms", 0)) * 1000
    told.begins = int(fact.data.get("opens_at", 0)) if told.medium == "callback" else 0


def _queued(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    told.state = "waiting"
    if told.expects is None:
        told.expects = Expects(fact.at, int(fact.data.get("expected", 0)), int(fact.data.get("at_most", 0)))


def _blocked(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    if not told.blocked:
        told.blocked, told.state = True, "ended"
        told.ends += 1
        tally.ended["blocked"] += 1


def _offered(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    if _is_consult(fact):
        told.consults.add(_offer(fact))
        return
    told.agents.add(fact.agent)
    told.live.add(_offer(fact))
    if told.state == "waiting":
        told.state = "offered"


def _offer_ended(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    if _offer(fact) in told.consults:
        return
    tally.offers[str(fact.data.get("outcome", "unknown"))] += 1
    told.live.discard(_offer(fact))
    if told.state == "offered" and not told.live:
        told.state = "waiting"


def _assigned(tally: Tally, fact: Fact) -> None:
    told = tally.of(fact)
    told.state = "active"
    told.owning.append((*_order(fact), True))
    _answered(told, fact)


def _answered(told: Told, fact: Fact) -> None:
    """By whoever answered first."""
    if told.waited is None:
        told.waited = int(fact.data.get("waited", 0))
        if told.begins:
            told.waited = max(0, min(told.waited, fact.at - told.begins))
        elif told.expects:
            told.held = fact.at - told.expects.at


def _unassigned(tally: Tally, fact: Fact) -> None:
    tally.of(fact).owning.append((*_order(fact), False))


def _breached(tally: Tally, fact: Fact) -> None:
    tally.of(fact).breached = True


def _ended(tally: Tally, fact: Fact) -> None:
    told, how = tally.of(fact), str(fact.data.get("how", "unknown"))
    if how == "blocked" and told.blocked:
        return
    told.state = "ended"
    told.ends += 1
    tally.ended[how] += 1


def _sent(tally: Tally, fact: Fact) -> None:
    if fact.contact and fact.agent:
        tally.answered_in_writing[fact.contact] = str(fact.data.get("medium", ""))


def _case(tally: Tally, fact: Fact) -> None:
    tally.cases += 1


def _complaint(tally: Tally, fact: Fact) -> None:
    """The level a complaint reached: a complaint counts once, at its highest."""
    reached = int(fact.data.get("level", fact.data.get("to", 0)))
    tally.levels[fact.case] = max(reached, tally.levels.get(fact.case, 0))


FOLDS: dict[str, Callable[[Tally, Fact], None]] = {
    "contact.opened": _opened,
    "contact.queued": _queued,
    "contact.blocked": _blocked,
    "contact.assigned": _assigned,
    "contact.breached": _breached,
    "contact.ended": _ended,
    "offer.made": _offered,
    "offer.ended": _offer_ended,
    "assignment.ended": _unassigned,
    "message.sent": _sent,
    "case.opened": _case,
    "complaint.raised": _complaint,
    "complaint.escalated": _complaint,
}

# --- the table ---------------------------------------------------------------------------------------------


def _table(tally: Tally, cycles: Mapping[str, int]) -> DayTable:
    came = {name: told for name, told in tally.contacts.items() if told.opened_at is not None}
    calls = _rung(came.values(), cycles)
    answered = [told.waited for told in came.values() if told.waited is not None]
    foretold = _foretold(came.values())
    media = Counter(told.medium or "unknown" for told in came.values())
    return DayTable(
        contacts_in=len(came),
        by_medium=dict(sorted(media.items())),
        answered=len(answered),
        within_2_rings=f.rings_within_2(calls),
        within_3_rings=f.rings_within_3(calls),
        rings=f.rings_distribution(calls),
        service_level=f.SERVICE_LEVELS[f.DEFAULT_SERVICE_LEVEL](_service_counts(came, tally, cycles)),
        average_answer_s=f.asa_s(answered),
        longest_wait_s=f.longest_wait_s(answered),
        expected_wait_error=f.expected_wait_error([(told.expected, held) for told, held in foretold]),
        expected_wait_kept=f.expected_wait_kept([(told.at_most, held) for told, held in foretold]),
        abandoned=f.abandon(abandoned=tally.ended["abandoned"], offered=len(came) - tally.ended["blocked"]),
        redirected=sum(len(told.agents) > 1 for told in came.values()),
        blocked=tally.ended["blocked"],
        overflowed=tally.ended["overflowed"],
        breached=sum(told.breached for told in came.values()),
        callbacks=media["callback"],
        mails_answered=_written(tally, "mail"),
        chats_answered=_written(tally, "chat"),
        offers=dict(sorted(tally.offers.items())),
        ended=dict(sorted(tally.ended.items())),
        complaints_by_level=_by_level(tally.levels),
        cases_opened=tally.cases,
        lost=sum(told.state == "" for told in came.values()),
        doubly_owned=sum(_doubly(told) for told in tally.contacts.values()),
        imbalance=f.conservation(entered=len(came), parts=_parts(came.values())),
        unfinished=tuple(sorted(name for name, told in came.items() if not told.ends)),
    )


def _foretold(came: Iterable[Told]) -> list[tuple[Expects, int]]:
    """Who was told an expected wait and then answered, with the time that took."""
    return [
        (told.expects, told.held)
        for told in came
        if told.expects is not None and told.expects.expected and told.held is not None
    ]


def _parts(came: Iterable[Told]) -> list[int]:
    """Every contact is in one place: open once or ended once. Ended twice shows as a negative imbalance."""
    return [told.ends if told.ends else int(told.state in OPEN) for told in came]


def _rung(came: Iterable[Told], cycles: Mapping[str, int]) -> list[f.Ringing]:
    """Calls that a human answered, on lines whose cycle is known."""
    return [
        f.Ringing(told.waited, cycle)
        for told in came
        if told.medium == "voice" and told.waited is not None and (cycle := _cycle(told, cycles))
    ]


def _service_counts(came: Mapping[str, Told], tally: Tally, cycles: Mapping[str, int]) -> f.ServiceCounts:
    """Of calls, with the third ring as threshold; the short threshold is not used by the default formula."""
    calls = [told for told in came.values() if told.medium == "voice" and not told.blocked]
    return f.ServiceCounts(
        answered=sum(told.waited is not None for told in calls),
        abandoned=sum(told.waited is None and told.ends > 0 for told in calls),
        answered_within=f.rings_within_3(_rung(calls, cycles)).numerator,
        abandoned_within=0,
        abandoned_short=0,
    )


def _cycle(told: Told, cycles: Mapping[str, int]) -> int:
    return told.cycle or cycles.get(told.view, 0) * 1000


def _written(tally: Tally, medium: str) -> int:
    """Contacts of this medium that an agent answered in writing at least once."""
    return sum(
        (tally.contacts[name].medium if name in tally.contacts else told) == medium
        for name, told in tally.answered_in_writing.items()
    )


def _by_level(levels: Mapping[str, int]) -> dict[str, int]:
    counted = Counter(levels.values())
    return {f"L{level}": counted[level] for level in sorted(counted)}


def _doubly(told: Told) -> bool:
    """Taken twice without being given back in between (order: instant, then the decision's own order)."""
    owned = 0
    for *_, took in sorted(told.owning):
        owned = owned + 1 if took else max(owned - 1, 0)
        if owned > 1:
            return True
    return False


def _order(fact: Fact) -> tuple[int, int, int]:
    tail = fact.id.rpartition(":")[2]
    return fact.at, fact.seq or 0, int(tail) if tail.isdecimal() else 0


def _is_consult(fact: Fact) -> bool:
    offer = fact.data.get("offer", "")
    return isinstance(offer, dict) and offer.get("role") == "consult"


def _offer(fact: Fact) -> str:
    """offer.made holds the whole offer, offer.ended its id."""
    offer = fact.data.get("offer", "")
    return str(offer.get("id", "") if isinstance(offer, dict) else offer)
