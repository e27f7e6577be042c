"""A run of many histories: what it says, what it returns, and how it goes on after a stop."""

from __future__ import annotations

import logging
import re
import signal
from collections.abc import Iterator

import pytest
from simulation.many import BLOCK, STOPPED, Stop, Tally, _one, main, run
from simulation.routers import Told

from contactcenter.services.views import SnapshotMark
from contactcenter.storage.memory.routing import MemoryRoutingStore

AGAIN = "python -m tests.simulation.routers"
CAUGHT_BLIND = 24
"""A seed in which an owner writes after its successor, when the store lets him."""


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)


def told(seed: int, *wrong: str) -> Told:
    return Told(seed, list(wrong), takeovers=2, false_takeovers=1, events=10)


def test_a_good_run_returns_0_and_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--histories", "2", "--first", "3", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "seeds 3 to 4 done; 2 histories, 0 with violations" in said
    assert re.search(r"^\d+ events decided, \d+ takeovers", said, re.MULTILINE)


def test_several_processes_find_what_one_finds(capsys: pytest.CaptureFixture[str]) -> None:
    sums = []
    for jobs in ("1", "2"):
        assert main(["--histories", str(BLOCK + 1), "--first", "3", "--jobs", jobs]) == 0
        sums.append(capsys.readouterr().out.splitlines()[-1])
    assert sums[0] == sums[1]


def test_the_blind_store_must_be_caught_and_the_seed_runs_again_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--blind", "--histories", "2", "--first", str(CAUGHT_BLIND - 1), "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "an epoch wrote after its successor" in said
    again = re.search(f"again: {AGAIN} (.*)", said)
    assert again is not None
    assert main([*again[1].split(), "--jobs", "1"]) == 0
    assert f"seeds with violations: {CAUGHT_BLIND}" in capsys.readouterr().out


def test_a_blind_store_that_nobody_caught_is_a_failure() -> None:
    assert main(["--blind", "--histories", "1", "--first", "1", "--jobs", "1"]) == 1


def test_a_check_that_fails_is_a_finding_with_a_seed() -> None:
    class Broken(MemoryRoutingStore):
        """Only the check of the replay asks for these."""

        async def snapshot_marks(self, domain: str) -> list[SnapshotMark]:
            raise KeyError(domain)

    logging.disable(logging.CRITICAL)
    assert _one(7, Broken) == Told(7, ["KeyError: 'ruixun'"], 0, 0, 0)


def test_a_stopped_run_says_what_is_done_and_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with Stop() as stop:
        signal.raise_signal(signal.SIGTERM)
        tally = run(range(1, 1001), jobs=1, blind=False, stop=stop)
    assert (tally.left, tally.code) == (1000 - BLOCK, STOPPED)
    said = capsys.readouterr().out
    assert f"seeds 1 to {BLOCK} done" in said
    assert f"stopped; the rest: {AGAIN} --first {BLOCK + 1} --histories {1000 - BLOCK}" in said


def test_the_second_ctrl_c_is_not_held_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_blocks_come_in_any_order_and_only_what_is_whole_counts_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(range(1, 7), blind=False)
    tally.count([told(3), told(4, "lost")])
    tally.end()
    assert "no seed done; 2 histories, 1 with violations" in capsys.readouterr().out
    tally.count([told(1), told(2)])
    tally.end()
    said = capsys.readouterr().out
    assert "seeds 1 to 4 done; 4 histories, 1 with violations" in said
    assert "40 events decided, 8 takeovers, 4 of them" in said
    assert "--first 5 --histories 2" in said
    assert tally.bad == [4]
