"""A small JSON client of the API: bearer token, problem documents as errors, patience when the service restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from contactcenter.client import world
from contactcenter.client.errors import DoorError, Unreachable

AGAIN = (429, 500, 502, 503, 504)
NO_ANSWER = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError, ConnectionError)


class Problem(msgspec.Struct):
    code: str = ""
    title: str = ""
    detail: str = ""
    field: str = ""


class ApiClient:
    """`async with ApiClient(base_url, token) as api: await api.get("/v1/contacts", limit=10)`."""

    def __init__(
        self,
        base_url: str,
        token: str = "",
        *,
        patience: world.Patience | None = None,
        chance: world.Chance = world.chance,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._patience = patience or world.Patience()
        self._chance = chance
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str | int) -> Any:
        return await self.request("GET", path, query=query)

    async def post(self, path: str, body: Any = None) -> Any:
        """Repeated when nobody answered: use it where a repetition does no harm."""
        return await self.request("POST", path, body=b"" if body is None else msgspec.json.encode(body))

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes = b"",
        sign: Callable[[], Mapping[str, str]] = dict,
    ) -> Any:
        """Decoded JSON. DoorError for a refusal, Unreachable when nobody answered in all tries.

        `sign` gives headers that are made anew for every try.
        """
        problem = "no answer"
        for attempt in range(self._patience.tries):
            try:
                status, after, answer = await self._once(method, path, query or {}, body, sign())
            except NO_ANSWER as error:
                problem, after = str(error) or type(error).__name__, 0.0
            else:
                if status < 400:
                    return msgspec.json.decode(answer) if answer else None
                if status not in AGAIN:
                    raise refusal(status, answer)
                problem = str(refusal(status, answer))
            await asyncio.sleep(max(after, self._patience.pause(attempt, self._chance())))
        raise Unreachable(f"{self._base}{path}: {problem}")

    async def _once(
        self, method: str, path: str, query: Mapping[str, str | int], body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, float, bytes]:
        assert self._session is not None, "use it as an async context manager"
        shared = {"Content-Type": "application/json", **self._headers, **headers}
        asked = {name: str(value) for name, value in query.items()}
        async with self._session.request(
            method, self._base + path, params=asked, data=body or None, headers=shared
        ) as response:
            after = response.headers.get("Retry-After", "0")
            return response.status, float(after) if after.isdigit() else 0.0, await response.read()


def refusal(status: int, answer: bytes) -> DoorError:
    """A problem document, or whatever else came instead of one."""
    try:
        problem = msgspec.json.decode(answer, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem()
    return DoorError(status, problem.code or "error", problem.detail or problem.title, problem.field)
