"""One service for the tests that only knock at its doors; those that break it start their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from process import Failed, Installation, Service, installation

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
