"""Who is still there: a session whose last tab went away has a grace to come back, then it has left."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from channels.port import ChannelError, ChatLeft, Intake, IntakeBusy

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""(site, session)."""


class Departures:
    """Counts the tabs of each session and tells the intake when a visitor is gone.

    `run` is the part that hands in departures; it lives as long as the door. A grace that still runs when the
    process ends is dropped on purpose: the visitor may come back to the next process.
    """

    def __init__(self, intake: Intake, grace_s: float, retry_s: float) -> None:
        self._intake = intake
        self._grace_s = grace_s
        self._retry_s = retry_s
        self._tabs: Counter[Key] = Counter()
        self._graces: dict[Key, asyncio.TimerHandle] = {}
        self._gone: asyncio.Queue[tuple[Key, bool]] = asyncio.Queue()

    @property
    def waiting(self) -> int:
        """Sessions within their grace."""
        return len(self._graces)

    def enter(self, key: Key) -> None:
        """A tab came in: whatever grace ran is over."""
        self._tabs[key] += 1
        if grace := self._graces.pop(key, None):
            grace.cancel()

    def exit(self, key: Key, *, done: bool) -> None:
        """A tab went away. `done`: the conversation is over or the visitor was told to come back."""
        self._tabs[key] -= 1
        if self._tabs[key] > 0:
            return
        del self._tabs[key]
        if not done:
            self._graces[key] = asyncio.get_running_loop().call_later(self._grace_s, self._over, key)

    async def leave(self, key: Key) -> None:
        """The visitor said so. When the intake is busy it is told a little later."""
        try:
            await self._intake.accept(left(key))
        except IntakeBusy:
            self._again(key, said=True)

    async def run(self) -> None:
        """Hand in who is gone, one after another, for ever."""
        while True:
            key, said = await self._gone.get()
            if said or key not in self._tabs:
                await self._hand_in(key, said)

    def stop(self) -> None:
        for grace in self._graces.values():
            grace.cancel()
        self._graces.clear()

    async def _hand_in(self, key: Key, said: bool) -> None:
        try:
            await self._intake.accept(left(key))
        except IntakeBusy:
            self._again(key, said=said)
        except ChannelError as error:
            log.warning("chat session %s/%s: its leaving was not taken: %s", *key, error.code)
        except Exception:
            log.exception("chat session %s/%s: its leaving could not be stored; trying again", *key)
            self._again(key, said=said)

    def _again(self, key: Key, *, said: bool) -> None:
        """`said`: the visitor took leave and cannot come back; a mere silence ends with his return."""
        asyncio.get_running_loop().call_later(self._retry_s, self._gone.put_nowait, (key, said))

    def _over(self, key: Key) -> None:
        del self._graces[key]
        self._gone.put_nowait((key, False))


def left(key: Key) -> ChatLeft:
    site, session = key
    return ChatLeft(source=site, external_id=f"{session}:left", site=site, session=session)
