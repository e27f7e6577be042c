"""The ring ladder: how many phones ring for a contact, by the time on the line clock (B01, domain.md section 3)."""

from __future__ import annotations

from typing import Final

from routing.model import Config, Micros, RingPlan, RingStep
from routing.timers import NEVER

SECOND: Final = 1_000_000
UNBROKEN_CYCLES: Final = 3
"""An agent lets it ring only after this many cycles at one device without a break."""


class Ladder:
    """A ring plan as it is asked: per step the time on the line clock from which it holds, and how many phones ring."""

    __slots__ = ("after", "cycle", "offer_life", "phones", "several")

    def __init__(self, plan: RingPlan) -> None:
        """Steps in order of time; never more phones than the cap, never none, and at least one step."""
        steps = sorted(plan.steps, key=lambda step: step.after) or [RingStep(after=0, ring=1)]
        self.cycle = plan.cycle
        self.offer_life = max(1, plan.offer_life)
        self.after = [step.after for step in steps]
        self.phones = [max(1, min(step.ring, plan.parallel_max)) for step in steps]
        self.several = len(steps) > 1

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


FALLBACK: Final = Ladder(RingPlan(id="", cycle=5 * SECOND, steps=(), offer_life=20 * SECOND))
"""For a contact whose plan the configuration does not know: one phone at a time."""


def ladders_by_plan(config: Config) -> dict[str, Ladder]:
    return {plan.id: Ladder(plan) for plan in config.plans}
