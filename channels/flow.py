"""An IVR flow as data: what a provider writes in its configuration, and what channels/ivr runs (A03, A04, H03).

Shapes only: what must hold between them is in contactcenter/domain/ivr_rules.py, with the place of whatever is wrong.
Texts are keyed by language (BCP 47), targets are ids of nodes, lengths end in `_s`. Keys are the digits 0 to 9 and the
star; the hash ends what is typed. A text may use {client}, {website}, {hotline} and {told}, the words that routing had
for a caller whom it could not queue. After a branch by callback it may use {callback}: when he will be called back.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

FlowId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
NodeId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Text = dict[str, str]
Retries = Annotated[int, Meta(ge=0, le=5)]
Wait = Annotated[int, Meta(ge=1, le=30)]
Digits = Annotated[int, Meta(ge=1, le=32)]
Why = Literal["", "ivr", "voicemail", "callback"]
"""Why a flow runs: a fresh call, or the treatment that routing asked for."""
WHYS: tuple[Why, ...] = ("", "ivr", "voicemail", "callback")
LANGUAGES = ("zh-CN", "yue", "en")
"""Mandarin, Cantonese, English: what a flow speaks unless it says otherwise."""


class _Node(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="do"):
    """One step of a flow; `do` names its kind."""

    id: NodeId


class Say(_Node, frozen=True, kw_only=True, tag="say"):
    """Words, then on. `media`: a recording of the same words per language, by the platform's name or a URL."""

    text: Text
    media: Text = {}
    next: NodeId


class Menu(_Node, frozen=True, kw_only=True, tag="menu"):
    """A key chooses the next node. After `retries` more questions without a valid key: `otherwise`."""

    text: Text
    keys: dict[str, NodeId]
    otherwise: NodeId
    again: Text = {}
    retries: Retries = 2
    timeout_s: Wait = 5


class Language(_Node, frozen=True, kw_only=True, tag="language"):
    """A key chooses the language; every language asks in its own words, in the order of `keys`."""

    text: Text
    keys: dict[str, str]
    next: NodeId
    retries: Retries = 1
    timeout_s: Wait = 5


class Product(_Node, frozen=True, kw_only=True, tag="product"):
    """A key chooses the product, a skill of the client's seats; `none` or silence goes on without one."""

    text: Text
    keys: dict[str, str]
    next: NodeId
    none: str = "0"
    again: Text = {}
    retries: Retries = 1
    timeout_s: Wait = 5


class Ask(_Node, frozen=True, kw_only=True, tag="ask"):
    """The membership number: `least` to `most` digits that pass `check` (luhn: the usual check digit).

    Without a valid number after the retries the call goes on to `otherwise`, or to `next` when there is none.
    """

    text: Text
    next: NodeId
    least: Digits = 4
    most: Digits = 16
    check: Literal["length", "luhn"] = "length"
    again: Text = {}
    otherwise: NodeId | None = None
    retries: Retries = 2
    timeout_s: Wait = 8


class Complaint(_Node, frozen=True, kw_only=True, tag="complaint"):
    """The call is a complaint from here on: an apology, never 'please wait' (B09), then on."""

    text: Text
    next: NodeId


class Web(_Node, frozen=True, kw_only=True, tag="web"):
    """A long answer stands on the client's web site: its address is said (H03), then on."""

    text: Text
    next: NodeId


class Branch(_Node, frozen=True, kw_only=True, tag="branch"):
    """Where to go on by what is known; no words.

    by         cases
    hours      open, closed: the hours of the line, or those of `calendar`
    why        fresh, ivr, voicemail, callback: a fresh call, or the treatment that routing asked for
    caller     known, withheld: whether the caller's number can be called back
    language   the chosen one
    complaint  made, none
    callback   promised, none: whether the caller's number is promised a callback by this client; a late look or a
               withheld number is none
    """

    by: Literal["hours", "why", "caller", "language", "complaint", "callback"]
    cases: dict[str, NodeId]
    otherwise: NodeId
    calendar: str = ""


class Voicemail(_Node, frozen=True, kw_only=True, tag="voicemail"):
    """A message of at most `longest_s`. Without a text of its own it says what routing told, or the catalogue's words.

    A caller who leaves nothing goes on to `otherwise`, or the call is over.
    """

    text: Text = {}
    longest_s: Annotated[int, Meta(ge=5, le=600)] = 120
    silence_s: Wait = 5
    otherwise: NodeId | None = None


class Callback(_Node, frozen=True, kw_only=True, tag="callback"):
    """To be called back: this number or another one, and when (the hours of callbacks, in the customer's time zone).

    Without a number the call goes on to `otherwise`.
    """

    otherwise: NodeId
    text: Text = {}
    retries: Retries = 2
    timeout_s: Wait = 8


class CancelCallback(_Node, frozen=True, kw_only=True, tag="cancel_callback"):
    """The callback that is outstanding for the caller's number is cancelled; he hears what came of it."""


class DoNotCall(_Node, frozen=True, kw_only=True, tag="do_not_call"):
    """The caller's number comes onto the client's do-not-call list; he hears so."""


class Queue(_Node, frozen=True, kw_only=True, tag="queue"):
    """The call queues with all that was chosen.

    `instead_of_callback` is of earlier flows and has no effect: who calls himself is not called meanwhile, whatever he
    was asked.
    """

    instead_of_callback: bool = False


class HangUp(_Node, frozen=True, kw_only=True, tag="hang_up"):
    text: Text = {}


Node = (
    Say
    | Menu
    | Language
    | Product
    | Ask
    | Complaint
    | Web
    | Branch
    | Voicemail
    | Callback
    | CancelCallback
    | DoNotCall
    | Queue
    | HangUp
)


class Flow(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What callers of a client's line meet, from `start` on. The first of `languages` is spoken until one is chosen."""

    id: FlowId
    client: str
    start: NodeId
    nodes: tuple[Node, ...]
    languages: tuple[str, ...] = LANGUAGES


BRANCHES: dict[str, tuple[str, ...]] = {
    "hours": ("open", "closed"),
    "why": ("fresh", "ivr", "voicemail", "callback"),
    "caller": ("known", "withheld"),
    "complaint": ("made", "none"),
    "callback": ("promised", "none"),
}
"""The cases that a branch may name; those of `language` are the flow's own."""


def targets(node: Node) -> tuple[tuple[str, str], ...]:
    """Every node that this one may lead to, with the place that names it: (`keys.1`, `repair`)."""
    found = [(name, str(value)) for name in ("next", "otherwise") if (value := getattr(node, name, None))]
    if isinstance(node, Menu):
        found += [(f"keys.{key}", target) for key, target in node.keys.items()]
    elif isinstance(node, Branch):
        found += [(f"cases.{case}", target) for case, target in node.cases.items()]
    return tuple(found)
