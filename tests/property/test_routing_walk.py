"""Long histories from a few seeds: what fifty steps never see (stale entries, many versions), and replays of them.

They are also the measure of the moves: whatever can happen does happen in them, or the last tests here fail.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from functools import cache
from hashlib import blake2b
from typing import IO, get_args

import msgspec
import pytest
from property.routing_scarcity import AGENTS, MOVES, configure, sit, work
from property.routing_scene import TAKEOVER, Log, Scene, encoded, replay

from routing import effects as fx
from routing import events as ev
from routing import order, pools, timers
from routing.model import End, Outcome, PresenceState

STEPS = 250
SEEDS = range(15)

REFUSALS = (
    "contact_exists", "unknown_contact", "unknown_agent", "not_owner", "contact_not_active", "already_owned", "lease",
    "medium", "presence", "capacity", "offer_gone", "bad_state", "not_signed_in",
    "not_a_call", "already_dialled", "consult_running", "no_consult", "agent_not_available",
)  # fmt: skip
BLOCKED = ("unknown_lease", "lease_not_in_force", "unstaffed", "lines_busy", "closed", "queue_full")
CHOICES = ("named", "override", "only", "preferred", "spare_skills", "level", "longest_idle")
RETURNS = ("transfer", "offer_ended", "agent_left", "recovered")
CONSULTS = ("joined", "left", "finished", "customer_left", "closed", "removed")
WITHDRAWALS = (
    "left",
    "finished",
    "customer_left",
    "expired",
    "agent_left",
    "answered_elsewhere",
    "supervisor",
    "configuration",
    "recovered",
)
MOVED = ("signed_in", "signed_out", "no_answer", "returned", "disconnected", "removed")


@cache
def walked(seed: int) -> Scene:
    """Every third one is better staffed than the others: a choice between agents needs several free ones."""
    chance, scene = random.Random(seed), Scene()
    weights = MOVES | ({sit: 3 * MOVES[sit], work: 3 * MOVES[work], configure: 0} if seed % 3 == 0 else {})
    for name in AGENTS[:4]:
        scene.happen(ev.SignedIn(name, ""))
        scene.happen(ev.PresenceSet(name, PresenceState.READY))
    for move in chance.choices(list(weights), list(weights.values()), k=STEPS):
        move(scene, chance.choice)
    return scene


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_history_keeps_every_promise_and_is_decided_the_same_way_again(seed: int) -> None:
    scene = walked(seed)
    assert replay(scene.log) == scene.said


@pytest.mark.parametrize("seed", SEEDS)
def test_a_router_that_was_never_replaced_decides_the_same(seed: int) -> None:
    """Its estimates may be better, because it remembers more."""
    scene = walked(seed)
    assert [*map(encoded, replay(scene.log, takeovers=False))] == [*map(encoded, scene.said)]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_hangs_on_the_sizes_from_which_indexes_are_kept_otherwise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stale timers swept at once, lines in chunks of one or two, needs forgotten as soon as nobody has them."""
    monkeypatch.setattr(timers, "SLACK", -1_000_000)
    monkeypatch.setattr(order, "CHUNK", 1)
    monkeypatch.setattr(pools, "UNUSED_KEPT", 1)
    monkeypatch.setattr(pools, "FEW", 0)
    assert replay(walked(seed).log) == walked(seed).said


@pytest.mark.parametrize("hash_seed", ["1", "2024"])
def test_another_process_with_other_hashes_decides_the_same(hash_seed: str) -> None:
    scene = walked(0)
    code = (
        "import sys; from property.test_routing_walk import read_and_digest; print(read_and_digest(sys.stdin.buffer))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        input=msgspec.json.encode(scene.log),
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.decode().strip() == digest(scene.said)


def read_and_digest(stream: IO[bytes]) -> str:
    return digest(replay(msgspec.json.decode(stream.read(), type=Log)))


def digest(said: list[list[fx.AnyEffect]]) -> str:
    return blake2b(msgspec.json.encode(said)).hexdigest()


# --- nothing is left out -------------------------------------------------------------------------------------


def reached() -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        seen += walked(seed).seen
    return seen


def test_every_event_every_effect_and_every_takeover_happens() -> None:
    wanted = {f"event {kind.__name__}" for kind in get_args(ev.AnyEvent)} | {TAKEOVER, "second pool", "estimate"}
    wanted |= {f"effect {kind.__name__}" for kind in get_args(fx.AnyEffect)}
    assert wanted - reached().keys() == set()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("Refused.code", REFUSALS),
        ("Blocked.reason", BLOCKED),
        ("Offered.rule", CHOICES),
        ("Queued.reason", RETURNS),
        ("OfferEnded.outcome", tuple(Outcome)),
        ("ConsultEnded.reason", (*CONSULTS, *(set(Outcome) - {Outcome.ACCEPTED}))),
        ("Ended.how", tuple(set(End) - {End.BLOCKED})),
        ("PresenceMoved.reason", (*MOVED, "lunch")),
        ("OfferEnded.reason", (*WITHDRAWALS, "closed", "agent_busy", "busy", "unreachable")),
    ],
)
def test_every_value_of_a_field_is_told_and_no_other(field: str, values: tuple[str, ...]) -> None:
    told = {name.removeprefix(f"{field} ") for name in reached() if name.startswith(f"{field} ")}
    assert told == set(values)
