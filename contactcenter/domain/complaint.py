"""The six steps of a complaint, in order, and what must be true before each thing is done (E06-E16).

    accept -> calm -> clarify -> explore -> act -> thank
    接受投诉   平息怨气  澄清问题   探讨解决   采取行动  感谢客户

A complaint is a value; every function returns a new one or raises Conflict with the code of the broken rule.
`answered` is not `resolved`, and a customer who gave up was not helped (E16, E28). Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from contactcenter.clock import Micros
from contactcenter.domain.authority import Remedy
from contactcenter.domain.complaint_record import (
    Cause,
    Closing,
    Complaint,
    OutcomeClass,
    Refusal,
    State,
    Step,
    Taken,
)
from contactcenter.errors import Conflict, Forbidden, Invalid

__all__ = [
    "Cause",
    "Closing",
    "Complaint",
    "OutcomeClass",
    "Refusal",
    "State",
    "Step",
    "Taken",
    "act",
    "advance",
    "answer",
    "apologise",
    "blame",
    "clarify",
    "classify",
    "confirm",
    "desire",
    "give_up",
    "may_own",
    "missing",
    "offer",
    "open_complaint",
    "outcome",
    "prove",
    "refuse",
    "reopen",
    "resolve",
    "say",
]

Rule = tuple[str, str, Callable[[Complaint], bool]]
"""Stable code, message, what must hold."""

OPEN: Rule = ("complaint_ended", "this complaint has ended", lambda c: c.ended_at == 0)
APOLOGISED: Rule = ("apologise_first", "apologise before asking whose fault it was", lambda c: c.apologised_at > 0)
SUMMARISED: Rule = (
    "facts_first",
    "the facts and a summary in one sentence must stand first",
    lambda c: bool(c.facts and c.summary),
)
CONFIRMED: Rule = (
    "confirm_first",
    "the customer must have confirmed the summary",
    lambda c: c.confirmed_at > 0,
)
DESIRED: Rule = (
    "ask_first",
    "ask which remedy the customer wants before offering one",
    lambda c: c.desired is not None,
)
ANSWERED: Rule = (
    "offer_first",
    "offer a remedy, or refuse with a reason and an alternative",
    lambda c: c.offered is not None or bool(c.refusals),
)
ACTED: Rule = ("act_first", "write down what was done", lambda c: bool(c.action))
CAUSE: Rule = ("cause_first", "one of the nine causes is missing", lambda c: c.cause is not None)
SAID: Rule = (
    "closing_first",
    "the closing needs its three sentences: apology, thanks, resolve",
    lambda c: set(c.closing) == set(Closing),
)
PROVED: Rule = ("proof_first", "proof of resolution is missing", lambda c: bool(c.proof))
THANKING: Rule = ("thank_first", "all six steps must be taken", lambda c: c.step is Step.THANK)

TO_ENTER: dict[Step, tuple[Rule, ...]] = {
    Step.ACCEPT: (),
    Step.CALM: (APOLOGISED,),
    Step.CLARIFY: (),
    Step.EXPLORE: (SUMMARISED, CONFIRMED),
    Step.ACT: (DESIRED, ANSWERED),
    Step.THANK: (ACTED,),
}
TO_DO: dict[str, tuple[Rule, ...]] = {
    "blame": (APOLOGISED,),
    "confirm": (SUMMARISED,),
    "offer": (CONFIRMED, DESIRED),
    "answer": (CONFIRMED, ANSWERED),
    "resolve": (THANKING, CAUSE, SAID, PROVED),
}


def open_complaint(*, at: Micros, by: str, accused: str = "") -> Complaint:
    """Step one, taken at once: no complaint waits to be accepted (B09). `accused`: the agent it is about (E42)."""
    return Complaint(opened_at=at, steps=(Taken(Step.ACCEPT, at, by),), accused=accused)


def may_own(complaint: Complaint, agent: str) -> bool:
    """The accused never owns the complaint about himself (E42)."""
    return not complaint.accused or agent != complaint.accused


def advance(complaint: Complaint, *, at: Micros, by: str) -> Complaint:
    """Enter the next step; which one is not a choice. Raises Conflict, Forbidden for the accused."""
    _owner(complaint, by)
    order = list(Step)
    position = order.index(complaint.step) + 1
    if position == len(order):
        raise Conflict("all six steps are taken", code="no_next_step")
    _require(complaint, OPEN, *TO_ENTER[order[position]])
    return replace(complaint, steps=(*complaint.steps, Taken(order[position], at, by)))


def apologise(complaint: Complaint, *, at: Micros) -> Complaint:
    """Proven or not, every complaint begins with an apology (E14). The first one's time stays."""
    _require(complaint, OPEN)
    return replace(complaint, apologised_at=complaint.apologised_at or at)


def clarify(complaint: Complaint, *, facts: str, summary: str) -> Complaint:
    """The facts, and one sentence that the customer can say yes to (E08). A new summary needs a new yes."""
    _require(complaint, OPEN)
    _filled(facts=facts, summary=summary)
    return replace(complaint, facts=facts, summary=summary, confirmed_at=0)


def confirm(complaint: Complaint, *, at: Micros) -> Complaint:
    """The customer said yes to the summary."""
    _require(complaint, OPEN, *TO_DO["confirm"])
    return replace(complaint, confirmed_at=at)


def classify(complaint: Complaint, cause: Cause) -> Complaint:
    """One of nine causes (E04)."""
    _require(complaint, OPEN)
    return replace(complaint, cause=cause)


def blame(complaint: Complaint, liability: str) -> Complaint:
    """Whose fault it was: never before the apology (E14)."""
    _require(complaint, OPEN, *TO_DO["blame"])
    return replace(complaint, liability=liability)


def desire(complaint: Complaint, remedy: Remedy, *, claimed_fen: int = 0) -> Complaint:
    """What the customer wants, asked before anything is offered (E09)."""
    _require(complaint, OPEN)
    return replace(complaint, desired=remedy, claimed_fen=claimed_fen)


def offer(complaint: Complaint, remedy: Remedy, *, granted_fen: int = 0) -> Complaint:
    """What we offer; whether the amount is ours to give is `authority.may_grant`'s question."""
    _require(complaint, OPEN, *TO_DO["offer"])
    return replace(complaint, offered=remedy, granted_fen=granted_fen)


def refuse(complaint: Complaint, *, at: Micros, by: str, reason: str, alternatives: tuple[str, ...]) -> Complaint:
    """A polite repetition: raises Invalid without a reason or without at least one alternative (H08, F13)."""
    _require(complaint, OPEN)
    _filled(reason=reason)
    if not any(alternative.strip() for alternative in alternatives):
        raise Invalid("a refusal offers at least one alternative", code="no_alternative", field="alternatives")
    return replace(complaint, refusals=(*complaint.refusals, Refusal(at, by, reason, alternatives)))


def act(complaint: Complaint, action: str) -> Complaint:
    """What was really done: sympathy without action is an empty box (E15)."""
    _require(complaint, OPEN)
    _filled(action=action)
    return replace(complaint, action=action)


def say(complaint: Complaint, sentence: Closing) -> Complaint:
    """One of the three closing sentences was said or sent (E10)."""
    _require(complaint, OPEN)
    return replace(complaint, closing=tuple(sorted({*complaint.closing, sentence})))


def prove(complaint: Complaint, proof: str) -> Complaint:
    """The customer's confirmation or the kept promise (E16)."""
    _require(complaint, OPEN)
    _filled(proof=proof)
    return replace(complaint, proof=proof)


def answer(complaint: Complaint, *, at: Micros) -> Complaint:
    """The customer has our answer. The complaint is not resolved by that (E16)."""
    _require(complaint, OPEN, *TO_DO["answer"])
    return replace(complaint, state=State.ANSWERED, answered_at=complaint.answered_at or at)


def resolve(complaint: Complaint, *, at: Micros, by: str) -> Complaint:
    """The end that counts: six steps, cause, three sentences, proof. Forbidden for the accused."""
    _owner(complaint, by)
    _require(complaint, OPEN, *TO_DO["resolve"])
    return replace(complaint, state=State.RESOLVED, ended_at=at)


def give_up(complaint: Complaint, *, at: Micros) -> Complaint:
    """The customer lets it go: handling ends, and it counts as unresolved (E28)."""
    _require(complaint, OPEN)
    return replace(complaint, state=State.GAVE_UP, ended_at=at)


def reopen(complaint: Complaint, *, at: Micros, by: str) -> Complaint:
    """The customer is back: from clarifying on, with everything that is known and a new proof to bring."""
    if not complaint.ended_at:
        raise Conflict("this complaint is still open", code="complaint_open")
    _owner(complaint, by)
    steps = (*complaint.steps, Taken(Step.CLARIFY, at, by))
    return replace(complaint, state=State.OPEN, steps=steps, ended_at=0, closing=(), proof="", action="")


def outcome(complaint: Complaint | None, *, quick_within: Micros) -> OutcomeClass:
    """None stands for the customer who never complained. An open complaint is not resolved."""
    if complaint is None:
        return OutcomeClass.SILENT
    if complaint.state is not State.RESOLVED:
        return OutcomeClass.UNRESOLVED
    quick = complaint.ended_at - complaint.opened_at <= quick_within
    return OutcomeClass.QUICKLY_RESOLVED if quick else OutcomeClass.RESOLVED


def missing(complaint: Complaint) -> tuple[str, ...]:
    """The codes of what still stands before the next step, or before the end: the agent's checklist."""
    order = list(Step)
    last = complaint.step is Step.THANK
    rules = TO_DO["resolve"] if last else TO_ENTER[order[order.index(complaint.step) + 1]]
    return tuple(code for code, _, holds in rules if not holds(complaint))


def _require(complaint: Complaint, *rules: Rule) -> None:
    for code, message, holds in rules:
        if not holds(complaint):
            raise Conflict(message, code=code)


def _owner(complaint: Complaint, by: str) -> None:
    if not may_own(complaint, by):
        raise Forbidden("nobody handles the complaint about himself", code="accused")


def _filled(**fields: str) -> None:
    for name, value in fields.items():
        if not value.strip():
            raise Invalid(f"{name} is empty", code="empty", field=name)
