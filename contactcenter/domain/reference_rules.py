"""Rules about names: every id is used once, and everything that is named exists and belongs together (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from contactcenter.domain import identity
from contactcenter.domain.configuration import Document, MediumName
from contactcenter.domain.problem import Problem, repeated


class _Door(Protocol):
    """What a line, a mailbox and a chat site have in common."""

    @property
    def client(self) -> str: ...
    @property
    def lease(self) -> str: ...
    @property
    def view(self) -> str: ...


def reference_problems(document: Document) -> Iterator[Problem]:
    """Uniqueness, then references, then who owns what."""
    yield from _unique(document)
    yield from _named(document)
    for name, medium, doors in _doors(document):
        for index, door in enumerate(doors):
            yield from _door(document, f"{name}[{index}]", door, medium)
    yield from _callbacks(document)


def _unique(document: Document) -> Iterator[Problem]:
    d = document
    lists: dict[str, Iterable[str]] = {
        "clients": (x.id for x in d.clients),
        "leases": (x.id for x in d.leases),
        "calendars": (x.id for x in d.calendars),
        "plans": (x.id for x in d.plans),
        "views": (x.id for x in d.views),
        "sites": (x.id for x in d.sites),
        "sources": (x.id for x in d.sources),
        "agents": (x.id for x in d.agents),
    }
    for name, ids in lists.items():
        yield from repeated(name, "id", ids)
    yield from repeated("media", "medium", (x.medium for x in d.media))
    yield from repeated("agents", "number", (x.number for x in d.agents))
    yield from repeated("lines", "number", (identity.phone(x.number) for x in d.lines))
    yield from repeated("mailboxes", "address", (identity.mail(x.address) for x in d.mailboxes))


def _named(document: Document) -> Iterator[Problem]:
    clients, calendars = {c.id for c in document.clients}, {c.id for c in document.calendars}
    plans, leases = {p.id for p in document.plans}, {lease.id for lease in document.leases}
    media = {str(m.medium) for m in document.media}
    for i, client in enumerate(document.clients):
        yield from _exists(f"clients[{i}].calendar", "calendar", client.calendar, calendars)
    for i, lease in enumerate(document.leases):
        yield from _exists(f"leases[{i}].client", "client", lease.client, clients)
    for i, view in enumerate(document.views):
        yield from _exists(f"views[{i}].plan", "plan", view.plan, plans)
        yield from _exists(f"views[{i}].medium", "media rule", view.medium, media)
    for i, agent in enumerate(document.agents):
        yield from _exists(f"agents[{i}].lease", "lease", agent.lease, leases)


def _doors(document: Document) -> tuple[tuple[str, MediumName, tuple[_Door, ...]], ...]:
    return (
        ("lines", "voice", document.lines),
        ("mailboxes", "mail", document.mailboxes),
        ("sites", "chat", document.sites),
    )


def _door(document: Document, path: str, door: _Door, medium: MediumName) -> Iterator[Problem]:
    leases = {lease.id: lease for lease in document.leases}
    yield from _exists(f"{path}.client", "client", door.client, {c.id for c in document.clients})
    yield from _exists(f"{path}.lease", "lease", door.lease, set(leases))
    yield from _view(document, f"{path}.view", door.view, medium)
    lease = leases.get(door.lease)
    if lease is not None and lease.client != door.client:
        yield Problem(
            f"{path}.lease", "foreign_lease", f"lease {lease.id} belongs to {lease.client}, not to {door.client}"
        )


def _view(document: Document, path: str, name: str, medium: MediumName) -> Iterator[Problem]:
    views = {view.id: view for view in document.views}
    yield from _exists(path, "view", name, set(views))
    if name in views and views[name].medium != medium:
        yield Problem(path, "wrong_medium", f"view {name} is for {views[name].medium}, this needs {medium}")


def _callbacks(document: Document) -> Iterator[Problem]:
    clients, views = {c.id for c in document.clients}, document.callbacks.view
    for client, view in sorted(views.items()):
        yield from _exists(f"callbacks.view.{client}", "client", client, clients)
        yield from _view(document, f"callbacks.view.{client}", view, "callback")
    for index, line in enumerate(document.lines):
        if line.blocked == "callback" and line.client not in views:
            yield Problem(
                f"lines[{index}].blocked", "no_callback_view", f"callbacks.view names no view for {line.client}"
            )


def _exists(path: str, kind: str, name: str, known: set[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path, "unknown", f"there is no {kind} {name!r}")
