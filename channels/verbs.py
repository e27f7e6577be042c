"""What is said to a caller, and what he does: the contract between a flow (channels/ivr) and a phone platform.

A flow emits neutral verbs; each platform renders them (Asterisk plays and listens, Twilio gets TwiML) and hands back
what was heard. A platform keeps a flow's `state` beside its call and never looks into it. Instants and lengths are
microseconds, languages BCP 47.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from channels.port import Receipt


class Say(Struct, frozen=True, omit_defaults=True, tag_field="verb", tag="say"):
    """Words for the caller. `media`: a recording of the same words, by the platform's name or a URL; it goes first."""

    text: str
    language: str
    media: str = ""


class Gather(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="verb", tag="gather"):
    """Say, and take keys while saying. It ends at `most` keys, at `finish`, or `timeout` after the last word or key."""

    say: tuple[Say, ...]
    most: int
    finish: str = "#"
    timeout: int = 5_000_000


class Record(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="verb", tag="record"):
    """Say, beep, and take a message of at most `longest`; a key of `finish` or `silence` ends it."""

    say: tuple[Say, ...]
    longest: int = 120_000_000
    silence: int = 5_000_000
    finish: str = "#"


Verb = Say | Gather | Record


class Heard(StrEnum):
    """What came of the last verb. `said`: the words are over; `keys`: `value` has them; `nothing`: no key in time;
    `message`: `value` is the recording's reference and `length` its length; `failed`: the platform could not do it."""

    SAID = "said"
    KEYS = "keys"
    NOTHING = "nothing"
    MESSAGE = "message"
    FAILED = "failed"


class Answer(Struct, frozen=True, omit_defaults=True):
    what: Heard
    value: str = ""
    length: int = 0


class Exit(StrEnum):
    """How a flow ends: the call queues, a message or a wish for a callback is left, or the call is over.

    `cancel_callback` and `do_not_call` are wishes whose answer is said before the end.
    """

    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    HANG_UP = "hang_up"
    CANCEL_CALLBACK = "cancel_callback"
    DO_NOT_CALL = "do_not_call"


class Outcome(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the caller chose. It rides along with `call.offered`, `voicemail.left` or `callback.requested`.

    `number` and the window are the callback's; `recording` and `seconds` the message's.
    """

    exit: Exit
    language: str = ""
    member: str = ""
    product: str = ""
    complaint: bool = False
    number: str = ""
    window_from: int = 0
    window_until: int = 0
    recording: str = ""
    seconds: int = 0
    path: tuple[str, ...] = ()
    """What was chosen on the way, `node=choice`; of digits only how many."""


class Note(Struct, frozen=True):
    """A step worth a fact: `ivr.menu` with the entry that was chosen, `ivr.digits` with what was typed."""

    what: str
    value: str


class Turn(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What to do next: one verb, or the end. `state` is for the next `go_on` of this call."""

    state: bytes
    verb: Verb | None = None
    outcome: Outcome | None = None
    notes: tuple[Note, ...] = ()


class Caller(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who calls where. `why` is empty for a fresh call, else the treatment that routing asked for
    (ivr, voicemail, callback), with the text that goes with it."""

    source: str
    call: str
    dialled: str
    caller: str = ""
    why: str = ""
    text: str = ""
    language: str = ""


class Dialogue(Protocol):
    """The flows as a platform sees them: pure, so a platform may ask again after a crash and get the same."""

    def begin(self, caller: Caller, now: int) -> Turn | None:
        """The first verb. None: this line has no flow, the call goes straight to the queue."""
        ...

    def go_on(self, state: bytes, answer: Answer, now: int) -> Turn:
        """After the last verb. A state of a flow that has been replaced since ends in the queue."""
        ...

    def waiting(self, caller: Caller, receipt: Receipt, now: int) -> tuple[Say, ...]:
        """What a caller who queues hears: the client's greeting, and from a minute on place and expected wait."""
        ...
