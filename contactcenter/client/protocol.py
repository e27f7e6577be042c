"""The agent socket, version 1: what the desk may say and what it hears. Subprotocol `contactcenter.agent.v1`.

The first frame of the desk is `hello` with its token. Every command is `{id, type, data}` and is answered by
exactly one reply, `{re, ok}` or `{re, error}`; a command that is sent again under the same id has its effect
once. Everything else the desk hears are frames `{type, seq, data}`. `seq` rises for one agent; after
`snapshot` only newer frames follow. One event may be several frames of the same seq: all but the last say `more`, so
that a cursor never stands between them. Instants are RFC 3339 UTC strings with microseconds.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

SUBPROTOCOL = "contactcenter.agent.v1"


class Command(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """The root of what the desk says. `id` is chosen by the desk and unique for it."""

    id: str


class Hello(Command, frozen=True, kw_only=True, tag="hello"):
    """Who is there. When the desk resumes: `cursor`, the last seq of which every frame was applied, and the number of
    the last message that was heard of each open conversation, by the conversation's id."""

    token: str
    cursor: int = 0
    conversations: dict[str, int] = {}
    language: str = "zh-CN"


class SignIn(Command, frozen=True, kw_only=True, tag="sign_in"):
    """Take the seat. With a device the phone rings; without one `accept` is the answer."""

    device: str = ""


class SignOut(Command, frozen=True, kw_only=True, tag="sign_out"):
    pass


class Ready(Command, frozen=True, kw_only=True, tag="ready"):
    pass


class NotReady(Command, frozen=True, kw_only=True, tag="not_ready"):
    """reason: break | lunch | meeting | training | after_hard_contact | other."""

    reason: str


class Accept(Command, frozen=True, kw_only=True, tag="accept"):
    offer: str


class Decline(Command, frozen=True, kw_only=True, tag="decline"):
    offer: str
    reason: str = ""


class Say(Command, frozen=True, kw_only=True, tag="say"):
    """A chat message or the reply to a mail."""

    contact: str
    text: str


class Finish(Command, frozen=True, kw_only=True, tag="finish"):
    """End the contact. A mail needs a reply or a `no_reply_reason` (A10); a callback its `result` (reached,
    no_answer, busy, wrong_number, declined)."""

    contact: str
    result: str = ""
    no_reply_reason: str = ""


class WrapUpDone(Command, frozen=True, kw_only=True, tag="wrap_up_done"):
    """The writing up is done. `result` (wrong_number, declined) corrects a callback that was told as reached; one
    whose end was lost also `reached`."""

    contact: str
    result: str = ""


class Transfer(Command, frozen=True, kw_only=True, tag="transfer"):
    """Back into the queue at the old place: to a `view` or to one `agent` (public number)."""

    contact: str
    view: str = ""
    agent: str = ""
    reason: str = ""


class Hold(Command, frozen=True, kw_only=True, tag="hold"):
    """The customer of my call hears music."""

    contact: str


class Resume(Command, frozen=True, kw_only=True, tag="resume"):
    """Back from hold."""

    contact: str


class Consult(Command, frozen=True, kw_only=True, tag="consult"):
    """Ask a colleague during my call: one `agent` (public number), or the best free one of a `view`. The customer is
    held and the colleague's phone rings; the call stays mine."""

    contact: str
    agent: str = ""
    view: str = ""


class Join(Command, frozen=True, kw_only=True, tag="join"):
    """Hand my call to the colleague whom I consult: a warm transfer. He must have answered."""

    contact: str


class Leave(Command, frozen=True, kw_only=True, tag="leave"):
    """End the consult, answered or not; the call stays with its owner. The consulted colleague may say it too."""

    contact: str


class Record(Command, frozen=True, kw_only=True, tag="record"):
    """The recording of my call: state on | pause | off. Pause it while a card number is said."""

    contact: str
    state: str


class HangUp(Command, frozen=True, kw_only=True, tag="hang_up"):
    """End my call; wrap-up begins. An agent who hangs up on a customer is a quality event (A19)."""

    contact: str


class OpenCase(Command, frozen=True, kw_only=True, tag="open_case"):
    """kind: consult | repair | complaint | claim."""

    contact: str
    kind: str
    subject: str = ""


class Complain(Command, frozen=True, kw_only=True, tag="complain"):
    """Raise a complaint from any contact (E01). `cause` is one of the nine codes, or empty for later."""

    contact: str
    summary: str
    cause: str = ""
    desired_remedy: str = ""
    accused: str = ""


class Escalate(Command, frozen=True, kw_only=True, tag="escalate"):
    """Up the ladder. reason: customer_asks_leader | refusals | over_limit | three_agents | severity | other."""

    case: str
    reason: str
    note: str = ""


class CloseCase(Command, frozen=True, kw_only=True, tag="close_case"):
    """outcome: resolved (with `proof`) | gave_up."""

    case: str
    outcome: str
    proof: str = ""


class Note(Command, frozen=True, kw_only=True, tag="note"):
    case: str
    text: str


class Dial(Command, frozen=True, kw_only=True, tag="dial"):
    """Call the customer of an accepted callback, after the preview."""

    contact: str


class Messages(Command, frozen=True, kw_only=True, tag="messages"):
    """The conversation of one of my contacts, from number `after` on."""

    contact: str
    after: int = 0


class Ack(Command, frozen=True, kw_only=True, tag="ack"):
    """Everything up to `seq` is in front of the agent. The one thing that gets no reply and needs no id."""

    id: str = ""
    seq: int


class Fetch(Command, frozen=True, kw_only=True, tag="fetch"):
    """Ask for a fresh snapshot."""


AnyCommand = (
    Hello
    | SignIn
    | SignOut
    | Ready
    | NotReady
    | Accept
    | Decline
    | Say
    | Finish
    | WrapUpDone
    | Transfer
    | Hold
    | Resume
    | Consult
    | Join
    | Leave
    | Record
    | HangUp
    | OpenCase
    | Complain
    | Escalate
    | CloseCase
    | Note
    | Dial
    | Messages
    | Fetch
    | Ack
)


class Card(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The screen-pop: everything an agent needs before the first word, so that nobody asks twice (B17, C16).

    `greeting` carries the client's name and the agent's public number (H06, I5). Identities are masked where
    the agent has no need of them (C18).
    """

    contact: str
    medium: str
    client: str
    client_name: str
    greeting: str
    view: str = ""
    language: str = ""
    subject: str = ""
    state: str = ""
    complaint: bool = False
    customer: str = ""
    customer_name: str = ""
    tier: str = ""
    tier_label: str = ""
    customer_since: str = ""
    address: str = ""
    enqueued_at: str = ""
    deadline: str = ""
    origin: str = ""
    conversation: str = ""
    context: dict[str, Any] = {}
    history: tuple[dict[str, Any], ...] = ()
    """Newest first: {contact, medium, opened_at, outcome, agent_number, subject}."""
    cases: tuple[dict[str, Any], ...] = ()
    """Open ones: {id, number, kind, state, due_at, subject, level}."""
    records: tuple[dict[str, Any], ...] = ()
    why: str = ""
    """Why this contact came to this agent, in his language."""


class OfferCard(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`consult_by`: the public number of the colleague who asks me to talk with him on his call; it stays his."""

    offer: str
    contact: str
    expires_at: str
    card: Card
    consult_by: str = ""


class ConsultCard(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A consult of a call. `agent` is asked by `by`, both public numbers; state: ringing | talking | ended.

    `reason` of its end: joined (the call is his now), left, customer_left, finished, closed, removed, or how the
    offer ended: declined, no_answer, unreachable, withdrawn. `card` is there for the one who is consulted.
    """

    contact: str
    agent: str
    by: str
    state: str
    reason: str = ""
    card: Card | None = None


class DeskPresence(Struct, frozen=True, omit_defaults=True, kw_only=True):
    state: str
    reason: str = ""
    until: str = ""
    device: str = ""
    used_units: int = 0
    capacity: int = 0


class Frame(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """The root of what the desk hears besides replies."""

    seq: int = 0
    more: bool = False
    """Another frame of this seq follows."""


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    agent: str
    number: str
    name: str
    supervisor: bool = False
    languages: tuple[str, ...] = ("zh-CN", "en")


class SnapshotFrame(Frame, frozen=True, kw_only=True, tag="snapshot"):
    """The whole desk at `seq`; whatever the desk believed before is replaced."""

    presence: DeskPresence
    offers: tuple[OfferCard, ...] = ()
    contacts: tuple[Card, ...] = ()
    consults: tuple[ConsultCard, ...] = ()
    """Of my calls, and those on which I talk as the second one."""


class PresenceFrame(Frame, frozen=True, kw_only=True, tag="presence"):
    presence: DeskPresence


class OfferFrame(Frame, frozen=True, kw_only=True, tag="offer"):
    offer: OfferCard


class OfferEndedFrame(Frame, frozen=True, kw_only=True, tag="offer_ended"):
    offer: str
    contact: str
    outcome: str
    reason: str = ""


class AssignedFrame(Frame, frozen=True, kw_only=True, tag="assigned"):
    card: Card


class ContactFrame(Frame, frozen=True, kw_only=True, tag="contact"):
    """One of my contacts changed (complaint, tier, case, deadline)."""

    card: Card


class ConsultFrame(Frame, frozen=True, kw_only=True, tag="consult"):
    """A consult began to ring, was answered or ended. Who is asked hears of the ringing by his `offer` alone."""

    consult: ConsultCard


class WrapUpFrame(Frame, frozen=True, kw_only=True, tag="wrap_up"):
    contact: str
    until: str
    by: str = ""


class ReleasedFrame(Frame, frozen=True, kw_only=True, tag="released"):
    contact: str
    reason: str = ""


class MessageFrame(Frame, frozen=True, kw_only=True, tag="message"):
    """One message of a conversation; `number` rises without gaps, a gap means: ask with `messages`."""

    contact: str
    conversation: str
    number: int
    sender: str
    text: str
    at: str
    agent: str = ""


class NoticeFrame(Frame, frozen=True, kw_only=True, tag="notice"):
    """Something the agent should see: a breach, a missed offer, a refused hold. `text` in his language."""

    code: str
    text: str
    contact: str = ""


class PassedFrame(Frame, frozen=True, kw_only=True, tag="passed"):
    """Up to `seq` nothing else happened that a desk shows: the cursor moves on, the desk stays as it is."""


class ResumedFrame(Frame, frozen=True, kw_only=True, tag="resumed"):
    """The end of what was missed: from here on the desk is as it is now, at `seq`, without a snapshot."""


class ResumeFrame(Frame, frozen=True, kw_only=True, tag="resume"):
    """The service goes away in good order: connect again, a little later."""

    after_s: float


AnyFrame = (
    Welcome
    | SnapshotFrame
    | PresenceFrame
    | OfferFrame
    | OfferEndedFrame
    | AssignedFrame
    | ContactFrame
    | ConsultFrame
    | WrapUpFrame
    | ReleasedFrame
    | MessageFrame
    | NoticeFrame
    | PassedFrame
    | ResumedFrame
    | ResumeFrame
)


class Problem(Struct, frozen=True, omit_defaults=True, kw_only=True):
    code: str
    message: str
    field: str = ""


class Reply(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to one command: `ok` (perhaps empty) or `error`, never both."""

    re: str
    ok: dict[str, Any] | None = None
    error: Problem | None = None
