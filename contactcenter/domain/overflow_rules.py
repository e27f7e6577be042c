"""Rules about what happens when nobody can take a contact: second leases, bounds, hours and answers (B18, D21)."""

from __future__ import annotations

from collections.abc import Iterator

from contactcenter.domain.configuration import Document, Hours, Lease, View
from contactcenter.domain.problem import Problem

BOUNDED = ("voice", "chat")
"""Calls and chats; mails and callbacks always queue."""
WITH_HOURS = ("voice", "chat", "callback")
ANSWERS = {"voice": ("", "ivr", "voicemail", "callback"), "chat": ("", "message")}
Use = tuple[str, Lease]
"""A door's path and the lease that its contacts come under."""


def overflow_problems(document: Document) -> Iterator[Problem]:
    """Each view with the doors that lead into it, then the hours of single lines and sites."""
    for index, view in enumerate(document.views):
        uses = list(_uses(document, view.id))
        yield from _second_leases(document, view, f"views[{index}]", uses)
        yield from _bounds(document, view, f"views[{index}]", uses)
        yield from _view_hours(document, view, f"views[{index}]", uses)
    yield from _door_hours(document)


def _uses(document: Document, view: str) -> Iterator[Use]:
    """Every door whose contacts wait in the view; a view of callbacks takes those of all leases of its clients."""
    leases = {lease.id: lease for lease in document.leases}
    for section in ("lines", "mailboxes", "sites"):
        for index, door in enumerate(getattr(document, section)):
            if door.view == view and door.lease in leases:
                yield f"{section}[{index}]", leases[door.lease]
    for client, name in sorted(document.callbacks.view.items()):
        if name == view:
            yield from ((f"callbacks.view.{client}", x) for x in document.leases if x.client == client)


# --- second leases --------------------------------------------------------------------------------------


def _second_leases(document: Document, view: View, path: str, uses: list[Use]) -> Iterator[Problem]:
    leases = {lease.id: lease for lease in document.leases}
    for position, step in enumerate(view.relax):
        where = f"{path}.relax[{position}].lease"
        if step.lease and step.lease not in leases:
            yield Problem(where, "unknown", f"there is no lease {step.lease!r}")
        elif step.lease:
            yield from _second_lease(leases[step.lease], where, uses)


def _second_lease(second: Lease, where: str, uses: list[Use]) -> Iterator[Problem]:
    """Seats serve one client only (I2): whoever waits in the view must be of the second lease's client."""
    for door, home in uses:
        if home.client != second.client:
            why = f"lease {second.id} belongs to {second.client}, but {door} brings contacts of {home.client} (I2)"
            yield Problem(where, "foreign_second_lease", why)
            return
    if uses and all(home.id == second.id for _, home in uses):
        yield Problem(where, "same_lease", f"lease {second.id} is already the lease of every door of this view")
    for door, home in uses:
        if home.id != second.id and (second.ends <= home.starts or home.ends <= second.starts):
            why = f"lease {second.id} never runs together with {home.id} of {door}: nobody of it will be asked"
            yield Problem(where, "second_lease_term", why, warning=True)


# --- bounds and answers ---------------------------------------------------------------------------------


def _bounds(document: Document, view: View, path: str, uses: list[Use]) -> Iterator[Problem]:
    if view.overflow is None:
        return
    if view.medium not in BOUNDED:
        yield Problem(f"{path}.overflow", "overflow_medium", f"a {view.medium} always queues: there is no bound (B18)")
        return
    yield from _answer(document, view.overflow.answer, view, f"{path}.overflow", uses)


def _answer(document: Document, answer: str, view: View, path: str, uses: list[Use]) -> Iterator[Problem]:
    """It suits the medium, and what it promises can be kept for every client of the view."""
    allowed = ANSWERS.get(view.medium, ("",))
    if answer not in allowed:
        why = f"{answer!r} is no answer to a {view.medium}; there are {', '.join(name for name in allowed if name)}"
        yield Problem(f"{path}.answer", "overflow_answer", why)
    clients = sorted({lease.client for _, lease in uses})
    if view.medium == "chat":
        boxes = {box.client for box in document.mailboxes}
        for client in clients:
            if client not in boxes:
                why = f"a chat that is not taken becomes a message, and {client} has no mailbox for it"
                yield Problem(path, "no_mailbox", why)
    for client in clients if answer == "callback" else ():
        if client not in document.callbacks.view:
            yield Problem(f"{path}.answer", "no_callback_view", f"callbacks.view names no view for {client}")


# --- hours ----------------------------------------------------------------------------------------------


def _view_hours(document: Document, view: View, path: str, uses: list[Use]) -> Iterator[Problem]:
    if view.hours is None:
        return
    if view.medium not in WITH_HOURS:
        yield Problem(f"{path}.hours", "hours_medium", f"a {view.medium} is taken at any hour (B18)")
        return
    yield from _hours(document, view.hours, view, f"{path}.hours", uses)


def _door_hours(document: Document) -> Iterator[Problem]:
    views = {view.id: view for view in document.views}
    leases = {lease.id: lease for lease in document.leases}
    for section in ("lines", "sites"):
        for index, door in enumerate(getattr(document, section)):
            view, lease = views.get(door.view), leases.get(door.lease)
            if door.hours is not None and view is not None and lease is not None:
                path = f"{section}[{index}]"
                yield from _hours(document, door.hours, view, f"{path}.hours", [(path, lease)])


def _hours(document: Document, hours: Hours, view: View, path: str, uses: list[Use]) -> Iterator[Problem]:
    if hours.calendar and hours.calendar not in {calendar.id for calendar in document.calendars}:
        yield Problem(f"{path}.calendar", "unknown", f"there is no calendar {hours.calendar!r}")
    if view.medium == "callback" and hours.answer:
        yield Problem(f"{path}.answer", "overflow_answer", "a callback always queues: it gets no other answer")
    elif view.medium != "callback":
        yield from _answer(document, hours.answer, view, path, uses)
