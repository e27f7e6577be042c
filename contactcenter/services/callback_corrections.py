"""The agent talked with somebody, and it was not the customer: his word corrects what the platform told (A04).

The promise keeps its one outcome, in its one row; that it was `reached` before stands with the attempt as `was`, and in
the fact `callback.corrected`. Neither a wrong number nor a customer who wants nothing more is called again.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from contactcenter.clock import Micros
from contactcenter.domain.callback_outcomes import CORRECTS
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Invalid
from contactcenter.services.changes import CallbackWrite, Changes
from contactcenter.services.views import ContactView


def check_correction(contact: ContactView, result: str) -> None:
    """Invalid `result`; Conflict `wrong_medium`, `too_late` when the agent's part is over, `not_wrapping` before."""
    if result not in CORRECTS:
        raise Invalid(f"after the talk a result is one of {', '.join(CORRECTS)}", code="result", field="result")
    if contact.medium != "callback":
        raise Conflict("only a callback has a result", code="wrong_medium", field="contact")
    if contact.state == "ended":
        raise Conflict("its wrap-up is over: the result stands", code="too_late", field="contact")
    if contact.state != "wrap_up":
        raise Conflict("it is not over yet: finish it with its result", code="not_wrapping", field="contact")


def correct(
    promise: CallbackWrite, contact: ContactView, result: str, *, by: str, at: Micros, changes: Changes
) -> None:
    """Add it to the changes; said again it adds nothing. Conflict `not_reached` when the attempt went otherwise."""
    attempt = next((each for each in promise.attempts if each.get("contact") == contact.id), {})
    was = str(attempt.get("result", ""))
    if was == result:
        return
    if was != "reached" or promise.outcome != "reached":
        raise Conflict(
            f"this attempt ended as {was or 'nothing yet'}, not as reached", code="not_reached", field="result"
        )
    said = {**attempt, "result": result, "by": by, "was": was}
    attempts = tuple(said if each is attempt else each for each in promise.attempts)
    changes.callbacks.append(replace(promise, attempts=attempts, outcome=result, ended_by=by))
    changes.facts.append(_corrected(promise, contact, said, at))


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
