"""What is said about sendings that were given up, and about outbound webhooks; see `api.shapes`."""

from __future__ import annotations

from contactcenter.api.shapes import In, Limit, Out, Short


class DeadQuery(In, frozen=True, kw_only=True):
    """`before` is the last id of the page before."""

    limit: Limit = 50
    before: Short = ""


class DeadLetter(Out, frozen=True, kw_only=True):
    """A sending that was given up: what it was, for whom, and why; never what it says."""

    id: str
    kind: str
    client: str
    contact: str
    webhook: str
    attempts: int
    created_at: str
    died_at: str
    why: str
    replayable: bool


class DeadLetters(Out, frozen=True, kw_only=True):
    """Newest first; `next` is the `before` of the next page, '' at the end."""

    letters: tuple[DeadLetter, ...]
    next: str = ""


class Replayed(Out, frozen=True, kw_only=True):
    """It is due again, as if it had never been tried."""

    id: str
    kind: str


class WebhookOut(Out, frozen=True, kw_only=True):
    """One subscription as configured; `stopped`: its receiver answered 410 Gone."""

    id: str
    url: str
    kinds: tuple[str, ...]
    client: str
    personal_data: bool
    stopped: bool


class WebhookList(Out, frozen=True, kw_only=True):
    webhooks: tuple[WebhookOut, ...]
