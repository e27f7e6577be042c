"""One service for the tests that only knock at its doors; those that break it start their own."""

from __future__ import annotations

import itertools
import signal
from collections.abc import AsyncIterator, Iterator
from types import FrameType

import pytest
from floor import a_call_is_served
from process import Failed, Installation, Service, installation
from stored import counts, settled

numbers = itertools.count(1)
AT_MOST_S = 90.0
"""For one test, fixtures of its own included. Real processes can hang; a run of the tests may not."""


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise Failed(f"not over after {AT_MOST_S:.0f} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, AT_MOST_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def home() -> Iterator[Installation]:
    """A data folder of one's own."""
    with installation() as made:
        yield made


@pytest.fixture(scope="session")
def shared() -> Iterator[Service]:
    """A running service with the example; whoever uses it leaves it running, and his agents signed out."""
    with installation() as made, made.start(CONTACTCENTER_MAX_MAIL_BYTES="200000") as service:
        yield service


@pytest.fixture
async def unharmed(shared: Service) -> AsyncIterator[Service]:
    """Whatever a test does to the doors: nothing is stored, and afterwards a call is served from end to end."""
    before, mark = await settled(shared), len(shared.log)
    yield shared
    assert await counts(shared) == before, "something was stored, wholly or half"
    assert shared.alive
    assert "Traceback" not in shared.log[mark:], shared.log[mark:][-5000:]
    await a_call_is_served(shared, name=f"unharmed-{next(numbers)}")
