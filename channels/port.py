"""The contract of a channel: what it hands in (`Inbound`) and what it is asked to send (`Outbound`).

A channel verifies and translates; vendor dialects end here. Everyone else knows only this file.
`source` names the configured door (a phone platform, a mailbox, a chat site), `external_id` is the sender's
own id of this event: together they are the idempotency key. Times are microseconds since the epoch, UTC;
`occurred_at` is the sender's clock and is only kept, never trusted (domain rules use the receipt time).
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct


class Inbound(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """What every arrival carries; never used itself."""

    source: str
    external_id: str
    occurred_at: int = 0


# --- phone -------------------------------------------------------------------------------------------

CALLS_HIMSELF = "calls_himself"
"""A fact of a call in our flow: its caller is promised a callback, whose id is the `value`."""
ENDED_AWAY = "ended_while_away"
"""The cause of a call that is no more, and of whose end nobody told."""


class CallOffered(Inbound, frozen=True, kw_only=True, tag="call.offered"):
    """A call reached a line. `alerting` False: an announcement or IVR answered it first.

    The IVR's results may ride along: language (BCP 47), member number, product, complaint, and the path through it.
    """

    call: str
    dialled: str
    caller: str = ""
    alerting: bool = True
    language: str = ""
    member: str = ""
    product: str = ""
    complaint: bool = False
    path: tuple[str, ...] = ()


class CallAlerting(Inbound, frozen=True, kw_only=True, tag="call.alerting"):
    """The inbound leg rings for the first time: the line clock starts here. With `offer`: a device rings."""

    call: str
    offer: str = ""


class CallAnswered(Inbound, frozen=True, kw_only=True, tag="call.answered"):
    """A human answered: names the offer whose device it was, or the agent's public number."""

    call: str
    offer: str = ""
    agent: str = ""


class CallReleased(Inbound, frozen=True, kw_only=True, tag="call.released"):
    """A leg ended. leg: customer | agent. by: customer | agent | platform. cause: the platform's, as text.

    An agent's leg that ends before it answered names its `offer` and why: unreachable, busy, declined.
    """

    call: str
    leg: str = "customer"
    by: str = "customer"
    cause: str = ""
    offer: str = ""
    reached: bool = True


class CallProgress(Inbound, frozen=True, kw_only=True, tag="call.progress"):
    """held, resumed, dtmf, ivr.menu, ivr.digits: kept as facts of the call. `value`: digits or menu."""

    call: str
    what: str
    value: str = ""


class VoicemailLeft(Inbound, frozen=True, kw_only=True, tag="voicemail.left"):
    call: str
    dialled: str
    caller: str = ""
    recording: str = ""
    seconds: int = 0
    language: str = ""
    path: tuple[str, ...] = ()


class CallbackRequested(Inbound, frozen=True, kw_only=True, tag="callback.requested"):
    """The caller of a line (often the 800 line) asks to be called back instead of waiting (A04).

    `number` is whom to call; the window is optional and in microseconds.
    """

    call: str
    dialled: str
    number: str
    window_from: int = 0
    window_until: int = 0
    language: str = ""
    member: str = ""
    product: str = ""
    complaint: bool = False
    path: tuple[str, ...] = ()


class CallbackCancelled(Inbound, frozen=True, kw_only=True, tag="callback.cancelled"):
    """A caller does not want his outstanding callback any more. `number`: whom it was promised to."""

    call: str
    dialled: str
    number: str
    language: str = ""


class CallbackSought(Inbound, frozen=True, kw_only=True, tag="callback.sought"):
    """An IVR of the platform's own asks whether this number is promised a callback: the receipt's text says when.

    While this call is there nobody is called back.
    """

    call: str
    dialled: str
    number: str
    language: str = ""


class DoNotCall(Inbound, frozen=True, kw_only=True, tag="do_not_call.asked"):
    """A caller does not want to be called by this line's client any more."""

    call: str
    dialled: str
    number: str
    language: str = ""


# --- mail --------------------------------------------------------------------------------------------


class Attachment(Struct, frozen=True):
    name: str
    content_type: str
    size: int


class MailArrived(Inbound, frozen=True, kw_only=True, tag="mail.arrived"):
    """One message for one mailbox. `text` is what a person reads; the raw message is kept beside it.

    `external_id` is the Message-ID, or a hash of the raw bytes where there is none; unique per mailbox.
    `automatic`: a bounce, an out-of-office or a list: stored, never answered by a machine.
    """

    mailbox: str
    sender: str
    sender_name: str = ""
    subject: str = ""
    text: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    language: str = ""
    automatic: str = ""
    raw: bytes = b""


# --- chat --------------------------------------------------------------------------------------------


class ChatOpened(Inbound, frozen=True, kw_only=True, tag="chat.opened"):
    """A visitor starts a conversation on a site. `external_id` is the session id."""

    site: str
    session: str
    name: str = ""
    language: str = ""
    contact_point: str = ""
    """A phone number or mail address that the visitor gave."""
    topic: str = ""
    complaint: bool = False


class ChatSaid(Inbound, frozen=True, kw_only=True, tag="chat.said"):
    site: str
    session: str
    text: str


class ChatLeft(Inbound, frozen=True, kw_only=True, tag="chat.left"):
    site: str
    session: str


AnyInbound = (
    CallOffered
    | CallAlerting
    | CallAnswered
    | CallReleased
    | CallProgress
    | VoicemailLeft
    | CallbackRequested
    | CallbackCancelled
    | CallbackSought
    | DoNotCall
    | MailArrived
    | ChatOpened
    | ChatSaid
    | ChatLeft
)


# --- what is sent ------------------------------------------------------------------------------------


class Outbound(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """What every sending carries. `id` is deterministic: the same effect sent twice has the same id.

    `not_after` (microseconds) ends its use: a ring command that is late is worse than none.
    """

    id: str
    not_after: int = 0


class SendMail(Outbound, frozen=True, kw_only=True, tag="mail.send"):
    """`id` becomes the Message-ID's left side, so a second sending is recognised by the receiver."""

    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = False
    language: str = ""


class PhoneCommand(Outbound, frozen=True, kw_only=True, tag="phone.command"):
    """One thing for the source's platform to do with a call. Goes to the source's platform.

    verb        uses
    ring        device, offer, agent: ring that device for this call
    stop_ringing  offer
    bridge      offer: connect the caller with that device
    treat       treatment (ivr, voicemail, callback, queue), text, language
    dial        number to call for a callback, device that answers, offer
    hang_up     the call; with `offer` only that agent's leg
    hold, resume  the customer hears music, and the agent again
    consult     device, offer (of the consult), agent: ring a second agent for the one who talks; the customer is held
    join        offer: the consulted agent takes over, the first one's leg is released (a warm transfer's end)
    leave       offer: the consulted agent's leg is released, the customer is resumed
    requeue     agent: he gave the call back to the queue; his leg is released, the customer waits, rings follow
    record, pause_record, stop_record  the recording of the talk
    status      the call: what became of it is said again, as events (our own dialect alone)
    """

    source: str
    call: str
    verb: str
    offer: str = ""
    agent: str = ""
    device: str = ""
    number: str = ""
    treatment: str = ""
    text: str = ""
    language: str = ""


class PostWebhook(Outbound, frozen=True, kw_only=True, tag="webhook.post"):
    """One fact for one subscriber of a provider. `id` is the message's id: a repeat carries the same one.

    `body` is what is posted, as it was decided when the fact was written; where to and with which secret is looked
    up when it is sent.
    """

    provider: str
    webhook: str
    body: dict[str, Any]


class Unreadable(Outbound, frozen=True, kw_only=True, tag="unreadable"):
    """Stands for a stored sending of another version of this program; never sent."""


AnyOutbound = SendMail | PhoneCommand | PostWebhook | Unreadable


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What the door may tell the sender. `instruction`: what the platform is to do with the call.

    instruction: queue | ivr | voicemail | callback | hang_up | none; `pending` when it was not decided in time.
    """

    contact: str = ""
    duplicate: bool = False
    pending: bool = False
    instruction: str = ""
    text: str = ""
    language: str = ""
    position: int = 0
    expected_wait_s: int = 0
    """How long it will probably wait, and what nine of ten do not exceed; 0 while nothing is known."""
    at_most_wait_s: int = 0
    refused: str = ""
    """Why a wish is not granted: `do_not_call`."""
    cancel_url: str = ""
    """Where the customer may cancel his callback: for a platform that can send it to him."""


class Intake(Protocol):
    """What a channel hands its arrivals to. Returns only after they are stored."""

    async def accept(self, inbound: AnyInbound) -> Receipt:
        """Store once and acknowledge.

        Raises UnknownDoor for a line, mailbox or site nobody configured (kept in quarantine),
        DifferentPayload for an id that was used with another content, IntakeBusy when the service
        cannot take more now, of it IntakeOverloaded when only new contacts are refused.
        """
        ...


class Sender(Protocol):
    """A channel's way out. Raises Refused when trying again is useless, ChannelDown when it is not."""

    async def send(self, outbound: AnyOutbound) -> str:
        """Send once; returns what the other side said (for the log of the outbox)."""
        ...


class ChannelError(Exception):
    """The root of what can go wrong between us and the world."""

    code = "channel_error"


class UnknownDoor(ChannelError):
    """No line, mailbox or site of this name is configured."""

    code = "unknown_door"


class DifferentPayload(ChannelError):
    """This event id was used before with another content."""

    code = "different_payload"


class IntakeBusy(ChannelError):
    """The service cannot take more right now; try again after `retry_after_s` seconds."""

    code = "busy"

    def __init__(self, message: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class IntakeOverloaded(IntakeBusy):
    """More is waiting than can be dealt with: nothing new is taken now. What is already here is not affected."""

    code = "overloaded"


class Malformed(ChannelError):
    """What arrived cannot be read; `field` names the place."""

    code = "malformed"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class BadSignature(ChannelError):
    """The signature is missing, wrong, or its timestamp is stale."""

    code = "bad_signature"


class Refused(ChannelError):
    """The other side will never take this."""

    code = "refused"


class ChannelDown(ChannelError):
    """The other side cannot be reached now; try again later. It may have heard us all the same."""

    code = "channel_down"


class NotSent(ChannelDown):
    """The other side has certainly not heard us: trying again cannot repeat anything."""
