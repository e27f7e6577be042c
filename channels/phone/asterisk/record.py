"""What is known of one call on Asterisk. The machine owns it and changes it in place; nobody else holds one."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, field

from channels.port import CallOffered
from channels.verbs import Say, Verb


class State(StrEnum):
    """The customer's side; the table is life.py's."""

    NEW = "new"
    FLOW = "flow"
    WAITING = "waiting"
    TALKING = "talking"
    RESERVING = "reserving"
    DIALLING = "dialling"
    ENDED = "ended"


class Leg(Struct):
    """One agent's device. Every flag is only ever set, so the order of events cannot matter.

    placed   Asterisk took the request       here    in our application: it can be bridged
    rang     it was heard ringing            up_at   it answered (microseconds)
    dropped  why we ended it                 gone    it is no more
    refused  the phone itself ended its ringing
    """

    channel: str
    offer: str
    device: str = ""
    agent: str = ""
    consult: bool = False
    asked_at: int = 0
    until: int = 0
    placed: bool = False
    rang: bool = False
    up_at: int = 0
    here: bool = False
    dropped: str = ""
    refused: bool = False
    gone: bool = False
    cause: int = 0
    tech_cause: int = 0

    @property
    def alive(self) -> bool:
        return not self.gone and not self.dropped


class Flow(Struct):
    """Where a caller is in the words we say to him. `says` are played, then the verb goes on.

    `recorded_at`: when Asterisk began to record his message, by our clock (microseconds).
    """

    state: bytes
    verb: Verb | None = None
    keys: str = ""
    playing: str = ""
    recording: str = ""
    recorded_at: int = 0
    spoken: bool = False


class Call(Struct):
    """`channel` is the customer's; `born` its creation by Asterisk's clock, the same in each report of it."""

    id: str
    source: str
    channel: str
    state: State = State.NEW
    dialled: str = ""
    caller: str = ""
    born: int = 0
    entered_at: int = 0
    outbound: bool = False
    number: str = ""
    agent: str = ""
    dialled_at: int = 0
    """When Asterisk had taken the request for a called customer's channel, microseconds."""
    answered: bool = False
    here: bool = False
    rang: bool = False
    offered: CallOffered | None = None
    instruction: str = ""
    legs: dict[str, Leg] = field(default_factory=dict)
    winner: str = ""
    bridged: bool = False
    inside: bool = False
    """The customer is in the bridge, as far as we asked for it."""
    tries: int = 0
    held: bool = False
    music: bool = False
    flow: Flow | None = None
    step: int = 0
    keyed: int = 0
    recording: str = ""
    hung_up_by: str = ""
    cause: int = 0
    tech_cause: int = 0
    stopped: set[str] = field(default_factory=set)
    """Offers that were stopped before they were rung: commands may overtake each other."""
    screening: bool = False
    """AMD listens to the customer; `unscreened`: it could not."""
    unscreened: bool = False
    last_words: bool = False
    """After these words the call is hung up."""

    @property
    def over(self) -> bool:
        return self.state is State.ENDED

    @property
    def talker(self) -> Leg | None:
        return self.legs.get(self.winner) if self.winner else None


class Rules(Struct, frozen=True, kw_only=True):
    """What the configuration says about one Asterisk. `{device}`, `{number}` stand in the patterns.

    `sounds`: the folder under Asterisk's sounds with our recorded texts; '' means there are none.
    """

    source: str
    app: str
    endpoint: str = "PJSIP/{device}"
    trunk: str = ""
    caller_id: str = ""
    sounds: str = ""
    recordings: str = ""
    """The address below which stored recordings are fetched."""
    recording_format: str = "wav"
    music: str = "default"
    screen: str = ""
    """The dialplan context that runs AMD() for a customer who is called back."""


class Line(Struct, frozen=True):
    """How a line is picked up: by the `agent` who answers (till then it rings), or when it `queue`s, with words."""

    answer: Literal["agent", "queue"] = "agent"


class Words(Struct, frozen=True):
    """What a platform can play of some sentences: media uris, and the texts it has no recording of."""

    media: tuple[str, ...]
    missing: tuple[str, ...]


Body = dict[str, Any]
Says = tuple[Say, ...]
