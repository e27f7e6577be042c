"""Why a contact went where it went, and for every agent beside it one reason; see `api.shapes` for the conventions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from contactcenter.api.shapes import In, Out


class ExplanationQuery(In, frozen=True, kw_only=True):
    """`at`: one instant, RFC 3339 with its offset; empty for every offer, wait and refusal of the contact."""

    at: Annotated[str, Meta(max_length=40)] = ""


class ReasonOut(Out, frozen=True, kw_only=True):
    """Everybody in the contact's pool for whom this one reason holds, by public number."""

    code: str
    why: str
    agents: tuple[str, ...]


class MomentOut(Out, frozen=True, kw_only=True):
    """`kind`: offer (just before it was made), waits, blocked or instant. `seq`: the last event decided by then.

    `held`: the queue held the contact then; if not, the rest is empty. `exact`: the replay decided what was decided
    on the day. `position` 0: somebody owns it. `chosen`, `ringing` and `owner` are public numbers; `rule` and `why`
    say what decided an offer. Every agent of the contact's lease, and of a second lease that helps, is in exactly
    one of `reasons`.
    """

    kind: str
    at: str
    seq: int
    held: bool
    exact: bool
    status: str = ""
    view: str = ""
    tier: str = ""
    band: int = 0
    position: int = 0
    waited_s: float = 0.0
    needs: dict[str, int] = field(default_factory=dict)
    relaxation_step: int = 0
    second_lease: str = ""
    ring_step: int = 0
    phones: int = 0
    ringing: tuple[str, ...] = ()
    owner: str = ""
    chosen: str = ""
    rule: str = ""
    why: str = ""
    standing: str = ""
    reasons: tuple[ReasonOut, ...] = ()


class ExplanationOut(Out, frozen=True, kw_only=True):
    """The contact's path as sentences, and its moments in order."""

    contact: str
    language: str
    path: tuple[str, ...]
    moments: tuple[MomentOut, ...]
