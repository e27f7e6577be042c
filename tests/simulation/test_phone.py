"""150 calls on the whole service, a fifth with a fault; 1,000 by `python -m tests.simulation.phone --calls 1000`."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulation.phone import CALLS, history

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults are planted by the thousand: their log says nothing new."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("platform", ["asterisk", "twilio"])
@pytest.mark.parametrize("seed", range(2, 5))
def test_every_call_ends_once_and_leaves_every_agent_free(platform: str, seed: int) -> None:
    told = history(seed, platform)
    assert told.wrong == []
    assert told.calls >= CALLS
    assert told.kills + told.drops > 0
    assert told.ends["finished"] > 0
    # A wrong number was reached as well: its agent said so afterwards.
    assert told.callbacks["reached"] + told.callbacks["wrong_number"] > 0


@pytest.mark.parametrize("platform", ["asterisk", "twilio"])
def test_a_seed_tells_the_same_history_whatever_the_hashes_of_a_process(platform: str) -> None:
    told = [_told_by_a_process(platform, hashes) for hashes in ("0", "2")]
    assert "mark" in told[0]
    assert told[0] == told[1]


def _told_by_a_process(platform: str, hashes: str) -> list[str]:
    """All that a run of two histories prints, but how long it took."""
    command = [sys.executable, "-m", "simulation.phone", "--calls", "50", "--first", "2", "--platform", platform]
    around = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout.partition(",")[2].partition("\n")[2].split()


def test_a_device_is_rung_once_though_the_answer_to_our_request_was_lost() -> None:
    """As once in seed 22, before callbacks were dialled.

    A busy device was rung again by the repeated request, and answered into silence.
    """
    assert history(22).wrong == []


def test_a_call_that_failed_at_twilio_while_we_were_away_is_looked_for() -> None:
    """As once in seed 21, before callbacks were dialled.

    Its flow's next step got no answer from us, so it ended as `failed`, not as `completed`.
    """
    assert history(21, "twilio").wrong == []


def test_a_callback_whose_agent_says_how_it_went_leaves_nobody_on_the_line() -> None:
    """Seed 2: our process died as the customer was to be dialled, and the agent's phone played music for ever."""
    assert history(2, "twilio").wrong == []


def test_callbacks_end_in_several_ways_and_are_tried_again() -> None:
    told = sum((Counter(history(seed).callbacks) for seed in (4, 5)), Counter())
    assert {"attempt: no_answer", "attempt: reached", "reached"} <= told.keys()
    outcomes = {name: count for name, count in told.items() if not name.startswith("attempt")}
    assert sum(told.values()) - sum(outcomes.values()) > sum(outcomes.values()), "more attempts than promises"
