"""The ring ladder: how many phones ring for a contact, by the time on the line clock (B01, domain.md section 3)."""

from __future__ import annotations

from typing import NamedTuple

from routing.model import Config, Micros, RingPlan, RingStep
from routing.order import NEVER

SECOND: Micros = 1_000_000
UNBROKEN_CYCLES = 3
"""An agent lets it ring only after this many cycles at one device without a break."""


class Ladder(NamedTuple):
    """A ring plan as it is asked: per step the time on the line clock from which it holds, and how many phones ring."""

    cycle: Micros
    offer_life: Micros
    after: tuple[Micros, ...]
    phones: tuple[int, ...]

    @classmethod
    def of(cls, plan: RingPlan) -> Ladder:
        """Steps in order of time; never more phones than the cap, never none, and at least one step."""
        steps = sorted(plan.steps, key=lambda step: step.after) or [RingStep(after=0, ring=1)]
        return cls(
            cycle=plan.cycle,
            offer_life=max(1, plan.offer_life),
            after=tuple(step.after for step in steps),
            phones=tuple(max(1, min(step.ring, plan.parallel_max)) for step in steps),
        )

    def step_at(self, elapsed: Micros) -> int:
        """The index of the step in force; the first one also before its time."""
        step = len(self.after) - 1
        while step and self.after[step] > elapsed:
            step -= 1
        return step

    def ends(self, step: int, clock_from: Micros) -> Micros:
        """The instant at which the step after `step` begins."""
        return clock_from + self.after[step + 1] if step + 1 < len(self.after) else NEVER

    def rang_long_enough(self, rang: Micros) -> bool:
        """Three cycles without a break; only then did the agent let it ring."""
        return rang >= UNBROKEN_CYCLES * self.cycle


FALLBACK = Ladder(cycle=5 * SECOND, offer_life=20 * SECOND, after=(0,), phones=(1,))
"""For a contact whose plan the configuration does not know: one phone at a time."""


def ladders_by_plan(config: Config) -> dict[str, Ladder]:
    return {plan.id: Ladder.of(plan) for plan in config.plans}
