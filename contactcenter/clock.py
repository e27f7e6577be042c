"""The only places where time and chance enter: the Clock and Ids ports and the real ones."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import uuid_utils

Micros = int
SECOND: Micros = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UTC = _EPOCH.replace(tzinfo=None)
"""For texts, whose `Z` is written by hand: formatting with a zone takes three times as long."""


class Clock(Protocol):
    def now(self) -> Micros:
        """Microseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for ages and durations."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """A time-ordered id such as `ct_0192…` (UUIDv7)."""
        ...

    def token(self) -> str:
        """A secret of 256 bits, safe in a URL."""
        ...


class SystemClock:
    """Under a virtual-time loop `monotonic` and `sleep` are virtual by themselves."""

    def now(self) -> Micros:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    def new(self, prefix: str) -> str:
        return f"{prefix}_{uuid_utils.uuid7().hex}"

    def token(self) -> str:
        return secrets.token_urlsafe(32)


def system_chance() -> float:
    """A number in [0, 1): for spreading things out, never for secrets."""
    return random.random()


def to_datetime(at: Micros) -> datetime:
    """The instant as an aware datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=at)


def to_micros(at: datetime) -> Micros:
    """An aware datetime as microseconds since the epoch, exact."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def rfc3339(at: Micros) -> str:
    """2026-01-31T09:00:00.000000Z"""
    return (_EPOCH_UTC + timedelta(microseconds=at)).isoformat(timespec="microseconds") + "Z"
