"""One history, decided by the core, by the oracle and by the books at once; every promise is checked at each step."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import Any

import msgspec
from property.reference import Reference
from property.routing_ledger import Ledger
from property.routing_scarcity import configuration
from property.routing_world import START

from routing import effects as fx
from routing import events as ev
from routing.decide import decide, recover
from routing.explain import explain, why_not
from routing.model import Medium, Micros, Offer, Presence, Record, Snapshot, Status
from routing.restoring import restore
from routing.state import State

HOLDS = ("declined", "held", "too_early")
"""Why a free agent may stand beside a contact that he could take."""

TAKEOVER = "takeover"

Log = list[tuple[ev.AnyEvent | None, Micros, Micros]]
"""What was decided and when. None is a takeover with its recovery; the last number is when its snapshot was made."""


def start() -> Snapshot:
    return Snapshot(configuration(), START, 0)


def encoded(effects: list[fx.AnyEffect]) -> bytes:
    """Without the estimates of waiting: those are not rules."""
    plain = [
        fx.Queued(e.contact, e.arrival, e.position, reason=e.reason) if isinstance(e, fx.Queued) else e for e in effects
    ]
    return msgspec.json.encode(plain)


def rings(record: Record) -> tuple[Offer, ...]:
    """Every offer that has no outcome yet, also that of a consult."""
    return (record.consult,) if record.consult and not record.consult_since else record.offers


def through_the_store(state: State, now: Micros) -> State:
    """As another process reads it: a snapshot is a value and nothing but its bytes."""
    kept = msgspec.json.encode(state.snapshot(now))
    return restore(msgspec.json.decode(kept, type=Snapshot))


class Scene:
    def __init__(self, seen: Counter[str] | None = None) -> None:
        self.now, self.count, self.versions = START, 0, 1
        self.state = restore(start())
        self.reference = Reference(start())
        self.ledger = Ledger(start())
        self.records: dict[str, Record] = {}
        self.presences: dict[str, Presence] = {p.agent: p for p in self.state.snapshot(START).presences}
        self.log: Log = []
        self.said: list[list[fx.AnyEffect]] = []
        self.seen: Counter[str] = Counter() if seen is None else seen

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def ringing(self) -> list[Offer]:
        return [offer for _, record in sorted(self.records.items()) for offer in rings(record)]

    def calls(self) -> list[Record]:
        return [each for each in self.owned() if each.contact.medium is Medium.VOICE]

    def owned(self) -> list[Record]:
        return [record for _, record in sorted(self.records.items()) if record.owner]

    def loose(self) -> list[Record]:
        return [record for _, record in sorted(self.records.items()) if not record.owner]

    # --- one decision ---------------------------------------------------------------------------------------

    def happen(self, event: ev.AnyEvent) -> None:
        due = self.state.due()
        expected = self.reference.decide(event, self.now)
        effects = decide(self.state, event, self.now)
        self.agree(event, effects, expected)
        if isinstance(event, ev.Ticked) and (due is None or self.now < due):
            assert effects == [], "something happened before it was due"
        answers = [effect for effect in effects if isinstance(effect, fx.Done | fx.Refused)]
        assert len(answers) == 1 or not getattr(event, "command", "")
        self.keep(event, effects)

    def agree(self, event: ev.AnyEvent | None, effects: list[fx.AnyEffect], expected: list[fx.AnyEffect]) -> None:
        if encoded(effects) != encoded(expected):
            pairs = zip_longest(effects, expected)
            at, (core, rules) = next((at, (a, b)) for at, (a, b) in enumerate(pairs) if encoded([a]) != encoded([b]))
            raise AssertionError(f"effect {at} of {event}\n  core:  {core}\n  rules: {rules}")

    def take_over(self, idle: Micros) -> None:
        """Another router starts from the snapshot, perhaps after a while in which nobody routed."""
        decided, kept = self.state.now, self.now
        self.state = through_the_store(self.state, kept)
        self.now += idle
        expected = self.reference.recover(self.now)
        effects = recover(self.state, self.now)
        self.agree(None, effects, expected)
        assert effects == [] or self.now > decided, "a restart alone said something"
        self.keep(None, effects, kept)

    def later(self, pause: Micros) -> None:
        """Time passes as in the shell: a tick at each timer."""
        until = self.now + pause
        while (due := self.state.due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.happen(ev.Ticked())
        self.now = until

    def keep(self, event: ev.AnyEvent | None, effects: list[fx.AnyEffect], kept: Micros = 0) -> None:
        self.log.append((event, self.now, kept))
        self.said.append(effects)
        self.ledger.read(event, self.now, effects)
        self.note(event, effects)
        self.rows_change_as_they_were_touched()
        self.check()

    def note(self, event: ev.AnyEvent | None, effects: list[fx.AnyEffect]) -> None:
        """What was reached; a machine that stops exercising something is seen by what is missing here."""
        self.seen[f"event {type(event).__name__}" if event else TAKEOVER] += 1
        for effect in effects:
            self.seen[f"effect {type(effect).__name__}"] += 1
            for name in ("code", "reason", "outcome", "how", "rule"):
                told = getattr(effect, "because", effect)
                if value := getattr(told, name, ""):
                    self.seen[f"{type(effect).__name__}.{name} {value}"] += 1
            if isinstance(effect, fx.Queued) and effect.expected:
                self.seen["estimate"] += 1
            if isinstance(effect, fx.Offered) and self.ledger.is_second_pool(effect):
                self.seen["second pool"] += 1

    # --- promises -------------------------------------------------------------------------------------------

    def rows_change_as_they_were_touched(self) -> None:
        """Whoever writes the touched rows and nothing else has the whole truth, and writes no row in vain."""
        snapshot = self.state.snapshot(self.now)
        records = {record.contact.id: record for record in snapshot.records}
        presences = {presence.agent: presence for presence in snapshot.presences}
        contacts, agents = self.state.take_touched()
        assert self.differing(self.records, records) <= set(contacts)
        assert self.differing(self.presences, presences) <= set(agents)
        self.records, self.presences = records, presences
        assert records == self.reference.records
        assert presences == self.reference.presences
        assert snapshot.arrivals == self.reference.arrivals

    def differing(self, old: dict[str, Any], new: dict[str, Any]) -> set[str]:
        return {id for id in old.keys() | new.keys() if old.get(id) != new.get(id)}

    def check(self) -> None:
        self.ledger.balance(self.records)
        self.ledger.nobody_carries_too_much(self.records)
        self.ledger.nobody_waits_too_long()
        self.ledger.staffing_is_as_said()
        self.ledger.nobody_keeps_what_he_left()
        self.every_offer_ends_and_rings_where_somebody_is()
        self.an_active_contact_has_one_owner_and_others_have_none()
        self.no_free_agent_stands_beside_work_he_could_do()
        self.every_pair_has_its_reason()
        self.nothing_that_is_due_was_left()

    def every_offer_ends_and_rings_where_somebody_is(self) -> None:
        ends = [offer.expires_at for offer in self.ringing()]
        due = self.state.due()
        assert not ends or (due is not None and due <= min(ends))
        for record in self.records.values():
            assert bool(record.offers) is (record.status is Status.OFFERED)
            for offer in rings(record):
                assert self.now < offer.expires_at <= self.now + self.longest_offer()
                assert self.ledger.is_ready(offer.agent)

    def longest_offer(self) -> Micros:
        return 20_000_000

    def an_active_contact_has_one_owner_and_others_have_none(self) -> None:
        for record in self.records.values():
            assert bool(record.owner) is (record.status in (Status.ACTIVE, Status.WRAP_UP))
            if record.consult:
                assert record.status is Status.ACTIVE
                assert record.consult.agent != record.owner
                assert record.contact.medium is Medium.VOICE

    def no_free_agent_stands_beside_work_he_could_do(self) -> None:
        """Who is free is said by the books; only the hold reasons explain why he is not offered it."""
        ready = [agent for agent in self.ledger.config.agents if self.is_free(agent.id)]
        for story in self.ledger.stories.values():
            beside = [agent for agent in ready if self.ledger.could_take(story, agent)]
            for agent in beside:
                assert self.ledger.is_held(story, agent), (story, agent.id)
                code = why_not(self.state, story.contact.id, agent.id, self.now)
                assert code in HOLDS, (story, agent.id, code)

    def is_free(self, agent: str) -> bool:
        return self.ledger.is_ready(agent) and self.presences[agent].back_off_until <= self.now

    def every_pair_has_its_reason(self) -> None:
        """One contact at each step, in turn: nobody else is able, and whoever is ringing or owner is named so."""
        if self.records:
            id = sorted(self.records)[len(self.log) % len(self.records)]
            told = explain(self.state, id, self.now, everyone=True)
            assert told is not None
            codes = {reason.agent: reason.code for reason in told.agents}
            assert codes.keys() == {agent.id for agent in self.ledger.config.agents}
            for agent, code in codes.items():
                self.seen[f"why_not {code}"] += 1
                assert code not in ("able", "due"), (id, agent)
                story = self.ledger.stories[id]
                ringing = agent in story.offers or (story.is_asked(agent) and not story.second)
                assert (code == "ringing") is ringing
                assert (code == "consulted") is (agent == story.second)
                assert (code == "owner") is (agent == self.ledger.stories[id].owner)

    def nothing_that_is_due_was_left(self) -> None:
        due = self.state.due()
        assert due is None or due > self.now
        pending = [entry[0] for entry in self.reference.pending()]
        assert not pending or (due is not None and due <= min(pending))


def replay(log: Log, *, takeovers: bool = True) -> list[list[fx.AnyEffect]]:
    """The same history once more in a fresh router: what it says."""
    state = restore(start())
    said = []
    for event, now, kept in log:
        if event is None:
            state = through_the_store(state, kept) if takeovers else state
            said.append(recover(state, now))
        else:
            said.append(decide(state, event, now))
    return said
