"""What is said and heard about promised callbacks and the do-not-call list; see `api.shapes`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from contactcenter.api.shapes import CallbackOut, In, Limit, Name, Out, Short


class CallbacksQuery(In, frozen=True, kw_only=True):
    """`before`: the `next` of the page before."""

    limit: Limit = 50
    before: Short = ""
    state: Annotated[str, Meta(pattern="^(open|dialling|ended)?$")] = ""


class CallbackPage(Out, frozen=True, kw_only=True):
    """Newest first. `next` is empty on the last page."""

    callbacks: tuple[CallbackOut, ...]
    next: str


class UnwantedQuery(In, frozen=True, kw_only=True):
    """`after`: the `next` of the page before."""

    limit: Limit = 50
    after: Annotated[str, Meta(max_length=200)] = ""


class NewUnwanted(In, frozen=True, kw_only=True):
    """A number that is not to be called. `client` may be left out by a client's own token."""

    number: Name
    client: Short = ""
    reason: Annotated[str, Meta(max_length=500)] = ""


class UnwantedOf(In, frozen=True, kw_only=True):
    client: Short = ""


class UnwantedOut(Out, frozen=True, kw_only=True):
    """One entry; the number is masked for operations and agents."""

    client: str
    number: str
    added_at: str
    added_by: str
    reason: str


class UnwantedList(Out, frozen=True, kw_only=True):
    """By client and number. `next` is empty on the last page."""

    numbers: tuple[UnwantedOut, ...]
    next: str
