"""The route table's row, and what a handler is given and gives back.

One table makes the aiohttp application and the OpenAPI document, so neither can say what the other does not.
A handler gets a `Call` whose query and body are already decoded into the row's types, and returns a Struct, an
`Answer` (status, headers), or a finished aiohttp response.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aiohttp import web

from contactcenter.errors import ContactCenterError, Forbidden, Unauthorized
from contactcenter.services.views import Principal, Scope

Q = TypeVar("Q")
B = TypeVar("B")
PEOPLE: Final = frozenset({"agent", "supervisor", "operator", "client"})
"""Everyone who may read something; a platform only posts."""
STAFF: Final = frozenset({"supervisor", "operator"})
OPERATORS: Final = frozenset({"operator"})


@dataclass(slots=True)
class Call(Generic[Q, B]):
    """One request, decoded. `who` and `scope` exist only behind a route that names who may come."""

    request: web.Request
    query: Q
    body: B
    principal: Principal | None = None
    reach: Scope | None = None

    @property
    def who(self) -> Principal:
        if self.principal is None:
            raise Unauthorized()
        return self.principal

    @property
    def scope(self) -> Scope:
        """Whose rows this caller sees."""
        if self.reach is None:
            raise Forbidden()
        return self.reach

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    @property
    def language(self) -> str:
        """`?lang=`, else the best of Accept-Language, else zh-CN."""
        return chosen_language(self.request.query.get("lang", ""), self.request.headers.get("Accept-Language", ""))


@dataclass(slots=True)
class Answer:
    """A body with more than the usual around it."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Any, Call[Any, Any]], Awaitable[Any]]
"""(api.services.Services, Call) -> a Struct, an Answer, or a response."""
Raw = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`auth`: the kinds of principal allowed, None for everyone. `request` None: the body is not read here."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    auth: frozenset[str] | None = PEOPLE
    query: type | None = None
    request: Any = None
    response: Any = None
    status: int = 200
    media: str = "application/json"
    errors: tuple[type[ContactCenterError], ...] = ()
    max_bytes: int = 65_536
    per_minute: int = 0
    """Requests of one address in a minute, 0 for no limit: for open doors that make something."""
    hidden: bool = False
    """Served, but not part of the documented contract: the pages."""


def passing(raw: Raw) -> Handler:
    """An aiohttp handler of another layer (a socket, a webhook door) as it is: it reads and answers by itself."""

    async def handler(services: object, call: Call[Any, Any]) -> web.StreamResponse:
        return await raw(call.request)

    return handler


LANGUAGES: Final = ("zh-CN", "en")


def chosen_language(asked: str, accepted: str) -> str:
    """One of the catalogue's languages; an unknown wish falls back, it is never an error."""
    ranked = sorted(_weights(accepted), key=lambda pair: -pair[1])
    for wish in (asked, *(name for name, weight in ranked if weight > 0)):
        for language in LANGUAGES:
            if wish and wish.split("-")[0].lower() == language.split("-")[0].lower():
                return language
    return LANGUAGES[0]


def _weights(accepted: str) -> list[tuple[str, float]]:
    """Accept-Language as (tag, q) in the order given; what cannot be read weighs nothing."""
    return [(tag.strip(), _q(q)) for tag, _, q in (item.partition(";") for item in accepted[:200].split(","))]


def _q(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0
