"""Any history keeps the promises of the queue, and decides like the slow reference.

The world and its moves stand in routing_scarcity.py, what must hold after each decision in routing_scene.py (against
the oracle and the rows) and routing_ledger.py (from the facts alone). Here Hypothesis chooses.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from property import routing_scarcity as moves
from property.routing_scene import TAKEOVER, Scene

from routing import effects as fx
from routing import events as ev
from routing.model import PresenceState

T = TypeVar("T")
WEIGHED = [move for move, weight in moves.MOVES.items() for _ in range(weight)]


class QueueMachine(RuleBasedStateMachine):
    """Hypothesis draws every choice of a move, one by one, so that each can shrink alone."""

    def __init__(self, seen: Counter[str] | None = None) -> None:
        super().__init__()
        self.scene = Scene(seen)

    @initialize(team=st.sets(st.sampled_from(moves.AGENTS[:6]), min_size=2, max_size=4))
    def morning(self, team: set[str]) -> None:
        for name in sorted(team):
            self.scene.happen(ev.SignedIn(name, "", "k1"))
            self.scene.happen(ev.PresenceSet(name, PresenceState.READY, "", "k2"))

    @rule(data=st.data(), move=st.sampled_from(WEIGHED))
    def make_any_move(self, data: Any, move: moves.Move) -> None:
        self.play(move, data)

    @precondition(lambda self: self.scene.ringing())
    @rule(data=st.data())
    def respond(self, data: Any) -> None:
        self.play(moves.respond, data)

    @precondition(lambda self: self.scene.owned())
    @rule(data=st.data(), move=st.sampled_from([moves.work, moves.transfer]))
    def work(self, data: Any, move: moves.Move) -> None:
        self.play(move, data)

    def play(self, move: moves.Move, data: Any) -> None:
        def pick(options: Sequence[T]) -> T:
            return data.draw(st.sampled_from(options))  # type: ignore[no-any-return]

        self.scene.seen[f"move {move.__name__}"] += 1
        move(self.scene, pick)


RANDOMLY = settings(
    max_examples=30,
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    # A planted bug (make mutants) need only be noticed; a real one is worth the minutes of shrinking.
    phases=[Phase.explicit, Phase.reuse, Phase.generate] + [Phase.shrink] * ("MUTANTS" not in os.environ),
    suppress_health_check=list(HealthCheck),
)
QueueMachine.TestCase.settings = RANDOMLY
TestQueue = QueueMachine.TestCase


def test_the_machine_makes_every_move_and_reaches_every_event_and_effect() -> None:
    """So that it cannot silently stop exercising something (codes: test_routing_walk.py).

    What Hypothesis draws hangs on the modules that are loaded beside it, and two missed offers in a row are rare: so
    it may play up to five times, each with a seed of its own.
    """
    seen: Counter[str] = Counter()
    wanted = {f"move {move.__name__}" for move in moves.MOVES} | {TAKEOVER, "second pool"}
    wanted |= {f"event {kind.__name__}" for kind in get_args(ev.AnyEvent)}
    wanted |= {f"effect {kind.__name__}" for kind in get_args(fx.AnyEffect)}
    for number in range(5):
        machine = seed(number)(lambda: QueueMachine(seen))
        once = settings(RANDOMLY, database=None, max_examples=25)
        run_state_machine_as_test(machine, settings=once)  # type: ignore[arg-type]
        if not wanted - seen.keys():
            break
    assert wanted - seen.keys() == set()
