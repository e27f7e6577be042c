"""How a contact becomes a complaint (E01): its case, its place on the ladder, its clocks, and the queue that hears it.

A VIP or key account enters at the client's desk, severe words at the supervisor, the accused never keeps it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain import complaint as steps
from contactcenter.domain import escalation as ladder
from contactcenter.domain.authority import Remedy
from contactcenter.domain.case import CaseKind
from contactcenter.domain.complaint import Cause, Complaint
from contactcenter.domain.directory import Directory
from contactcenter.domain.triggers import Situation
from contactcenter.errors import Conflict, Invalid
from contactcenter.services.case_rows import told
from contactcenter.services.cases import Cases
from contactcenter.services.changes import Changes, ContactLink, NewEvent
from contactcenter.services.commands import Stamp, once
from contactcenter.services.complaint_rows import Matter, clock, fact, write_of
from contactcenter.services.conversation import owned_contact
from contactcenter.services.hand_over import hand_over
from contactcenter.services.notices import complaint_told
from contactcenter.services.office import Office
from contactcenter.services.seats import Seat
from contactcenter.services.views import ContactView, Scope
from routing.events import Changed
from routing.model import Tier


class Grievance(Struct, frozen=True, kw_only=True):
    """What the agent wrote down. `cause`: one of the nine codes or empty; `accused`: an agent's public number.

    `desired_remedy`: one of the five, or the customer's own words.
    """

    summary: str
    cause: str = ""
    desired_remedy: str = ""
    accused: str = ""

    def complaint(self, *, at: Micros, by: str, accused: str) -> Complaint:
        """The six steps, begun, with what is known. Invalid for an unknown cause or an empty summary."""
        if not self.summary.strip():
            raise Invalid("summary is empty", code="empty", field="summary")
        begun = steps.open_complaint(at=at, by=by, accused=accused)
        if self.cause:
            begun = steps.classify(begun, _cause(self.cause))
        if self.desired_remedy in {str(each) for each in Remedy}:
            begun = steps.desire(begun, Remedy(self.desired_remedy))
        return begun

    def notes(self) -> dict[str, Any]:
        kept = {"summary": self.summary.strip(), "cause": self.cause, "desired_remedy": self.desired_remedy}
        return {key: value for key, value in kept.items() if value}


class Raising:
    def __init__(self, office: Office, cases: Cases) -> None:
        self._office = office
        self._cases = cases

    async def raise_from(self, seat: Seat, *, contact: str, grievance: Grievance, stamp: Stamp) -> dict[str, Any]:
        """From one of my contacts: `{case, number, due_at, due_text, level}`.

        Forbidden `not_yours`; Invalid for an unknown cause or accused; Conflict `complaint_exists` when the
        contact's complaint is still open.
        """
        return await once(self._office.store, stamp, lambda: self._raise(seat, contact, grievance, stamp))

    async def _raise(self, seat: Seat, contact_id: str, grievance: Grievance, stamp: Stamp) -> dict[str, Any]:
        directory, now = self._office.directory(seat.provider), self._office.clock.now()
        accused = _accused(directory, grievance.accused)
        complaint = grievance.complaint(at=now, by=seat.agent, accused=accused)
        contact = await owned_contact(self._office.reads, seat, contact_id, any_state=True)
        await self._no_open_complaint(seat.scope, contact)
        situation = await self._situation(seat, contact, grievance.summary)
        changes = Changes()
        owner = seat.agent if accused != seat.agent else ""
        case = await self._cases.draft(
            contact,
            kind=CaseKind.COMPLAINT,
            subject=grievance.summary.strip(),
            owner=owner,
            now=now,
            changes=changes,
        )
        matter = Matter(
            case=case.id,
            number=case.number,
            provider=seat.provider,
            client=contact.client,
            contact=contact.id,
            complaint=complaint,
            escalation=ladder.raise_complaint(
                directory.document.ladder, situation, at=now, by=seat.agent, accused=accused
            ),
            notes=grievance.notes(),
        )
        result = {**told(case), "level": matter.escalation.level}
        changes.receipt = stamp.receipt(result, now)
        self._begin(matter, contact, seat.agent, changes, now)
        await self._office.store.apply(changes)
        await complaint_told(self._office, matter, "complaint_raised", now, changes)
        return result

    def _begin(self, matter: Matter, contact: ContactView, by: str, changes: Changes, now: Micros) -> None:
        escalation = matter.escalation
        raised = {"reason": str(escalation.history[-1].reason), "cause": matter.notes.get("cause", "")}
        changes.complaints.append(write_of(matter))
        changes.timers.extend(clock(matter))
        changes.contact_links.append(ContactLink(id=contact.id, case=matter.case, complaint=True))
        changes.facts.append(fact(matter, "complaint.raised", at=now, by=by, key="raised", data=raised))
        if escalation.accepted_by:
            changes.facts.append(fact(matter, "complaint.accepted", at=now, by=by, key="accepted:0"))
        if escalation.level:
            changes.facts.append(fact(matter, "complaint.escalated", at=now, by=by, key="rung:0", data=raised))
        directory = self._office.directory(matter.provider)
        changes.outbox.extend(hand_over(self._office.wording, directory, matter, now=now))
        if contact.state not in ("wrap_up", "ended") and not contact.complaint:
            event = Changed(contact.id, complaint=True, agent=by)
            dedupe = f"complaint:{matter.case}"
            changes.events.append(NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=dedupe))

    async def _no_open_complaint(self, scope: Scope, contact: ContactView) -> None:
        case = await self._office.reads.case(scope, contact.case) if contact.case else None
        if case is not None and case.kind == "complaint" and case.closed_at is None:
            raise Conflict(f"complaint {case.number} is open", code="complaint_exists", case=case.id)

    async def _situation(self, seat: Seat, contact: ContactView, summary: str) -> Situation:
        """A customer with a named account owner is a key account (A16, B14)."""
        known = await self._office.reads.customer(seat.scope, contact.customer) if contact.customer else None
        return Situation(
            level=1 if seat.supervisor else 0,
            tier=Tier(contact.tier),
            group=bool(known and known.account_owner),
            text=f"{contact.subject}\n{summary}",
        )


def _cause(cause: str) -> Cause:
    try:
        return Cause(cause)
    except ValueError:
        raise Invalid(f"cause is one of {', '.join(Cause)}", code="cause", field="cause") from None


def _accused(directory: Directory, number: str) -> str:
    """The agent's id behind a public number."""
    if not number:
        return ""
    agent = directory.agent_by_number(number)
    if agent is None:
        raise Invalid("no agent has this number", code="unknown_agent", field="accused")
    return agent.id
