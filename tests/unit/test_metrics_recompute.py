"""A day from its facts: what is counted, and that loss and double ownership cannot hide."""

from __future__ import annotations

from itertools import count
from typing import Any

from contactcenter.domain.facts import Fact
from contactcenter.metrics.recompute import day_table

CYCLES = {"voice": 5000}


class Story:
    """Facts in the order they are told, one second apart."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._seq = count(1)

    def tell(self, kind: str, contact: str = "c1", *, agent: str = "", case: str = "", **data: Any) -> Story:
        seq = next(self._seq)
        fact = Fact(
            id=f"d:{seq}:0", at=seq * 1_000_000, kind=kind, provider="p", client="c", contact=contact,
            agent=agent, case=case, seq=seq, data=data,
        )  # fmt: skip
        self.facts.append(fact)
        return self

    def call(self, contact: str = "c1", *, waited: int | None = 4_000_000, medium: str = "voice") -> Story:
        """Opened, queued, offered to a1; answered after `waited` and finished, or abandoned."""
        self.tell("contact.opened", contact, medium=medium, view="voice")
        self.tell("contact.queued", contact, arrival=1, position=1)
        self.tell("offer.made", contact, agent="a1", offer={"id": f"{contact}/1/a1"}, because={})
        outcome = "customer_left" if waited is None else "accepted"
        self.tell("offer.ended", contact, agent="a1", offer=f"{contact}/1/a1", outcome=outcome)
        if waited is None:
            return self.tell("contact.ended", contact, how="abandoned")
        self.tell("contact.assigned", contact, agent="a1", waited=waited)
        self.tell("assignment.ended", contact, agent="a1", reason="finished")
        return self.tell("contact.ended", contact, how="finished")


def test_a_quiet_day_is_a_table_of_nothing() -> None:
    table = day_table([], CYCLES)
    assert (table.contacts_in, table.lost, table.doubly_owned, table.imbalance) == (0, 0, 0, 0)


def test_calls_count_within_the_rings_they_were_answered_in() -> None:
    story = Story().call("c1", waited=4_000_000).call("c2", waited=12_000_000).call("c3", waited=16_000_000)
    table = day_table(story.facts, CYCLES)
    assert table.within_2_rings is not None
    assert table.within_3_rings is not None
    assert (table.within_2_rings.numerator, table.within_3_rings.numerator, table.rings) == (
        1,
        2,
        {"1": 1, "3": 1, "4": 1},
    )


def test_what_callers_were_told_is_compared_with_what_they_waited() -> None:
    """Facts are a second apart, so each is answered four seconds after it was queued."""
    story = Story()
    for name, expected, at_most in (("c1", 1, 3), ("c2", 6, 9), ("c3", 0, 0)):
        story.tell("contact.opened", name, medium="voice", view="voice")
        story.tell("contact.queued", name, expected=expected * 1_000_000, at_most=at_most * 1_000_000)
        story.tell("offer.made", name, agent="a1", offer={"id": name}).tell("offer.ended", name, offer=name)
        story.tell("contact.queued", name, reason="offer_ended", expected=9_000_000)
        story.tell("contact.assigned", name, agent="a1", waited=60_000_000)
        story.tell("contact.assigned", name, agent="a2", waited=90_000_000)
    story.tell("contact.opened", "c4", medium="voice").tell("contact.queued", "c4", expected=1_000_000)
    table = day_table(story.facts, CYCLES)
    assert table.expected_wait_error is not None
    assert table.expected_wait_kept is not None
    error, kept = table.expected_wait_error, table.expected_wait_kept
    assert (error.formula, error.contacts, error.value_s) == ("ewt.mae@1", 2, (3 + 2) / 2)
    assert (kept.formula, kept.numerator, kept.denominator) == ("ewt.at_most@1", 1, 2)


def test_a_day_on_which_nobody_was_told_a_wait_has_no_error() -> None:
    table = day_table(Story().call("c1").facts, CYCLES)
    assert table.expected_wait_error is not None
    assert (table.expected_wait_error.contacts, table.expected_wait_error.value_s) == (0, None)


def test_a_blocked_call_is_counted_and_is_in_no_ring() -> None:
    story = Story().tell("contact.opened", medium="voice", view="voice").tell("contact.blocked", reason="lines_busy")
    table = day_table(story.facts, CYCLES)
    assert table.within_3_rings is not None
    assert (table.blocked, table.within_3_rings.denominator, table.imbalance, table.lost) == (1, 0, 0, 0)


def test_a_call_that_waited_too_long_is_overflowed_not_abandoned_and_stays_in_the_service_level() -> None:
    story = Story().call("c1").tell("contact.opened", "c2", medium="voice", view="voice")
    story.tell("contact.queued", "c2", arrival=2, position=1)
    story.tell("contact.overflowed", "c2", answer="voicemail", waited=60_000_000)
    story.tell("contact.ended", "c2", how="overflowed", cause="max_wait")
    table = day_table(story.facts, CYCLES)
    assert (table.overflowed, table.blocked, table.imbalance) == (1, 0, 0)
    assert table.abandoned is not None
    assert (table.abandoned.numerator, table.abandoned.denominator) == (0, 2)
    assert table.service_level is not None
    assert (table.service_level.numerator, table.service_level.denominator) == (1, 2)


def test_a_contact_that_nobody_took_in_is_lost() -> None:
    table = day_table(Story().tell("contact.opened", medium="mail", view="mail").facts, CYCLES)
    assert (table.lost, table.imbalance, table.unfinished) == (1, 1, ("c1",))


def test_an_open_contact_is_not_lost() -> None:
    story = Story().tell("contact.opened", medium="mail", view="mail").tell("contact.queued", arrival=1, position=1)
    table = day_table(story.facts, CYCLES)
    assert (table.lost, table.imbalance, table.unfinished) == (0, 0, ("c1",))


def test_two_owners_at_once_are_seen() -> None:
    story = Story().tell("contact.assigned", agent="a1", waited=1).tell("contact.assigned", agent="a2", waited=1)
    assert day_table(story.facts, CYCLES).doubly_owned == 1


def test_a_transfer_has_two_owners_one_after_the_other() -> None:
    story = Story().tell("contact.assigned", agent="a1", waited=1).tell("assignment.ended", agent="a1")
    story.tell("contact.assigned", agent="a2", waited=1)
    assert day_table(story.facts, CYCLES).doubly_owned == 0


def test_release_and_assignment_of_one_instant_keep_the_order_of_the_decision() -> None:
    released = Fact(id="d:10:1", at=5, kind="assignment.ended", provider="p", contact="c1", seq=10)
    taken = Fact(id="d:10:2", at=5, kind="contact.assigned", provider="p", contact="c1", seq=10, data={"waited": 1})
    first = Fact(id="d:9:0", at=5, kind="contact.assigned", provider="p", contact="c1", seq=9, data={"waited": 1})
    assert day_table([taken, first, released], CYCLES).doubly_owned == 0


def test_ending_twice_is_an_imbalance() -> None:
    story = Story().call("c1").tell("contact.ended", "c1", how="closed")
    assert day_table(story.facts, CYCLES).imbalance == -1


def test_a_second_agent_makes_a_redirected_contact() -> None:
    story = Story().tell("contact.opened", medium="voice", view="voice").tell("contact.queued", arrival=1)
    story.tell("offer.made", agent="a1", offer={"id": "o1"}).tell("offer.made", agent="a2", offer={"id": "o2"})
    assert day_table(story.facts, CYCLES).redirected == 1


def test_a_consult_is_neither_an_offer_of_the_day_nor_a_redirection() -> None:
    story = Story().call()
    plain = day_table(story.facts, CYCLES)
    story.tell("offer.made", agent="a2", offer={"id": "c1/2/a2", "role": "consult"}, because={})
    story.tell("offer.ended", agent="a2", offer="c1/2/a2", outcome="no_answer")
    assert day_table(story.facts, CYCLES) == plain


def test_a_complaint_counts_once_at_its_highest_level() -> None:
    story = Story().tell("complaint.raised", case="k1", level=0).tell("complaint.escalated", case="k1", level=1)
    story.tell("complaint.raised", case="k2", level=0)
    assert day_table(story.facts, CYCLES).complaints_by_level == {"L0": 1, "L1": 1}


def test_a_mail_is_answered_by_an_agent_not_by_the_acknowledgement() -> None:
    story = Story().tell("contact.opened", "m1", medium="mail", view="mail").tell("message.sent", "m1")
    story.tell("contact.opened", "m2", medium="mail", view="mail").tell("message.sent", "m2", agent="a1")
    assert day_table(story.facts, CYCLES).mails_answered == 1


def test_the_service_level_of_the_day_names_its_formula() -> None:
    table = day_table(Story().call("c1").call("c2", waited=None).facts, CYCLES)
    assert table.service_level is not None
    assert (table.service_level.formula, table.service_level.value) == ("sl.all_offered@1", 0.5)


def test_a_line_whose_cycle_nobody_knows_is_in_no_ring_figure() -> None:
    table = day_table(Story().call("c1").facts, {})
    assert table.within_3_rings is not None
    assert (table.answered, table.within_3_rings.denominator) == (1, 0)


def test_a_callback_waits_from_its_window_on_and_what_it_was_told_was_no_forecast_of_that() -> None:
    """Its customer asked for the afternoon: the hours until then are nobody's delay."""
    story, second = Story(), 1_000_000
    story.tell("contact.opened", medium="callback", view="back", opens_at=3 * second)
    story.tell("contact.queued", expected=second, at_most=second)
    story.tell("offer.made", agent="a1", offer={"id": "o"}).tell("offer.ended", offer="o")
    story.tell("contact.assigned", agent="a1", waited=18_000 * second)
    story.tell("contact.opened", "early", medium="callback", view="back", opens_at=100 * second)
    story.tell("contact.assigned", "early", agent="a2", waited=18_000 * second)
    table = day_table(story.facts)
    assert (table.average_answer_s, table.longest_wait_s) == (1.0, 2.0)
    assert table.expected_wait_error is not None
    assert table.expected_wait_error.contacts == 0
