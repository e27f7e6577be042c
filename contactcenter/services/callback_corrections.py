"""The agent knows better than the platform who answered, or that anybody did: his word corrects the attempt (A04).

The promise keeps its one outcome, in its one row; what it was before stands with the attempt as `was`, and in the fact
`callback.corrected`. Neither a wrong number nor a customer who wants nothing more is called again; nor is one who was
reached in a call whose end was lost, which counted as `no_answer`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contactcenter.clock import Micros
from contactcenter.domain.callback_outcomes import CORRECTS, SAID_AFTER
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Invalid
from contactcenter.services import callback_rows
from contactcenter.services.callbacks import timer_id
from contactcenter.services.changes import CallbackWrite, Changes
from contactcenter.services.views import ContactView


class Word(Struct, frozen=True, kw_only=True):
    """What the agent `by` says, and when. `asked_at`: when the customer last wished to be called again, 0 if never."""

    result: str
    by: str
    at: Micros
    asked_at: Micros = 0


def check_correction(contact: ContactView, result: str) -> None:
    """Invalid `result`; Conflict `wrong_medium`, `too_late` when the agent's part is over, `not_wrapping` before."""
    if result not in SAID_AFTER:
        raise Invalid(f"after the talk a result is one of {', '.join(SAID_AFTER)}", code="result", field="result")
    if contact.medium != "callback":
        raise Conflict("only a callback has a result", code="wrong_medium", field="contact")
    if contact.state == "ended":
        raise Conflict("its wrap-up is over: the result stands", code="too_late", field="contact")
    if contact.state != "wrap_up":
        raise Conflict("it is not over yet: finish it with its result", code="not_wrapping", field="contact")


def may_correct(promise: CallbackWrite, contact: ContactView, result: str) -> bool:
    """Is there a word of the platform about this contact that this one may replace? Once, and no later contact's."""
    attempt = _attempt(promise, contact)
    if "was" in attempt or promise.contact != contact.id:
        return False
    if attempt.get("lost"):
        return result in SAID_AFTER and promise.outcome in ("", "not_reached")
    return result in CORRECTS and promise.outcome == "reached" == attempt.get("result")


def correct(promise: CallbackWrite, contact: ContactView, word: Word, changes: Changes) -> None:
    """Add it to the changes; said again it adds nothing. Conflict `not_reached` when the attempt went otherwise."""
    attempt = _attempt(promise, contact)
    was = str(attempt.get("result", ""))
    if was == word.result:
        return
    if not may_correct(promise, contact, word.result):
        raise Conflict(
            f"this attempt ended as {was or 'nothing yet'}, not as reached", code="not_reached", field="result"
        )
    said = {**attempt, "result": word.result, "by": word.by, "was": was}
    after = replace(promise, attempts=tuple(said if each is attempt else each for each in promise.attempts))
    changes.facts.append(_corrected(promise, contact, said, word.at))
    if promise.state == "ended":
        changes.callbacks.append(replace(after, outcome=word.result, ended_by=word.by))
        return
    over = callback_rows.ended(after, word.result, by=word.by, at=word.at)
    changes.callbacks.append(over)
    changes.facts.append(callback_rows.ended_fact(over))
    if word.asked_at <= attempt["at"]:
        changes.timers_cancelled.append(timer_id(contact))


def _attempt(promise: CallbackWrite, contact: ContactView) -> dict[str, Any]:
    """The last of this contact's that has a result; {} when there is none."""
    found = [each for each in promise.attempts if each.get("contact") == contact.id]
    return found[-1] if found else {}


def _corrected(promise: CallbackWrite, contact: ContactView, said: dict[str, Any], at: Micros) -> Fact:
    return Fact(
        id=f"{contact.id}:callback.corrected",
        at=at,
        kind="callback.corrected",
        provider=contact.provider,
        client=contact.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        agent=str(said["by"]),
        data={"callback": promise.id, "attempt": said["attempt"], "was": said["was"], "result": said["result"]},
    )
