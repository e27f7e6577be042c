"""Cases: matters that outlive contacts, each with a number for people, one owner and a promised instant (D16).

The due instant comes from the client's business calendar: same day for repairs and complaints, never later than
the first-reply bound (D04, D15). The promise is kept as text and instant; a breach is a fact and is never erased.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from contactcenter.clock import Micros
from contactcenter.domain.case import CaseKind, CaseState, Deadline, Happening, deadlines, move, warnings
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Invalid, NotFound
from contactcenter.services.case_rows import case_fact, case_timers, local_time, rewritten, told
from contactcenter.services.changes import CaseWrite, Changes, ContactLink, TimerSet
from contactcenter.services.commands import Stamp, once
from contactcenter.services.complaint_rows import close_complaint
from contactcenter.services.conversation import owned_contact
from contactcenter.services.office import Office
from contactcenter.services.seats import Seat
from contactcenter.services.views import CaseView, ContactView

LONGEST_NOTE = 10_000
OPENABLE = (CaseKind.CONSULT, CaseKind.REPAIR, CaseKind.CLAIM)


class Cases:
    def __init__(self, office: Office) -> None:
        self._office = office

    # --- opening ---------------------------------------------------------------------------------------------

    async def open_case(
        self, seat: Seat, *, contact: str, kind: str, subject: str = "", stamp: Stamp
    ) -> dict[str, Any]:
        """Open a consult, repair or claim from one of my contacts: `{case, number, due_at, due_text}`.

        Invalid for another kind (a complaint is raised, not opened); Conflict `case_exists` when the contact has an
        open case of this kind already.
        """
        return await once(self._office.store, stamp, lambda: self._open(seat, contact, _kind(kind), subject, stamp))

    async def _open(self, seat: Seat, contact: str, wanted: CaseKind, subject: str, stamp: Stamp) -> dict[str, Any]:
        found = await owned_contact(self._office.reads, seat, contact)
        await self._no_such_case(seat, found, wanted)
        now = self._office.clock.now()
        changes = Changes()
        case = await self.draft(found, kind=wanted, subject=subject, owner=seat.agent, now=now, changes=changes)
        result = told(case)
        changes.receipt = stamp.receipt(result, now)
        changes.contact_links.append(ContactLink(id=found.id, case=case.id))
        await self._office.store.apply(changes)
        return result

    async def draft(
        self, contact: ContactView, *, kind: CaseKind, subject: str, owner: str, now: Micros, changes: Changes
    ) -> CaseWrite:
        """Add a new case with its fact and timers to the changes of a use case. The caller links the contact."""
        directory = self._office.directory(contact.provider)
        number = f"{await self._office.store.next_number(contact.client, 'case'):06d}"
        due = self._due(directory, contact.client, kind, now)
        case = CaseWrite(
            id=self._office.ids.new("cs"),
            number=number,
            provider=contact.provider,
            client=contact.client,
            kind=str(kind),
            opened_at=now,
            due_at=due.at,
            expected=None,
            customer=contact.customer,
            owner=owner,
            subject=subject or contact.subject,
            due_text=self._promise(directory, contact, number, due),
            provisional=due.provisional,
            calendar_version=due.calendar or directory.calendar_of(contact.client).version,
        )
        changes.cases.append(case)
        changes.timers.extend(_timers(directory, case, due))
        changes.facts.append(_opened(case, contact, due, self._office.ids.new("ft")))
        return case

    async def _no_such_case(self, seat: Seat, contact: ContactView, kind: CaseKind) -> None:
        linked = await self._office.reads.case(seat.scope, contact.case) if contact.case else None
        if linked is not None and linked.closed_at is None and linked.kind == kind:
            raise Conflict(f"case {linked.number} is open", code="case_exists", case=linked.id)

    def _due(self, directory: Directory, client: str, kind: CaseKind, now: Micros) -> Deadline:
        """The earliest of what the kind promises."""
        rules, calendar = directory.document.cases, directory.calendar_of(client)
        return deadlines(kind, opened_at=now, rules=rules, calendar=calendar)[0]

    def _promise(self, directory: Directory, contact: ContactView, number: str, due: Deadline) -> str:
        """What the customer is told, in his language; a provisional calendar is said so."""
        language = contact.language or directory.client(contact.client).default_language
        renderer = self._office.wording.of(directory, contact.client)
        at = local_time(directory, contact.client, due.at)
        promise = renderer.render("case.opened", language, case=number, due=at)
        return f"{promise} {renderer.render('case.provisional', language)}" if due.provisional else promise

    # --- closing and noting ----------------------------------------------------------------------------------

    async def close_case(self, seat: Seat, *, case: str, outcome: str, proof: str = "", stamp: Stamp) -> dict[str, Any]:
        """`resolved` needs proof (E16); `gave_up` is an end of its own that counts as unresolved (E28).

        A complaint closes through its gates: Conflict with the code of the first one that is not met.
        """
        return await once(self._office.store, stamp, lambda: self._close(seat, case, outcome, proof, stamp))

    async def _close(self, seat: Seat, case: str, outcome: str, proof: str, stamp: Stamp) -> dict[str, Any]:
        found = await self.case_of(seat, case)
        state = _closed_state(found, outcome, proof)
        now = self._office.clock.now()
        result = {"case": found.id, "number": found.number, "state": str(state)}
        changes = Changes(receipt=stamp.receipt(result, now), timers_cancelled=case_timers(found.id))
        body = {**found.body, "proof": proof} if proof else found.body
        changes.cases.append(replace(rewritten(found), state=str(state), closed_at=now, body=body))
        changes.facts.append(_closed(found, seat, state, proof, now))
        complaint = await self._office.reads.complaint(seat.scope, found.id)
        if complaint is not None:
            close_complaint(complaint, changes, outcome=outcome, proof=proof, by=seat.agent, now=now)
        await self._office.store.apply(changes)
        return result

    async def note(self, seat: Seat, *, case: str, text: str, stamp: Stamp) -> dict[str, Any]:
        """Somebody wrote something down; it stays, whoever wrote it and whatever comes after."""
        return await once(self._office.store, stamp, lambda: self._note(seat, case, text, stamp))

    async def _note(self, seat: Seat, case: str, text: str, stamp: Stamp) -> dict[str, Any]:
        if not text.strip() or len(text) > LONGEST_NOTE:
            raise Invalid(f"1 to {LONGEST_NOTE} characters", code="length", field="text")
        found = await self.case_of(seat, case)
        now = self._office.clock.now()
        result = {"case": found.id, "number": found.number}
        fact = case_fact(found, "case.noted", stamp.derived("ft"), now, agent=seat.agent, data={"text": text})
        await self._office.store.apply(Changes(receipt=stamp.receipt(result, now), facts=[fact]))
        return result

    async def case_of(self, seat: Seat, case: str) -> CaseView:
        """Raises NotFound outside the seat's client."""
        found = await self._office.reads.case(seat.scope, case)
        if found is None:
            raise NotFound("there is no such case here", field="case")
        return found


def _kind(kind: str) -> CaseKind:
    if kind not in OPENABLE:
        raise Invalid("kind is consult, repair or claim", code="kind", field="kind")
    return CaseKind(kind)


def _closed_state(case: CaseView, outcome: str, proof: str) -> CaseState:
    if outcome not in (CaseState.RESOLVED, CaseState.GAVE_UP):
        raise Invalid("outcome is resolved or gave_up", code="outcome", field="outcome")
    if outcome == CaseState.RESOLVED and not proof.strip():
        raise Invalid("say what proves that it is resolved", code="proof_first", field="proof")
    return move(CaseState(case.state), Happening(outcome))


def _timers(directory: Directory, case: CaseWrite, due: Deadline) -> list[TimerSet]:
    """The deadline and its warnings at 50, 75 and 90 % of the clock's own basis."""
    calendar = directory.calendar_of(case.client) if due.basis == "business" else None
    ids = case_timers(case.id)
    instants = (due.at, *warnings(start=case.opened_at, due=due.at, calendar=calendar))
    return [
        TimerSet(
            id=timer,
            kind=timer.partition(":")[0],
            provider=case.provider,
            client=case.client,
            subject=case.id,
            due_at=at,
            owner=case.owner,
        )
        for timer, at in zip(ids, instants, strict=True)
    ]


def _opened(case: CaseWrite, contact: ContactView, due: Deadline, fact_id: str) -> Fact:
    return Fact(
        id=fact_id,
        at=case.opened_at,
        kind="case.opened",
        provider=case.provider,
        client=case.client,
        contact=contact.id,
        case=case.id,
        customer=case.customer,
        agent=case.owner,
        data={
            "number": case.number,
            "kind": case.kind,
            "due_at": case.due_at,
            "basis": due.basis,
            "rule": due.name,
            "provisional": case.provisional,
            "calendar": case.calendar_version,
        },
    )


def _closed(case: CaseView, seat: Seat, state: CaseState, proof: str, now: Micros) -> Fact:
    data: dict[str, Any] = {"state": str(state), "kind": case.kind, "breached": case.breached_at is not None}
    if proof:
        data["proof"] = proof
    return case_fact(case, "case.closed", f"{case.id}:closed:{case.version}", now, agent=seat.agent, data=data)
