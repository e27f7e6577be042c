"""A drill's history as plain values: what outsiders were told, and what the store holds when all is quiet.

Instants are microseconds UTC. The first half is the drill's own memory (nobody can lose it but the drill), the
second half are rows of the service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import Struct

# --- what outsiders know -----------------------------------------------------------------------------------------


class Acknowledged(Struct, frozen=True, kw_only=True):
    """A door said that it has this. `kind`: an event type of the phone dialect, `mail`, `chat` or `word`.

    `id` is the sender's own: event id, Message-ID, chat session, or the text of a word. `subject` is the call or the
    chat session. `contact` is what the reply named, '' when it named none.
    """

    kind: str
    id: str
    at: int
    source: str = ""
    subject: str = ""
    contact: str = ""
    leg: str = "customer"


class Commanded(Struct, frozen=True, kw_only=True):
    """What an agent's desk said. `answer`: ok, the code of a refusal, or '' when no answer was heard."""

    agent: str
    id: str
    kind: str
    answer: str
    text: str = ""


class Ordered(Struct, frozen=True, kw_only=True):
    """A command that the phone platform was sent. `offer` is '' for commands that name none."""

    id: str
    kind: str
    at: int
    offer: str = ""
    not_after: int = 0


class Desk(Struct, frozen=True, kw_only=True):
    """What an agent still had in front of him when the store said that everything is over.

    `connected`: he has a socket; `present`: the router believes so.
    """

    agent: str
    offers: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    connected: bool = True
    present: bool = True
    shut_out: bool = False
    """He tried to come back and could not, with everything running."""


class Sighting(NamedTuple):
    """What the drill saw in the domain's row at one instant: from then on no older epoch may write."""

    at: int
    domain: str
    epoch: int
    last_seq: int


# --- what the store holds ------------------------------------------------------------------------------------------


class Fact(Struct, frozen=True, kw_only=True):
    id: str
    at: int
    kind: str
    contact: str = ""
    agent: str = ""
    seq: int | None = None
    data: dict[str, Any] = {}

    @property
    def order(self) -> tuple[int, int]:
        """The decision's own order; a router's fact is `<domain>:<seq>:<ordinal>`."""
        tail = self.id.rpartition(":")[2]
        return self.seq or 0, int(tail) if tail.isdecimal() else 0


class Event(Struct, frozen=True, kw_only=True):
    """A row of the domain's log. `seq` None: no router has decided it."""

    row: int
    domain: str
    seq: int | None = None
    epoch: int | None = None
    kind: str = ""
    contact: str = ""
    dedupe: str = ""
    problem: str = ""
    hash: str = ""


class Contact(Struct, frozen=True, kw_only=True):
    id: str
    medium: str
    view: str
    state: str
    domain: str = ""
    external_id: str = ""
    owner: str = ""


class Offer(Struct, frozen=True, kw_only=True):
    id: str
    contact: str
    agent: str
    ended: bool
    outcome: str = ""


class Assignment(Struct, frozen=True, kw_only=True):
    id: str
    contact: str
    agent: str
    ended: bool


class Sending(Struct, frozen=True, kw_only=True):
    """A row of the outbox."""

    id: str
    kind: str
    contact: str
    outcome: str = ""
    done: bool = True


class Receipt(Struct, frozen=True):
    source: str
    external_id: str
    contact: str = ""


class Message(Struct, frozen=True, kw_only=True):
    conversation: str
    seq: int
    contact: str
    sender: str
    text: str
    message_id: str = ""


@dataclass
class History:
    """Everything the checker sees. `units` a contact costs by medium, `capacity` units an agent has.

    `last_seq` by domain is the end of its log; `differences` and `imbalance` are what the service says of itself.
    """

    seed: int = 0
    units: dict[str, int] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    commanded: list[Commanded] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    outbox: list[Sending] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    last_seq: dict[str, int] = field(default_factory=dict)
    replay: str = ""
    """'' when a replay of the log gave 0 differences, else what it said."""


class Violation(NamedTuple):
    """`kind` is stable; `evidence` names the rows and facts that prove it."""

    kind: str
    evidence: str


KINDS: dict[str, str] = {
    "lost contact": "a door acknowledged it, and there is no contact of it that opened once",
    "contact twice": "one call or wish became two contacts",
    "lost event": "a webhook was acknowledged, and neither its receipt nor its effect is there",
    "undecided event": "no router ever decided it",
    "event set aside": "a router could not decide it",
    "lost word": "a mail or chat message was acknowledged and is not stored",
    "word twice": "a mail or chat message is stored more than once",
    "gap in a conversation": "its messages are not numbered 1, 2, 3 ...",
    "receipts disagree": "repetitions of one event were told different contacts",
    "imbalance": "facts and row do not agree that a contact ended once",
    "stuck contact": "open, although everybody has gone and the agents took what was left",
    "double assignment": "two owners at once",
    "over capacity": "an agent holds more units than he has",
    "offer after the end": "a contact was offered that was over",
    "offer outlives contact": "an offer is live, its contact is over",
    "write after fence": "an old epoch wrote after a newer one had begun, or something was stored beside the log",
    "gap in the log": "a number of the domain's log is missing",
    "number twice": "two events of the domain's log have one number",
    "order without decision": "the phone platform was told what no router decided",
    "order too late": "the phone platform was told something after it was of any use",
    "replay differs": "the log decided again comes out otherwise",
    "fact twice": "what can happen once has two facts",
    "command twice": "an agent's command had its effect twice",
    "lost command": "an agent's command was answered ok and had no effect",
    "stale desk": "an agent still sees what is over",
    "ghost agent": "the router believes an agent connected who has gone: he is offered work",
    "shut out": "an agent cannot get back to his desk, although everything runs",
    "unseen agent": "the router believes an agent gone who is connected: he is offered nothing",
    "row differs": "a row says something else than the facts",
}
"""Every kind of violation, and what it means."""
