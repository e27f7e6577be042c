"""One service for the tests that only knock at its doors; those that break it start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from process import Installation, Service, installation


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
