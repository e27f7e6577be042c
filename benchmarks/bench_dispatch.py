"""What a decided event costs in Python between `decide` and the statement that is sent.

    python -m benchmarks dispatch [--events 20000] [--batch 200] [--profile]

A loaded centre (benchmarks/loaded.py: all media and rules, 1,000 agents, 3,000 contacts waiting) drives a real
Dispatch; the store is not asked. Microseconds of processor time per event, by step: `decide` itself; taking it (facts,
rows, orders, pushes, the hash of the effects); making the batch; its statement and arguments. Best of five pieces.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections import Counter

from benchmarks.loaded import Centre
from contactcenter.services import dispatch
from contactcenter.services.dispatch import Dispatch
from contactcenter.services.views import Loaded, Ownership
from contactcenter.storage.queries import compose
from contactcenter.storage.routing_store import parts_of_batch
from routing import events as ev
from routing.decide import decide
from routing.effects import AnyEffect, Blocked, Ended, Offered, Owned, WrapUpBegan
from routing.state import State

PIECES = 5
STEPS = ("decide", "take", "batch", "statement")


class Driven(Centre):
    """The centre's events go through a Dispatch; `spent` has the seconds of each step."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.spent: Counter[str] = Counter()
        self.count = 0
        self.dispatch: Dispatch | None = None
        self.effects: list[AnyEffect] = []
        super().__init__(1000, 10, 100, seed=1)

    def do(self, event: ev.AnyEvent) -> None:
        if self.dispatch is None:
            nothing = Loaded(records=(), presences=(), desk_seqs={}, fresh=())
            self.dispatch = Dispatch(
                domain="bench", state=self.state, loaded=nothing, ownership=Ownership(epoch=1, last_seq=0, arrivals=0)
            )
            dispatch.decide = self._decide
        self.now += 200
        before, decided = time.process_time(), self.spent["decide"]
        self.count += 1
        self.dispatch.handle(event, self.now, row=None if isinstance(event, ev.Ticked) else self.count)
        self.spent["take"] += time.process_time() - before - (self.spent["decide"] - decided)
        self._learn()
        if self.count % self.batch == 0:
            self._commit(self.dispatch)

    def _decide(self, state: State, event: ev.AnyEvent, now: int) -> list[AnyEffect]:
        before = time.process_time()
        self.effects = decide(state, event, now)
        self.spent["decide"] += time.process_time() - before
        return self.effects

    def _commit(self, driven: Dispatch) -> None:
        before = time.process_time()
        batch, _ = driven.take_batch()
        made = time.process_time()
        compose(parts_of_batch(batch))
        self.spent["batch"] += made - before
        self.spent["statement"] += time.process_time() - made

    def _learn(self) -> None:
        for effect in self.effects:
            match effect:
                case Offered(contact, agent, offer):
                    self.offers.append((contact, agent, offer.id, offer.device))
                case Owned(contact, agent):
                    self.active.append((contact, agent))
                case WrapUpBegan(contact, agent):
                    self.wrapping.append((contact, agent))
                case Blocked() | Ended():
                    self.open -= 1


def _piece(centre: Driven, events: int) -> dict[str, float]:
    """Microseconds per event of each step."""
    centre.spent.clear()
    first = centre.count
    while centre.count - first < events:
        centre.one_round()
    return {step: centre.spent[step] / (centre.count - first) * 1e6 for step in STEPS}


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks dispatch", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args(options)
    centre = Driven(arguments.batch)
    centre.grow(3000)
    centre.warm_up()
    if arguments.profile:
        with cProfile.Profile() as profile:
            _piece(centre, arguments.events)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
        return
    pieces = [_piece(centre, arguments.events // PIECES) for _ in range(PIECES)]
    print(
        f"batches of {arguments.batch}: "
        + ", ".join(f"{s} {min(p[s] for p in pieces):.1f}" for s in STEPS)
        + " µs per event"
    )
