"""Twilio's REST API, as much of it as calls need: forms out, JSON back, patient with a busy platform.

429                       was not taken: again after a growing pause
5xx, no answer in time    again when that is harmless; else Doubtful: it may have been done
other 4xx                 Refused, with the platform's own code: an outcome, not a fault
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec

from channels.port import ChannelDown, Refused

BASE_URL: Final = "https://api.twilio.com"
TIMEOUT_S: Final = 4.0
PAUSES_S: Final = (0.2, 0.4, 0.8)
"""Before each further try; shorter than a caller's patience."""
PAGE_SIZE: Final = "200"
MOST_PAGES: Final = 25
"""Of one list at a time: 5,000 calls or conferences, each page a request of some tenths of a second."""
_LIMIT: Final = 1_048_576
_MISSING: Final = 404
Pause = Callable[[float], Awaitable[object]]
Json = dict[str, Any]
log = logging.getLogger(__name__)


class Doubtful(ChannelDown):
    """Nobody knows whether the other side has done it."""


class NotThere(Refused):
    """The call, conference or recording is gone, or never was."""


class Rest:
    """One account. Owns no session."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        account: str,
        user: str,
        password: str,
        base_url: str = BASE_URL,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._session = session
        self._root = f"{(base_url or BASE_URL).rstrip('/')}/2010-04-01/Accounts/{account}"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._pause = pause

    async def get(self, path: str, **query: str) -> Json:
        return await self._patiently("GET", path, {"params": query}, safe=True)

    async def listed(self, path: str, key: str, **query: str) -> list[Json]:
        """The entries of a list, the newest first, page after page. Of more than MOST_PAGES the rest is left."""
        found: list[Json] = []
        for _ in range(MOST_PAGES):
            page = await self.get(path, **{**query, "PageSize": PAGE_SIZE})
            found += page.get(key, ())
            query = _following(page)
            if not query:
                return found
        log.warning("%s has more than %d entries: those beyond are not looked at", path, len(found))
        return found

    async def create(self, path: str, form: Mapping[str, str] | list[tuple[str, str]]) -> Json:
        """Something that must not come to be twice. Raises Refused, ChannelDown, Doubtful."""
        return await self._patiently("POST", path, {"data": form}, safe=False)

    async def update(self, path: str, **form: str) -> Json:
        """Something that may be said twice."""
        return await self._patiently("POST", path, {"data": form}, safe=True)

    async def _patiently(self, method: str, path: str, what: Json, *, safe: bool) -> Json:
        for pause in PAUSES_S:
            try:
                return await self._once(method, path, what)
            except Doubtful:
                if not safe:
                    raise
            except ChannelDown:
                pass
            await self._pause(pause)
        return await self._once(method, path, what)

    async def _once(self, method: str, path: str, what: Json) -> Json:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.request(
                method,
                f"{self._root}/{path}.json",
                headers=self._headers,
                timeout=timeout,
                allow_redirects=False,
                **what,
            ) as response:
                return _judged(response.status, await response.content.read(_LIMIT))
        except aiohttp.ClientConnectorError as error:
            raise ChannelDown(f"{path}: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Doubtful(f"{path}: {type(error).__name__}") from error


def _following(page: Json) -> dict[str, str]:
    """The query of the next page, {} after the last one; it is asked of the same address, whatever is said here."""
    return dict(parse_qsl(urlsplit(str(page.get("next_page_uri") or "")).query))


def _judged(status: int, body: bytes) -> Json:
    said = _json(body)
    if 200 <= status < 300:
        return said
    why = f"{status} {said.get('code', '')} {said.get('message', '')}".strip()[:300]
    if status == 429:
        raise ChannelDown(why)
    if status == _MISSING:
        raise NotThere(why)
    if 400 <= status < 500 and status != 408:
        raise Refused(why)
    raise Doubtful(why)


def _json(body: bytes) -> Json:
    try:
        found = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
