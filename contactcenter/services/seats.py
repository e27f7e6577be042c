"""A seat: an agent at work, with the one client whose customers he serves (M03, I7).

Services take a `Seat` instead of loose ids, so that no query can forget whose rows it may see.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from contactcenter.domain.directory import Directory
from contactcenter.errors import Forbidden, NotFound
from contactcenter.services.views import Principal, Scope

LEVELS: Final = {0: ("agent", "supervisor"), 1: ("supervisor",)}
"""Who accepts and decides at a level of the ladder; from L2 on it is the client himself."""


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts on a case: an agent, a supervisor or the client's own desk. `client` '' means all of the provider."""

    kind: str
    provider: str
    id: str
    client: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(self.provider, self.client)

    def may_act_at(self, level: int) -> bool:
        return self.kind in LEVELS.get(level, ("client",))


class Seat(Struct, frozen=True, kw_only=True):
    """`number` is what customers hear (H06), `name` never leaves the house; `language` is that of his desk."""

    provider: str
    client: str
    agent: str
    number: str
    name: str = ""
    supervisor: bool = False
    language: str = "zh-CN"

    @property
    def scope(self) -> Scope:
        return Scope(self.provider, self.client)

    @property
    def actor(self) -> Actor:
        kind = "supervisor" if self.supervisor else "agent"
        return Actor(kind=kind, provider=self.provider, id=self.agent, client=self.client)


def actor_of(who: Principal, directory: Directory) -> Actor:
    """The one who acts behind a token. Forbidden for platforms, operators and agents without a seat."""
    if who.kind == "client" and who.client:
        return Actor(kind="client", provider=who.provider, id=who.subject, client=who.client)
    if who.kind == "supervisor" and who.subject not in {agent.id for agent in directory.document.agents}:
        return Actor(kind="supervisor", provider=who.provider, id=who.subject, client=who.client)
    return seat_of(who, directory, "").actor


def seat_of(who: Principal, directory: Directory, language: str, *, now: int | None = None) -> Seat:
    """The seat of a principal. Forbidden (`no_seat`) for whom the configuration seats nowhere.

    With `now` (microseconds) also for whom the lease is not in force: with its end access ends (I9).
    """
    if who.kind not in ("agent", "supervisor"):
        raise Forbidden("only agents have a desk", code="no_seat")
    try:
        agent = directory.agent(who.subject)
        client = directory.lease(agent.lease).client
    except NotFound:
        raise Forbidden("this configuration has no seat for you", code="no_seat") from None
    if now is not None and not directory.in_force(agent.lease, now):
        raise Forbidden("the lease of your seat is not in force", code="no_seat")
    return Seat(
        provider=who.provider,
        client=client,
        agent=agent.id,
        number=agent.number,
        name=agent.name,
        supervisor=agent.supervisor or who.kind == "supervisor",
        language=language,
    )


def public_number(directory: Directory, agent: str) -> str:
    """What may be shown of an agent; '' for nobody or somebody who left the configuration."""
    try:
        return directory.agent(agent).number if agent else ""
    except NotFound:
        return ""
