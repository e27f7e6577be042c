"""150 calls on the whole service, a fifth with a fault; 1,000 by `python -m tests.simulation.phone --calls 1000`."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from simulation.phone import CALLS, history


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults are planted by the thousand: their log says nothing new."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_call_ends_once_and_leaves_every_agent_free(seed: int) -> None:
    told = history(seed)
    assert told.wrong == []
    assert told.calls == CALLS
    assert told.kills + told.drops > 0
    assert told.ends["finished"] > 0


def test_a_device_is_rung_once_though_the_answer_to_our_request_was_lost() -> None:
    """Seed 22: a busy device was rung again by the repeated request, and answered into silence."""
    assert history(22).wrong == []
