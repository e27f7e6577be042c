"""The words of the demo's script: what happens next in a lane. A script is data, and a function of the seed.

A lane plays its steps strictly one after the other; each step is over when what it must lead to can be seen. So
the router hears the same events in the same order whenever the same seed is played, however fast the machine is.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Expected = Literal["rings", "waits", "blocked"]
RINGS: Expected = "rings"
WAITS: Expected = "waits"
BLOCKED: Expected = "blocked"


class Step(Struct, frozen=True, omit_defaults=True, tag_field="do"):
    """The root. `label` names a contact of the demo; it is the same in every run of a seed."""

    label: str


# --- what customers do -------------------------------------------------------------------------------------


class Call(Step, frozen=True, kw_only=True, tag="call"):
    """`caller` may hold {run}: a number that no run before has used."""

    line: str
    caller: str
    language: str = ""
    product: str = ""
    complaint: bool = False
    expect: Expected = RINGS


class Mail(Step, frozen=True, kw_only=True, tag="mail"):
    """`thread`: the label of the mail it answers."""

    mailbox: str
    sender: str
    subject: str
    text: str
    thread: str = ""
    expect: Expected = RINGS


class Chat(Step, frozen=True, kw_only=True, tag="chat"):
    site: str
    name: str
    text: str
    contact_point: str = ""
    language: str = "zh-CN"
    expect: Expected = RINGS


class AskCallback(Step, frozen=True, kw_only=True, tag="ask_callback"):
    """The caller of the call `after` (or nobody's) wants to be called back."""

    line: str
    number: str
    after: str = ""
    expect: Expected = RINGS


class Voicemail(Step, frozen=True, kw_only=True, tag="voicemail"):
    line: str
    caller: str
    after: str = ""
    expect: Expected = RINGS


class HangUp(Step, frozen=True, tag="hang_up"):
    """The customer ends it: an abandoned contact while it waits, else the talk is over."""


class Speak(Step, frozen=True, kw_only=True, tag="speak"):
    """The visitor writes."""

    text: str


# --- what agents do ----------------------------------------------------------------------------------------


class Take(Step, frozen=True, kw_only=True, tag="take"):
    """Answered by the first desk it rang at, or the `last`."""

    last: bool = False


class Decline(Step, frozen=True, tag="decline"):
    """The first desk declines, and it rings elsewhere."""


class Say(Step, frozen=True, kw_only=True, tag="say"):
    text: str


class Dial(Step, frozen=True, tag="dial"):
    pass


class Finish(Step, frozen=True, kw_only=True, tag="finish"):
    result: str = ""


class WrapUp(Step, frozen=True, tag="wrap_up"):
    pass


class Free(Step, frozen=True, kw_only=True, tag="free"):
    """The agent with this public number wraps up whatever he has."""

    agent: str


class Transfer(Step, frozen=True, kw_only=True, tag="transfer"):
    """Into a `view`, or to the agent with this public number."""

    view: str = ""
    agent: str = ""


class OpenCase(Step, frozen=True, kw_only=True, tag="open_case"):
    kind: str
    subject: str


class Complain(Step, frozen=True, kw_only=True, tag="complain"):
    summary: str


class Escalate(Step, frozen=True, kw_only=True, tag="escalate"):
    """Up to level `to`, by the agent who raised it or by the `supervisor`."""

    to: int
    reason: str
    supervisor: bool = False


# --- what is waited for ------------------------------------------------------------------------------------


class Ringing(Step, frozen=True, kw_only=True, tag="ringing"):
    """Until this many desks ring for it."""

    desks: int


class Breach(Step, frozen=True, tag="breach"):
    """Until the third ring is over and the breach is a fact."""


class Apart(Step, frozen=True, tag="apart"):
    """Nobody of another house hears of this house's contacts."""


class Pause(Step, frozen=True, kw_only=True, tag="pause"):
    """Until the back-off of a decline is surely over."""

    seconds: float


class Pace(Step, frozen=True, kw_only=True, tag="pace"):
    """Not before this share of the hour. Stands only where nothing rings and nobody wraps up."""

    at: float


class Lane(Struct, frozen=True):
    """The script of one house."""

    client: str
    steps: tuple[Step, ...]

    @property
    def contacts(self) -> int:
        return sum(isinstance(step, ARRIVALS) for step in self.steps)


ARRIVALS = (Call, Mail, Chat, AskCallback, Voicemail)
