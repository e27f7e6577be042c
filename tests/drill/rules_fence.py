"""One router at a time: numbers without gaps, epochs that only rise, nothing from an owner that lost its lease."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from drill.records import Event, History, Violation

SLACK_US = 2_000_000
"""How much later than `not_after` a command may be heard: it was on its way."""


def _decided(history: History) -> dict[str, list[Event]]:
    """By domain, in the order of their numbers."""
    domains: dict[str, list[Event]] = defaultdict(list)
    for event in history.events:
        if event.seq is not None:
            domains[event.domain].append(event)
    for events in domains.values():
        events.sort(key=lambda event: (event.seq or 0, event.epoch or 0))
    return domains


def log_is_gapless(history: History) -> Iterator[Violation]:
    """1, 2, 3 ... to the domain's last number, each once."""
    for domain, events in _decided(history).items():
        counts = Counter(event.seq for event in events)
        for seq, count in counts.items():
            if count > 1:
                yield Violation("number twice", f"{domain}: {count} events have number {seq}")
        last = history.last_seq.get(domain, max((event.seq or 0 for event in events), default=0))
        missing = [seq for seq in range(1, last + 1) if seq not in counts]
        if missing:
            yield Violation("gap in the log", f"{domain}: {len(missing)} numbers missing, first {missing[:5]}")
        beyond = [event.seq for event in events if (event.seq or 0) > last]
        if beyond:
            yield Violation("gap in the log", f"{domain}: numbers beyond the last, {last}: {beyond[:5]}")


def epochs_rise(history: History) -> Iterator[Violation]:
    """Once an epoch has begun no older one writes: neither by numbers, nor after the drill saw the new one."""
    for domain, events in _decided(history).items():
        highest = 0
        for event in events:
            if (event.epoch or 0) < highest:
                yield Violation(
                    "write after fence", f"{domain}: event {event.seq} of epoch {event.epoch} follows epoch {highest}"
                )
            highest = max(highest, event.epoch or 0)
        yield from _seen(history, domain, events)
    yield from _offers_of_old(history)


def _seen(history: History, domain: str, events: list[Event]) -> Iterator[Violation]:
    """Sightings, newest epoch last: what an older epoch wrote has a number that was used by then."""
    fences: dict[int, int] = {}
    for sighting in history.sightings:
        if sighting.domain == domain:
            fences.setdefault(sighting.epoch, sighting.last_seq)
    if fences:
        for event in events:
            later = [(epoch, seq) for epoch, seq in fences.items() if epoch > (event.epoch or 0)]
            broken = next((pair for pair in later if (event.seq or 0) > pair[1]), None)
            if broken is not None:
                yield Violation(
                    "write after fence",
                    f"{domain}: epoch {event.epoch} wrote event {event.seq}; epoch {broken[0]} had begun after "
                    f"event {broken[1]}",
                )


def _offers_of_old(history: History) -> Iterator[Violation]:
    """An offer, by fact, belongs to an event of the log: a batch that the fence threw out leaves nothing behind."""
    numbered = {event.seq for event in history.events if event.seq is not None}
    made = set()
    for fact in history.facts:
        if fact.kind == "offer.made":
            made.add(_offer_id(fact.data.get("offer")))
        if fact.seq is not None and fact.seq not in numbered:
            yield Violation("write after fence", f"fact {fact.id} ({fact.kind}) has no event in the log")
    for offer in history.offers:
        if offer.id not in made:
            yield Violation("write after fence", f"offer {offer.id} was stored without its fact")


def _offer_id(offer: object) -> str:
    return str(offer.get("id", "")) if isinstance(offer, dict) else str(offer or "")


def orders_have_decisions(history: History) -> Iterator[Violation]:
    """The platform was told nothing that no router decided, and nothing that was of no more use."""
    stored = {sending.id for sending in history.outbox}
    made = {offer.id for offer in history.offers}
    for order in history.ordered:
        if order.id not in stored:
            yield Violation("order without decision", f"{order.kind} {order.id} was sent and never decided")
        elif order.kind == "phone.ring" and order.offer not in made:
            yield Violation("order without decision", f"{order.id} rings for an offer that was never made")
        if order.not_after and order.at > order.not_after + SLACK_US:
            yield Violation("order too late", f"{order.id} came {(order.at - order.not_after) / 1e6:.1f} s too late")


def replays(history: History) -> Iterator[Violation]:
    if history.replay:
        yield Violation("replay differs", history.replay)
