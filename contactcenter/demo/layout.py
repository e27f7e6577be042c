"""Who works where, read from the configuration in force: one lane per lease, with its people and its doors."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from contactcenter.errors import Misconfigured


class Agent(Struct, frozen=True, kw_only=True):
    id: str
    number: str
    lease: str
    skills: dict[str, int] = {}
    device: str = ""
    supervisor: bool = False


class Line(Struct, frozen=True, kw_only=True):
    number: str
    lease: str
    view: str
    blocked: str = "voicemail"
    toll_free: bool = False


class Door(Struct, frozen=True, kw_only=True):
    """A mailbox (`address`) or a chat site (`id`)."""

    lease: str
    address: str = ""
    id: str = ""


class Lease(Struct, frozen=True, kw_only=True):
    id: str
    client: str
    lines: int


class Document(Struct, frozen=True, kw_only=True):
    """The parts of the configuration document that the demo reads."""

    leases: tuple[Lease, ...]
    agents: tuple[Agent, ...]
    lines: tuple[Line, ...]
    mailboxes: tuple[Door, ...] = ()
    sites: tuple[Door, ...] = ()


class House(Struct, frozen=True, kw_only=True):
    """One lease: a client's people and doors. Lanes of different houses never compete for anybody."""

    client: str
    lines_leased: int
    agents: tuple[Agent, ...]
    hotline: Line
    toll_free: Line | None
    complaints: Line | None
    mailbox: str
    site: str

    @property
    def devices(self) -> bool:
        """Whether calls ring at desk phones here. One house shows that; the others answer on the socket."""
        return self.complaints is not None

    def supervisor(self) -> Agent | None:
        return next((agent for agent in self.agents if agent.supervisor), None)


def houses(document: Any, *, agents: int) -> tuple[House, ...]:
    """The lanes, smallest house first. `agents` in all; the smallest house is always complete."""
    parsed = msgspec.convert(document, Document)
    built = [_house(parsed, lease) for lease in sorted(parsed.leases, key=lambda lease: (lease.lines, lease.id))]
    if not built:
        raise Misconfigured("the configuration in force has no lease; the demo needs the example", field="leases")
    return _staffed(built, agents)


def _house(document: Document, lease: Lease) -> House:
    lines = [line for line in document.lines if line.lease == lease.id]
    plain = [line for line in lines if line.view == "voice" and not line.toll_free]
    if not plain:
        raise Misconfigured(f"lease {lease.id} has no hotline; the demo needs the example", field="lines")
    return House(
        client=lease.client,
        lines_leased=lease.lines,
        agents=tuple(sorted((a for a in document.agents if a.lease == lease.id), key=lambda a: a.number)),
        hotline=plain[0],
        toll_free=next((line for line in lines if line.toll_free), None),
        complaints=next((line for line in lines if line.view == "complaints"), None),
        mailbox=next((door.address for door in document.mailboxes if door.lease == lease.id), ""),
        site=next((door.id for door in document.sites if door.lease == lease.id), ""),
    )


def _staffed(built: list[House], agents: int) -> tuple[House, ...]:
    """Fill the houses in order; every later one keeps at least six people."""
    staffed, left = [], agents
    for at, house in enumerate(built):
        spare = 6 * (len(built) - at - 1)
        people = len(house.agents) if at == 0 else max(6, min(len(house.agents), left - spare))
        left -= people
        staffed.append(msgspec.structs.replace(house, agents=house.agents[:people]))
    return tuple(staffed)
