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


@pytest.mark.parametrize("platform", ["asterisk", "twilio"])
@pytest.mark.parametrize("seed", range(1, 4))
def test_every_call_ends_once_and_leaves_every_agent_free(platform: str, seed: int) -> None:
    told = history(seed, platform)
    assert told.wrong == []
    assert told.calls == CALLS
    assert told.kills + told.drops > 0
    assert told.ends["finished"] > 0


def test_a_device_is_rung_once_though_the_answer_to_our_request_was_lost() -> None:
    """Seed 22: a busy device was rung again by the repeated request, and answered into silence."""
    assert history(22).wrong == []


def test_a_call_that_failed_at_twilio_while_we_were_away_is_looked_for() -> None:
    """Seed 21: its flow's next step got no answer from us, so it ended as `failed`, not as `completed`."""
    assert history(21, "twilio").wrong == []
