"""What can happen to a routing domain. Each event is logged with its sequence number and its instant.

`command` names the agent's or operator's command that caused the event, so that the answer finds its way
back; it is empty when nobody waits for an answer.
"""

from __future__ import annotations

from msgspec import Struct

from routing.model import Config, Contact, Micros, Needs, PresenceState, Tier


class Event(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type"):
    """The root of the alphabet; never used itself."""


class Configured(Event, frozen=True, gc=False, tag="configured"):
    """A configuration version takes effect."""

    config: Config


class Arrived(Event, frozen=True, gc=False, tag="arrived"):
    """A contact enters the queue. The same id a second time is refused, never queued twice."""

    contact: Contact


class Changed(Event, frozen=True, gc=False, tag="changed"):
    """A waiting or active contact's tier, complaint mark, deadline or clock changed; None keeps the old value."""

    contact: str
    complaint: bool | None = None
    tier: Tier | None = None
    deadline: Micros | None = None
    command: str = ""
    agent: str = ""
    clock_from: Micros | None = None
    """When the customer's clock began, heard late; one that was answered has had his rings."""


class Left(Event, frozen=True, gc=False, tag="left"):
    """The customer's side ended: hung up, closed the chat, or chose a callback (`to_callback`)."""

    contact: str
    by: str = "customer"
    cause: str = ""
    to_callback: bool = False
    agent: str = ""
    """Whose leg it was, where an agent's leg ended: only the owner's ends the talk, a consulted agent's his part."""


class SignedIn(Event, frozen=True, gc=False, tag="signed_in"):
    """An agent takes a seat; with a device the ringing phone is the offer, without one the socket is."""

    agent: str
    device: str = ""
    command: str = ""


class SignedOut(Event, frozen=True, gc=False, tag="signed_out"):
    agent: str
    command: str = ""


class PresenceSet(Event, frozen=True, gc=False, tag="presence_set"):
    """The agent asks for `ready` or `not_ready` (with a reason)."""

    agent: str
    state: PresenceState
    reason: str = ""
    command: str = ""


class Connected(Event, frozen=True, gc=False, tag="connected"):
    """The agent has at least one socket."""

    agent: str


class Disconnected(Event, frozen=True, gc=False, tag="disconnected"):
    """The agent's last socket is gone: offers return at once, chats after the grace time."""

    agent: str


class OfferAccepted(Event, frozen=True, gc=False, tag="offer_accepted"):
    offer: str
    agent: str
    command: str = ""


class OfferDeclined(Event, frozen=True, gc=False, tag="offer_declined"):
    """The agent will not take it. `unanswered`: nobody pressed a key, his device stopped ringing by itself."""

    offer: str
    agent: str
    reason: str = ""
    command: str = ""
    unanswered: bool = False


class OfferFailed(Event, frozen=True, gc=False, tag="offer_failed"):
    """The device could not be reached: not the agent's fault."""

    offer: str
    agent: str
    cause: str = ""


class Answered(Event, frozen=True, gc=False, tag="answered"):
    """The platform connected a human: on a device this wins over any click (decisions row 7)."""

    contact: str
    agent: str


class Dialled(Event, frozen=True, gc=False, tag="dialled"):
    """The owner of a callback has its customer called: from here on it is a call of his, and stays with its leg."""

    contact: str
    agent: str


class Finished(Event, frozen=True, gc=False, tag="finished"):
    """The owner ends the contact; wrap-up begins and keeps holding his capacity."""

    contact: str
    agent: str
    result: str = ""
    command: str = ""


class WrappedUp(Event, frozen=True, gc=False, tag="wrapped_up"):
    contact: str
    agent: str
    command: str = ""


class Transferred(Event, frozen=True, gc=False, tag="transferred"):
    """The owner gives the contact back to the queue, at its old place: to a view, skills or one agent."""

    contact: str
    agent: str
    view: str = ""
    needs: Needs = ()
    to_agent: str = ""
    reason: str = ""
    command: str = ""


class Consulted(Event, frozen=True, gc=False, tag="consulted"):
    """The owner of a call asks a second agent: one by name, or the best free one for these needs (of a view).

    `besides`: an agent who is not asked by needs, because the call is a complaint about him (E42).
    """

    contact: str
    agent: str
    to_agent: str = ""
    needs: Needs = ()
    command: str = ""
    besides: str = ""


class Joined(Event, frozen=True, gc=False, tag="joined"):
    """The owner hands the call to the agent whom he consults: a warm transfer."""

    contact: str
    agent: str
    command: str = ""


class ConsultLeft(Event, frozen=True, gc=False, tag="consult_left"):
    """The consult is over, said by the owner or by the consulted agent; the call stays with its owner."""

    contact: str
    agent: str
    command: str = ""


class Assigned(Event, frozen=True, gc=False, tag="assign"):
    """A supervisor gives a contact to an agent; capacity still holds (B10). A call rings at his device."""

    contact: str
    agent: str
    by: str
    reason: str
    command: str = ""


class Closed(Event, frozen=True, gc=False, tag="closed"):
    """A contact ends without an agent: answered elsewhere, spam, withdrawn by an operator."""

    contact: str
    reason: str
    by: str = ""
    command: str = ""


class Ticked(Event, frozen=True, gc=False, tag="ticked"):
    """Time passed: every timer that is due by now fires, earliest first."""


AnyEvent = (
    Configured
    | Arrived
    | Changed
    | Left
    | SignedIn
    | SignedOut
    | PresenceSet
    | Connected
    | Disconnected
    | OfferAccepted
    | OfferDeclined
    | OfferFailed
    | Answered
    | Dialled
    | Finished
    | WrappedUp
    | Transferred
    | Consulted
    | Joined
    | ConsultLeft
    | Assigned
    | Closed
    | Ticked
)
