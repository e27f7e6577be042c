"""Expected waits: what a contact is told from its place, and what answers teach."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from routing.estimate import ENOUGH, KEPT, UNSURE, Forecast, Ratios, Waits, moved
from routing.model import Micros

S: Micros = 1_000_000
NOW: Micros = 1_700_000_000 * S
HOUR = 3600 * S
VOICE, MAIL = ("kangjia", "voice"), ("kangjia", "mail")
PLATINUM, GOLD, IRON, LEAD = range(4)


class Told:
    """Waits under test, a clock, and contacts that enter and are answered in one line each."""

    def __init__(self) -> None:
        self.waits = Waits()
        self.now = NOW

    def asks(self, place: int, *, tier: int = IRON, head: Micros = 0, queue: tuple[str, str] = VOICE) -> Forecast:
        known = self.waits.of(queue)
        expected = known.wait(tier, place=place, head=head, now=self.now)
        return Forecast(expected, known.at_most(expected, tier, place), tier, place, self.now)

    def learns(self, said: Forecast) -> None:
        """Who was told so has his answer now."""
        waited = self.now - said.at
        self.waits.of(VOICE).learn(said.expected, said.tier, place=said.place, waited=waited, now=self.now)

    def answered(self, place: int, waited: Micros, *, tier: int = IRON, times: int = 1) -> Told:
        """Contacts enter at `place` and are answered after `waited`, one after another."""
        for _ in range(times):
            said = self.asks(place, tier=tier)
            self.now += waited
            self.learns(said)
        return self

    def seconds(self, place: int, *, tier: int = IRON, head: Micros = 0) -> float:
        return self.asks(place, tier=tier, head=head).expected / S


def near(value: float, wanted: float, share: float = 0.1) -> bool:
    return abs(value - wanted) <= share * wanted


def test_while_nothing_is_known_nothing_is_said() -> None:
    said = Told().asks(5, head=NOW - 60 * S)
    assert (said.expected, said.at_most) == (0, 0)


def test_what_the_place_took_before_it_takes_again() -> None:
    told = Told().answered(4, 50 * S, times=20)
    assert near(told.seconds(4), 50)
    assert near(told.seconds(9), 100)


def test_one_answer_is_enough_to_say_something() -> None:
    assert near(Told().answered(4, 50 * S).seconds(4), 50)


def test_after_the_rush_hour_an_empty_queue_waits_short() -> None:
    told = Told().answered(39, 1200 * S, times=100)
    assert told.seconds(1) <= 60 + 1
    told.now += HOUR
    assert told.seconds(1) <= 60 + 1


def test_with_somebody_free_it_takes_what_picking_up_takes() -> None:
    told = Told().answered(0, 4 * S, times=20).answered(39, 1200 * S, times=100)
    assert near(told.seconds(0), 4)


def test_who_was_picked_up_at_once_says_nothing_of_waiting() -> None:
    told = Told().answered(4, 50 * S, times=20).answered(0, 4 * S, times=100)
    assert near(told.seconds(4), 50)


def test_a_tier_waits_as_its_own_kind_did() -> None:
    told = Told()
    for _ in range(50):
        told.answered(3, 20 * S, tier=PLATINUM).answered(3, 400 * S, tier=LEAD)
    assert 20 <= told.seconds(3, tier=PLATINUM) < 30, "the queue as a whole weighs in a little"
    assert 350 < told.seconds(3, tier=LEAD) <= 400


def test_a_tier_that_nobody_has_been_of_hears_what_the_queue_does() -> None:
    assert near(Told().answered(3, 40 * S, tier=IRON, times=20).seconds(3, tier=GOLD), 40)


def test_queues_know_nothing_of_each_other() -> None:
    told = Told().answered(3, 40 * S, times=20)
    assert told.asks(3, queue=MAIL).expected == 0


def test_the_latest_answers_weigh_most() -> None:
    told = Told().answered(4, 50 * S, times=200).answered(4, 200 * S, times=100)
    assert told.seconds(4) > 160


def test_after_a_night_a_handful_of_answers_outweighs_yesterday() -> None:
    told = Told().answered(4, 500 * S, times=200)
    told.now += 12 * HOUR
    assert near(told.seconds(4), 500), "yesterday is a guess until the first answer"
    assert told.answered(4, 50 * S, times=10).seconds(4) < 100


def test_while_nobody_is_answered_at_all_the_wait_is_at_least_that_long() -> None:
    told = Told().answered(4, 50 * S, times=20)
    entered = told.now
    told.now += 600 * S
    assert told.seconds(4, head=entered) == 600
    assert told.asks(4, head=entered).at_most >= 600 * S


def test_a_quiet_hour_with_nobody_waiting_is_not_a_standstill() -> None:
    told = Told().answered(4, 50 * S, times=20)
    told.now += HOUR
    assert near(told.seconds(1, head=0), 20)
    assert near(told.seconds(2, head=told.now - 5 * S), 30)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 3600)), max_size=60), st.data())
def test_who_moves_up_never_hears_a_longer_wait(answers: list[tuple[int, int, int]], data: st.DataObject) -> None:
    told = Told()
    for place, tier, waited in answers:
        told.answered(place, waited * S, tier=tier)
    tier = data.draw(st.integers(0, 3))
    said = [told.seconds(place, tier=tier) for place in range(1, 50)]
    assert said == sorted(said)


def scattered(told: Told, shares: Iterable[int], *, place: int = 4) -> list[bool]:
    """Contacts wait these per cent of 100 s; whether each waited no longer than the bound that it was told."""
    kept = []
    for share in shares:
        said = told.asks(place)
        told.now += share * S
        told.learns(said)
        kept.append(said.at_most >= share * S)
    return kept


def test_nine_of_ten_wait_no_longer_than_the_bound() -> None:
    shares = [number * 7919 % 200 for number in range(1000)]
    kept = scattered(Told(), shares)[100:]
    assert 0.87 <= sum(kept) / len(kept) <= 0.93


def test_the_bound_is_as_narrow_as_the_waits_are_regular() -> None:
    regular, erratic = Told(), Told()
    scattered(regular, [90 + number % 20 for number in range(200)])
    scattered(erratic, [10 if number % 2 else 190 for number in range(200)])
    assert regular.asks(4).at_most < 125 * S
    assert erratic.asks(4).at_most > 170 * S


def test_the_bound_is_never_below_the_expected_wait() -> None:
    told = Told().answered(4, 100 * S, times=50).answered(4, 1 * S, times=30)
    said = told.asks(4)
    assert said.at_most >= said.expected > 0


def test_the_same_calls_say_the_same() -> None:
    def said() -> list[Forecast]:
        told = Told()
        out = []
        for number in range(500):
            told.answered(number % 30, number * 7919 % 600 * S, tier=number % 4)
            out.append(told.asks(number % 7, tier=number % 4, head=told.now - 3 * S))
        return out

    assert said() == said()


def test_memory_does_not_grow_with_the_number_of_answers() -> None:
    def teach(told: Told, times: int) -> None:
        for number in range(times):
            told.answered(number % 30, (number * 7919 % 600 + 1) * S, tier=number % 4)

    told = Told()
    teach(told, 20 * KEPT)
    tracemalloc.start()
    teach(told, 50 * KEPT)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 80_000


def test_an_estimate_moved_to_another_place_is_the_one_for_that_place() -> None:
    told = Told().answered(4, 50 * S, times=20)
    at, other = told.asks(4), told.asks(7)
    assert abs(moved(at, 7).expected - other.expected) <= 2_000  # Waits are known to the millisecond.
    assert moved(at, 7).place == 7


@given(st.randoms(use_true_random=False), st.sampled_from([3, 30, 900]))
def test_at_most_is_what_nine_of_the_last_ratios_in_ten_did_not_exceed(rng: random.Random, spread: int) -> None:
    kept = Ratios()
    ratios: list[int] = []
    for _ in range(3 * KEPT):
        ratios.append(100 + rng.randrange(spread))
        kept.add(ratios[-1])
        last = sorted(ratios[-KEPT:])
        assert kept.at_most == (max(last[len(last) * 9 // 10], 100) if len(ratios) >= ENOUGH else UNSURE)
