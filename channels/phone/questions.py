"""What became of a call of our own dialect's platform, of whose end nothing was heard.

It is asked by the command `status`: after the callers when a tenure begins, after the calls that were dialled for us
then and every minute, as the other platforms are looked at. Whatever it knows it says again as events, and
`call.unknown` when it has no such call. A question is sent and not stored: a lost one is asked again in a minute.
Whoever refuses it for good (4xx) is not asked again in this tenure, and whoever takes it and says nothing leaves things
as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from channels.port import ChannelDown, PhoneCommand, Refused, Sender

SECOND: Final = 1_000_000
EVERY: Final = 60 * SECOND
MOST: Final = 500
"""Questions at a time: half of what is kept for a platform that polls."""
log = logging.getLogger(__name__)


class House(Protocol):
    """What is stored of this source's calls."""

    async def there(self) -> Sequence[str]:
        """The callers of whose end nothing was heard."""
        ...

    async def dialled(self) -> Sequence[str]:
        """The calls that we made some time ago, and of whose end nothing was heard."""
        ...


class Questions:
    """One source's, in one tenure. `now` gives microseconds UTC."""

    def __init__(self, source: str, *, house: House, sender: Sender, now: Callable[[], int]) -> None:
        self._source = source
        self._house = house
        self._sender = sender
        self._now = now
        self._first = True

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Until it is refused, or cancelled. What cannot be asked now is asked in a minute."""
        answers = True
        while answers:
            try:
                answers = await self.round()
            except Exception:
                log.exception("what became of the calls of %s could not be asked", self._source)
            await sleep(EVERY / SECOND)

    async def round(self) -> bool:
        """Ask once after each call. False: this platform answers no such questions."""
        for call in await self._calls():
            try:
                await self._sender.send(self._question(call))
            except Refused as refused:
                log.info("%s does not say what became of its calls: %s", self._source, refused)
                return False
            except ChannelDown as away:
                log.warning("%s could not be asked what became of its calls: %s", self._source, away)
                return True
        self._first = False
        return True

    async def _calls(self) -> list[str]:
        """Callers only once: what happens while we live is told to us until we have taken it."""
        calls = [*await self._house.dialled(), *(await self._house.there() if self._first else ())]
        if len(calls) > MOST:
            log.warning("%s is asked after %d of its %d calls", self._source, MOST, len(calls))
        return calls[:MOST]

    def _question(self, call: str) -> PhoneCommand:
        """A new one each time; of no use once the next is due."""
        at = self._now()
        name = f"{call}/status/{at // SECOND}"
        return PhoneCommand(id=name, source=self._source, call=call, verb="status", not_after=at + EVERY)
