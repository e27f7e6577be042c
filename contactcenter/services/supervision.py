"""A supervisor's view of the floor and his orders to the router (B10).

An order is stored as an event of the domain under a command id; the router decides it in its turn and says what
came of it in a fact (`command.done`, `command.refused`). Nothing is changed here but the promise of a callback that is
closed while its call is under way.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from contactcenter.clock import Clock, Ids
from contactcenter.domain.configuration import Agent
from contactcenter.domain.directory import Directory
from contactcenter.errors import Conflict, Invalid, NotFound
from contactcenter.services import callback_rows
from contactcenter.services.callback_attempts import hang_up, source_of
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.commands import again
from contactcenter.services.ports import Bus, ChangeStore, Reads
from contactcenter.services.views import ContactView, DeskView, Scope
from routing.events import AnyEvent, Assigned, Closed


class AgentLine(Struct, frozen=True, kw_only=True):
    """An agent as the floor sees him. `contacts` are those he owns now."""

    agent: str
    number: str
    name: str
    client: str
    lease: str
    state: str
    reason: str
    used_units: int
    capacity: int
    contacts: tuple[str, ...]


class Supervision:
    """Orders and the list of agents, each confined to a scope."""

    def __init__(
        self,
        *,
        reads: Reads,
        changes: ChangeStore,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        directory_of: Callable[[str], Directory],
    ) -> None:
        self._reads = reads
        self._changes = changes
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._directory_of = directory_of

    async def assign(self, scope: Scope, contact: str, *, agent: str, by: str, reason: str) -> str:
        """The command's id. `agent`: id or public number. NotFound for the contact, Conflict `contact_ended`,
        Invalid for an agent who is unknown or sits on another client's lease (I2)."""
        view = await self._open(scope, contact)
        chosen = self._seated(view, agent)
        command = self._ids.new("cm")
        event = Assigned(contact=view.id, agent=chosen.id, by=by, reason=reason, command=command)
        return await self._send(view, event, command)

    async def close(self, scope: Scope, contact: str, *, by: str, reason: str) -> str:
        """The command's id. NotFound, or Conflict `contact_ended`."""
        return await again(lambda: self._close(scope, contact, by, reason))

    async def _close(self, scope: Scope, contact: str, by: str, reason: str) -> str:
        view = await self._open(scope, contact)
        command, changes = self._ids.new("cm"), Changes()
        if view.medium == "callback":
            await self._end_dialled(view, by, changes)
        event = Closed(contact=view.id, reason=reason, by=by, command=command)
        return await self._send(view, event, command, changes)

    async def _end_dialled(self, view: ContactView, by: str, changes: Changes) -> None:
        """A callback on the phone: the router orders the end of calls alone. With it ends its promise, at once: the
        platform's word about this end would be an attempt, after which its customer is called again."""
        promise = await self._reads.callback(Scope(view.provider, view.client), callback_rows.promise_id(view))
        if promise is None or promise.state != "dialling" or promise.contact != view.id:
            return
        now, source = self._clock.now(), source_of(self._directory_of(view.provider), view)
        over = callback_rows.ended(callback_rows.written(promise), "closed", by=by, at=now)
        changes.callbacks.append(over)
        changes.facts.append(callback_rows.ended_fact(over, contact_outcome="closed"))
        changes.outbox.append(hang_up(view, "", source, now))

    async def agents(self, scope: Scope) -> list[AgentLine]:
        """Everybody on a lease of the scope, signed in or not, by public number."""
        directory = self._directory_of(scope.provider)
        people = [agent for agent in directory.document.agents if _within(directory, agent, scope)]
        lines = []
        for agent in sorted(people, key=lambda each: each.number):
            desk = await self._reads.desk(scope.provider, agent.id)
            lines.append(_line(agent, directory.lease(agent.lease).client, desk))
        return lines

    async def _open(self, scope: Scope, contact: str) -> ContactView:
        view = await self._reads.contact(scope, contact)
        if view is None:
            raise NotFound(code="unknown_contact")
        if view.state == "ended":
            raise Conflict("the contact has ended", code="contact_ended")
        return view

    def _seated(self, view: ContactView, agent: str) -> Agent:
        directory = self._directory_of(view.provider)
        try:
            chosen = directory.agent_by_number(agent) or directory.agent(agent)
        except NotFound as unknown:
            raise Invalid(str(unknown), code="unknown_agent", field="agent") from None
        if directory.lease(chosen.lease).client != view.client:
            raise Invalid("this agent's seat is leased to another client", code="other_lease", field="agent")
        return chosen

    async def _send(self, view: ContactView, event: AnyEvent, command: str, changes: Changes | None = None) -> str:
        """The order, stored together with `changes`."""
        changes = changes or Changes()
        changes.events.append(NewEvent(domain=view.domain, event=event, received_at=self._clock.now(), dedupe=command))
        await self._changes.apply(changes)
        await self._bus.publish(f"domain:{view.domain}")
        if changes.outbox:
            await self._bus.publish("outbox")
        return command


def _within(directory: Directory, agent: Agent, scope: Scope) -> bool:
    return scope.client in ("", directory.lease(agent.lease).client)


def _line(agent: Agent, client: str, desk: DeskView | None) -> AgentLine:
    """Who never signed in has no row yet: offline."""
    return AgentLine(
        agent=agent.id,
        number=agent.number,
        name=agent.name,
        client=client,
        lease=agent.lease,
        state=str(desk.presence.state) if desk else "offline",
        reason=desk.presence.reason if desk else "",
        used_units=desk.used_units if desk else 0,
        capacity=desk.capacity if desk else agent.capacity,
        contacts=tuple(contact.id for contact in desk.contacts) if desk else (),
    )
