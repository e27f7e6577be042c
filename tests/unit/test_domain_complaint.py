"""The six steps: each can only be taken when what the seeds ask for has been done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contactcenter.domain import complaint as c
from contactcenter.domain.authority import Remedy
from contactcenter.domain.complaint import Complaint, OutcomeClass, State, Step
from contactcenter.errors import Conflict, Forbidden, Invalid

AGENT = "a1005"
HOUR = 3_600_000_000


def opened() -> Complaint:
    return c.open_complaint(at=1, by=AGENT)


def calmed() -> Complaint:
    return c.advance(c.apologise(opened(), at=2), at=3, by=AGENT)


def clarified() -> Complaint:
    one = c.advance(calmed(), at=4, by=AGENT)
    return c.confirm(c.clarify(one, facts="在郑州没有信号", summary="您的手机在郑州经常没信号,是吗?"), at=5)


def explored() -> Complaint:
    one = c.advance(clarified(), at=6, by=AGENT)
    return c.offer(c.desire(one, Remedy.REFUND), Remedy.EXCHANGE)


def acted() -> Complaint:
    return c.act(c.advance(explored(), at=7, by=AGENT), "换货单已开")


def thanked() -> Complaint:
    one = c.classify(c.advance(acted(), at=8, by=AGENT), c.Cause.PRODUCT_QUALITY)
    for sentence in c.Closing:
        one = c.say(one, sentence)
    return c.prove(one, "客户来电确认")


def test_the_whole_way_ends_resolved_with_every_step_its_time_and_agent() -> None:
    done = c.resolve(thanked(), at=9, by=AGENT)
    assert done.state is State.RESOLVED
    assert [(taken.step, taken.at) for taken in done.steps] == [
        (Step.ACCEPT, 1),
        (Step.CALM, 3),
        (Step.CLARIFY, 4),
        (Step.EXPLORE, 6),
        (Step.ACT, 7),
        (Step.THANK, 8),
    ]
    assert {taken.by for taken in done.steps} == {AGENT}


def again(one: Complaint) -> Complaint:
    return c.advance(one, at=99, by=AGENT)


REFUSED: list[tuple[str, Callable[[], Complaint]]] = [
    ("apologise_first", lambda: again(opened())),
    ("apologise_first", lambda: c.blame(opened(), "warehouse")),
    ("facts_first", lambda: again(again(calmed()))),
    ("facts_first", lambda: c.confirm(opened(), at=2)),
    ("confirm_first", lambda: again(c.clarify(again(calmed()), facts="f", summary="s"))),
    ("confirm_first", lambda: c.offer(c.desire(calmed(), Remedy.REPAIR), Remedy.REPAIR)),
    ("ask_first", lambda: c.offer(clarified(), Remedy.REPAIR)),
    ("ask_first", lambda: again(again(clarified()))),
    ("offer_first", lambda: again(c.desire(again(clarified()), Remedy.REPAIR))),
    ("offer_first", lambda: c.answer(clarified(), at=9)),
    ("act_first", lambda: again(again(explored()))),
    ("no_next_step", lambda: again(thanked())),
    ("thank_first", lambda: c.resolve(acted(), at=9, by=AGENT)),
    ("cause_first", lambda: c.resolve(again(acted()), at=9, by=AGENT)),
    ("closing_first", lambda: c.resolve(c.classify(again(acted()), c.Cause.STAFF_SERVICE), at=9, by=AGENT)),
    ("complaint_ended", lambda: c.apologise(c.resolve(thanked(), at=9, by=AGENT), at=10)),
    ("complaint_ended", lambda: again(c.give_up(calmed(), at=9))),
    ("complaint_open", lambda: c.reopen(opened(), at=9, by=AGENT)),
]


@pytest.mark.parametrize(("code", "attempt"), REFUSED)
def test_nothing_is_done_before_what_must_come_first(code: str, attempt: Callable[[], Complaint]) -> None:
    with pytest.raises(Conflict) as refused:
        attempt()
    assert refused.value.code == code


def test_closing_needs_proof_and_all_three_sentences() -> None:
    for missing in c.Closing:
        one = c.classify(again(acted()), c.Cause.STAFF_MISTAKE)
        for sentence in set(c.Closing) - {missing}:
            one = c.say(one, sentence)
        assert "closing_first" in c.missing(one)
    one = thanked()
    assert c.missing(one) == ()


def test_a_new_summary_needs_a_new_yes() -> None:
    assert c.clarify(clarified(), facts="f", summary="s").confirmed_at == 0


@pytest.mark.parametrize(
    ("reason", "alternatives", "code"), [("", ("exchange",), "empty"), ("no stock", (), "no_alternative")]
)
def test_a_refusal_gives_a_reason_and_an_alternative(reason: str, alternatives: tuple[str, ...], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        c.refuse(clarified(), at=6, by=AGENT, reason=reason, alternatives=alternatives)
    assert refused.value.code == code


def test_a_reasoned_refusal_stands_for_an_offer() -> None:
    one = c.desire(again(clarified()), Remedy.REFUND, claimed_fen=100_000_000)
    one = c.refuse(one, at=6, by=AGENT, reason="过了退货期", alternatives=("换货",))
    assert again(one).step is Step.ACT
    assert (one.claimed_fen, one.granted_fen) == (100_000_000, 0)


def test_answered_is_not_resolved() -> None:
    answered = c.answer(explored(), at=7)
    assert answered.state is State.ANSWERED
    assert c.outcome(answered, quick_within=HOUR) is OutcomeClass.UNRESOLVED


def test_a_customer_who_gave_up_counts_as_unresolved() -> None:
    assert c.outcome(c.give_up(calmed(), at=9), quick_within=HOUR) is OutcomeClass.UNRESOLVED


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [(1 + HOUR, OutcomeClass.QUICKLY_RESOLVED), (2 + HOUR, OutcomeClass.RESOLVED)],
)
def test_quickly_is_a_threshold_of_the_configuration(ended: int, outcome: OutcomeClass) -> None:
    assert c.outcome(c.resolve(thanked(), at=ended, by=AGENT), quick_within=HOUR) is outcome
    assert c.outcome(None, quick_within=HOUR) is OutcomeClass.SILENT


def test_the_accused_neither_moves_nor_closes_the_complaint_about_himself() -> None:
    about = c.apologise(c.open_complaint(at=1, by="a1001", accused=AGENT), at=2)
    assert c.may_own(about, "a1001")
    assert not c.may_own(about, AGENT)
    with pytest.raises(Forbidden) as refused:
        c.advance(about, at=3, by=AGENT)
    assert refused.value.code == "accused"


def test_a_reopened_complaint_goes_on_from_clarifying_and_needs_new_proof() -> None:
    back = c.reopen(c.resolve(thanked(), at=9, by=AGENT), at=10, by=AGENT)
    assert (back.step, back.state, back.proof, back.opened_at) == (Step.CLARIFY, State.OPEN, "", 1)
    assert back.facts


def test_there_are_six_steps_and_nine_causes() -> None:
    assert (len(Step), len(c.Cause)) == (6, 9)
