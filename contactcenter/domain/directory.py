"""Immutable indexes over one configuration version: who and what is behind a number, an address, an id.

What the world names (a number, an address, a site) may be unknown: None. What our own records name must
exist in this version: NotFound says which is missing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypeVar
from zoneinfo import ZoneInfo

from contactcenter.clock import Micros, to_micros
from contactcenter.domain import configuration as c
from contactcenter.domain import identity
from contactcenter.domain.brand import hidden_names
from contactcenter.domain.business_time import next_open
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.callback_offers import zone_of
from contactcenter.errors import NotFound

T = TypeVar("T")


class Directory:
    """Built once per configuration version; asking never changes it."""

    def __init__(self, document: c.Document) -> None:
        self.document = document
        self._zone = ZoneInfo(document.provider.time_zone)
        self._lines = {identity.phone(x.number): x for x in document.lines}
        self._mailboxes = {identity.mail(x.address): x for x in document.mailboxes}
        self._sites = {x.id: x for x in document.sites}
        self._sources = {x.id: x for x in document.sources}
        self._agents = {x.id: x for x in sorted(document.agents, key=lambda agent: agent.id)}
        self._people = _people(self._agents.values())
        self._skills = {
            lease: frozenset(skill for agent in staff for skill in agent.skills)
            for lease, staff in self._people.items()
        }
        self._numbers = {x.number: x for x in document.agents}
        self._clients = {x.id: x for x in document.clients}
        self._views = {x.id: x for x in document.views}
        self._leases = {x.id: x for x in document.leases}
        self._plans = {x.id: x for x in document.plans}
        self._media = {str(x.medium): x for x in document.media}
        self._calendars = {x.id: Calendar(x) for x in document.calendars}

    # --- what the world names ---------------------------------------------------------------------

    def line(self, number: str) -> c.Line | None:
        """The line of a dialled number, however it is written."""
        return self._lines.get(identity.phone(number))

    def mailbox(self, address: str) -> c.Mailbox | None:
        return self._mailboxes.get(identity.mail(address))

    def site(self, site: str) -> c.Site | None:
        return self._sites.get(site)

    def source(self, source: str) -> c.PhoneSource | None:
        return self._sources.get(source)

    def agent_by_number(self, number: str) -> c.Agent | None:
        """The agent with this public number (H06)."""
        return self._numbers.get(number.strip())

    # --- what our own records name ----------------------------------------------------------------

    def agent(self, agent: str) -> c.Agent:
        return _get(self._agents, agent, "agent")

    def client(self, client: str) -> c.Client:
        return _get(self._clients, client, "client")

    def view(self, view: str) -> c.View:
        return _get(self._views, view, "view")

    def lease(self, lease: str) -> c.Lease:
        return _get(self._leases, lease, "lease")

    def plan(self, plan: str) -> c.RingPlan:
        return _get(self._plans, plan, "plan")

    def media(self, medium: str) -> c.MediumRules:
        return _get(self._media, str(medium), "medium")

    def calendar(self, calendar: str) -> Calendar:
        return _get(self._calendars, calendar, "calendar")

    # --- what follows from them -------------------------------------------------------------------

    def calendar_of(self, client: str) -> Calendar:
        """The business hours of a client."""
        return self.calendar(self.client(client).calendar)

    def opens_at(self, client: str, hours: c.Hours | None, at: Micros) -> Micros:
        """When these hours of a client's door open again; 0 while they are open, and without any (D21)."""
        if hours is None:
            return 0
        opens = next_open(self._hours(client, hours), at)
        return opens if opens > at else 0

    def callback_calendar(self, client: str, line: c.Line | None = None) -> Calendar | None:
        """The hours in which this client's customers are called back: the view's, else the line's; None: any hour."""
        view = self.callback_view(client)
        hours = (view.hours if view else None) or (line.hours if line else None)
        return None if hours is None else self._hours(client, hours)

    def callback_zone(self, number: str) -> dt.tzinfo:
        """The customer's own clock, as far as his number tells; else the provider's."""
        return zone_of(number, self._zone)

    def mailbox_of(self, client: str, lease: str) -> c.Mailbox | None:
        """Where a client's written work goes: the first mailbox of this lease, else the client's first."""
        boxes = [box for box in self.document.mailboxes if box.client == client]
        return next((box for box in boxes if box.lease == lease), boxes[0] if boxes else None)

    def callback_view(self, client: str) -> c.View | None:
        """The view in which a client's callbacks wait; None when it takes none."""
        name = self.document.callbacks.view.get(client)
        return None if name is None else self.view(name)

    def agents_of(self, lease: str) -> tuple[c.Agent, ...]:
        """The people of a lease, by id."""
        return self._people.get(lease, ())

    def skills_of(self, lease: str) -> frozenset[str]:
        """Every skill that somebody of a lease has at some level."""
        return self._skills.get(lease, frozenset())

    def supervisors(self) -> tuple[c.Agent, ...]:
        """The provider's shift supervisors (L1), by id."""
        return tuple(agent for agent in self._agents.values() if agent.supervisor)

    def term(self, lease: str) -> tuple[Micros, Micros]:
        """First instant and end, exclusive, of a lease: midnights in the provider's zone."""
        found = self.lease(lease)
        return self._midnight(found.starts), self._midnight(found.ends)

    def in_force(self, lease: str, at: Micros) -> bool:
        """Whether the lease runs at this instant (I9)."""
        starts, ends = self.term(lease)
        return starts <= at < ends

    def lease_in_force(self, client: str, at: Micros) -> c.Lease | None:
        """The client's lease that runs at this instant; of several the one that started last."""
        running = [x for x in self.document.leases if x.client == client and self.in_force(x.id, at)]
        return max(running, key=lambda x: (x.starts, x.id), default=None)

    def hidden_names(self, client: str) -> tuple[str, ...]:
        """The provider's names, which customers of this client never meet (I5)."""
        return hidden_names(self.document, client)

    def _hours(self, client: str, hours: c.Hours) -> Calendar:
        return self.calendar(hours.calendar) if hours.calendar else self.calendar_of(client)

    def _midnight(self, day: dt.date) -> Micros:
        return to_micros(dt.datetime.combine(day, dt.time(), self._zone).astimezone(dt.UTC))


def _people(agents: Iterable[c.Agent]) -> dict[str, tuple[c.Agent, ...]]:
    people: dict[str, list[c.Agent]] = {}
    for agent in agents:
        people.setdefault(agent.lease, []).append(agent)
    return {lease: tuple(staff) for lease, staff in people.items()}


def _get(index: dict[str, T], name: str, kind: str) -> T:
    try:
        return index[name]
    except KeyError:
        raise NotFound(f"there is no {kind} {name!r} in this configuration", code=f"unknown_{kind}") from None
