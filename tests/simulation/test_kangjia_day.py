"""A day of Kangjia's calls in virtual time: ten leased lines and people beside ninety of another client (M03, I4).

A seeded loop over `decide`: calls come as a Poisson stream, agents pick up after a few seconds or let it ring, callers
lose patience, talks last exponentially long. With as many lines as people this is a loss system: whoever enters
nearly always finds somebody, and Erlang's B formula says how many are blocked.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from functools import cache
from heapq import heappop, heappush
from pathlib import Path

import msgspec
from property.routing_world import START, S, agent, call, chat, config

from routing import effects as fx
from routing import events as ev
from routing.decide import decide
from routing.explain import why_not
from routing.model import Contact, PresenceState, Snapshot
from routing.replay import Logged, Replay, effects_hash, replay
from routing.restoring import restore

OURS = [f"ag_{number:03}" for number in range(10)]
THEIRS = [f"ag_{number:03}" for number in range(10, 100)]
DAY = 10 * 3600
BETWEEN_CALLS = 24.0
TALK = 170.0
PATIENCE = 90.0
BETWEEN_CHATS = 300.0


class Day:
    """One working day, from the first sign-in until everybody has gone home."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        people = [agent(name) for name in OURS] + [agent(name, lease="other") for name in THEIRS]
        self.start = Snapshot(config(*people), START, 0)
        self.state = restore(self.start)
        self.now = START
        self.agenda: list[tuple[int, int, ev.AnyEvent]] = []
        self.planned = 0
        self.log: list[Logged] = []
        self.hashes: list[bytes] = []
        self.effects: list[tuple[int, fx.AnyEffect]] = []
        self.others_at_blocks: list[int] = []
        self.run()

    def at(self, seconds: float, event: ev.AnyEvent) -> None:
        self.planned += 1
        heappush(self.agenda, (self.now + round(seconds * S), self.planned, event))

    def run(self) -> None:
        for name in (*OURS, *THEIRS):
            self.at(0, ev.SignedIn(name, "phone"))
            self.at(0, ev.PresenceSet(name, PresenceState.READY))
        self.arrivals("call", BETWEEN_CALLS)
        self.arrivals("chat", BETWEEN_CHATS)
        while self.agenda or self.state.due() is not None:
            due = self.state.due()
            planned = self.agenda[0][0] if self.agenda else None
            if planned is None or (due is not None and due <= planned):
                self.now = max(self.now, due or 0)
                self.tell(ev.Ticked())
            else:
                self.now, _, event = heappop(self.agenda)
                self.tell(event)

    def arrivals(self, kind: str, mean: float) -> None:
        second, number = 60.0, 0
        while (second := second + self.rng.expovariate(1 / mean)) < DAY:
            number += 1
            name, instant = f"{kind}_{number}", START + round(second * S)
            contact: Contact = call(name, instant) if kind == "call" else chat(name, instant)
            self.at(second, ev.Arrived(contact))
            self.at(second + self.rng.expovariate(1 / PATIENCE), ev.Left(name, cause="patience"))

    def tell(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.Left) and event.cause == "patience" and self.is_answered(event.contact):
            return  # Whoever talks has stopped counting the seconds.
        effects = decide(self.state, event, self.now)
        self.log.append(Logged(len(self.log), self.now, event))
        self.hashes.append(effects_hash(effects))
        for effect in effects:
            self.effects.append((self.now, effect))
            self.react(effect)

    def is_answered(self, contact: str) -> bool:
        record = self.state.record(contact)
        return record is None or bool(record.owner)

    def react(self, effect: fx.AnyEffect) -> None:
        """What people do when something happens to them."""
        if isinstance(effect, fx.Offered):
            self.pick_up(effect)
        elif isinstance(effect, fx.Owned):
            self.at(self.rng.expovariate(1 / TALK), ev.Left(effect.contact, cause="goodbye"))
        elif isinstance(effect, fx.Blocked):
            desks = [self.state.presence(name) for name in THEIRS]
            self.others_at_blocks.append(sum(desk is not None and desk.state == "ready" for desk in desks))

    def pick_up(self, offered: fx.Offered) -> None:
        offer, chance = offered.offer, self.rng.random()
        after = 1 + self.rng.expovariate(1 / 3)
        if chance < 0.02:
            return  # Away from the desk.
        if chance < 0.04:
            self.at(after, ev.OfferDeclined(offer.id, offer.agent))
        elif offer.device:
            self.at(after, ev.Answered(offer.contact, offer.agent))
        else:
            self.at(after, ev.OfferAccepted(offer.id, offer.agent))


@cache
def a_day(seed: int = 7) -> Day:
    return Day(seed)


def erlang_b(servers: int, load: float) -> float:
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked


def outcomes(day: Day, kind: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for _, effect in day.effects:
        if isinstance(effect, fx.Blocked) and effect.contact.startswith(kind):
            counted["blocked"] += 1
        if isinstance(effect, fx.Ended) and effect.contact.startswith(kind):
            counted[effect.how.value] += 1
    return counted


def test_every_call_that_came_in_has_exactly_one_end() -> None:
    day = a_day()
    came = sum(isinstance(line.event, ev.Arrived) for line in day.log)
    ended = outcomes(day, "call") + outcomes(day, "chat")
    assert ended.total() == came
    assert day.state.snapshot(day.now).records == ()
    assert set(ended) <= {"blocked", "finished", "abandoned"}


def test_no_contact_has_two_owners() -> None:
    owners: Counter[str] = Counter()
    for _, effect in a_day().effects:
        if isinstance(effect, fx.Owned):
            owners[effect.contact] += 1
        if isinstance(effect, fx.Released):
            owners[effect.contact] -= 1
        assert not owners or max(owners.values()) <= 1


def test_blocking_is_what_erlang_b_says() -> None:
    calls = outcomes(a_day(), "call")
    holding = TALK + 5
    expected = erlang_b(10, holding / BETWEEN_CALLS)
    assert abs(calls["blocked"] / calls.total() - expected) < 0.04


def test_who_enters_is_nearly_always_answered() -> None:
    calls = outcomes(a_day(), "call")
    assert calls["abandoned"] / (calls.total() - calls["blocked"]) < 0.10


def test_never_more_than_ten_calls_are_open() -> None:
    open_calls: set[str] = set()
    most = 0
    for _, effect in a_day().effects:
        if isinstance(effect, fx.Queued) and effect.contact.startswith("call"):
            open_calls.add(effect.contact)
        if isinstance(effect, fx.WrapUpBegan | fx.Ended):
            open_calls.discard(effect.contact)
        most = max(most, len(open_calls))
    assert most == 10


def test_blocked_calls_meet_ninety_idle_people_of_the_other_client_and_ring_at_none() -> None:
    day = a_day()
    assert len(day.others_at_blocks) > 20
    assert set(day.others_at_blocks) == {90}
    rung = {effect.agent for _, effect in day.effects if isinstance(effect, fx.Offered)}
    assert rung <= set(OURS)


def test_the_eleventh_simultaneous_call_is_blocked() -> None:
    people = [agent(name) for name in OURS] + [agent(name, lease="other") for name in THEIRS]
    state = restore(Snapshot(config(*people), START, 0))
    for name in (*OURS, *THEIRS):
        decide(state, ev.SignedIn(name), START)
        decide(state, ev.PresenceSet(name, PresenceState.READY), START)
    effects = [e for n in range(11) for e in decide(state, ev.Arrived(call(f"c{n}")), START)]
    assert effects[-1] == fx.Blocked("c10", "kangjia", "voicemail", "lines_busy", 10, 10)
    assert {why_not(state, "c0", name, START) for name in THEIRS} == {"lease"}


def test_most_calls_are_answered_within_three_rings() -> None:
    waits = [
        effect.waited
        for _, effect in a_day().effects
        if isinstance(effect, fx.Owned) and effect.contact.startswith("call")
    ]
    within = sum(waited < 15 * S for waited in waits) / len(waits)
    assert 0.75 <= within < 1.0


REPLAY = """
import sys, msgspec
from routing.model import Snapshot
from routing.replay import Logged, replay
start, log = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Snapshot, list[Logged]])
print("".join(decided.hash.hex() for decided in replay(start, log)))
"""


def replayed_elsewhere(day: Day, hash_seed: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", REPLAY],
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": hash_seed},
        input=msgspec.json.encode((day.start, day.log)),
        capture_output=True,
        check=True,
    )
    return run.stdout.decode().strip()


def test_a_replay_in_another_process_decides_the_same_whatever_the_hash_seed() -> None:
    day = a_day()
    decided = "".join(hash.hex() for hash in day.hashes)
    assert replayed_elsewhere(day, "1") == decided
    assert replayed_elsewhere(day, "2") == decided


def test_the_same_seed_makes_the_same_day_and_a_replay_says_every_effect() -> None:
    day = a_day()
    assert Day(7).hashes == day.hashes
    effects = [effect for decided in replay(day.start, day.log) for effect in decided.effects]
    assert effects == [effect for _, effect in day.effects]


def test_a_replay_may_begin_at_any_snapshot_on_the_way() -> None:
    """As routers keep them: the bytes of the state after an event, and the log goes on with the next one."""
    day, playing = a_day(), Replay(a_day().start)
    for number, line in enumerate(day.log):
        playing.step(line)
        if number % 900 == 450:
            kept = msgspec.json.encode(playing.state.snapshot(line.now))
            rest = replay(msgspec.json.decode(kept, type=Snapshot), day.log[number + 1 :])
            assert [decided.hash for decided in rest] == day.hashes[number + 1 :]
