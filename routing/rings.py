"""The ring ladder: how many phones ring for a contact, by the time on the line clock (B01, domain.md section 3)."""

from __future__ import annotations

from routing.model import Config, Micros, RingPlan, RingStep
from routing.order import NEVER

SECOND: Micros = 1_000_000
UNBROKEN_CYCLES = 3
"""An agent lets it ring only after this many cycles at one device without a break."""

FALLBACK = RingPlan(id="", cycle=5 * SECOND, steps=(RingStep(after=0, ring=1),), offer_life=20 * SECOND, parallel_max=1)
"""For a contact whose plan the configuration does not know: one phone at a time."""


def plans_by_id(config: Config) -> dict[str, RingPlan]:
    """The plans with their steps in order of time, and at least one step."""
    return {plan.id: _ordered(plan) for plan in config.plans}


def _ordered(plan: RingPlan) -> RingPlan:
    steps = tuple(sorted(plan.steps, key=lambda step: step.after)) or FALLBACK.steps
    return RingPlan(
        id=plan.id,
        cycle=plan.cycle,
        steps=steps,
        offer_life=max(1, plan.offer_life),
        parallel_max=plan.parallel_max,
    )


def step_at(plan: RingPlan, elapsed: Micros) -> int:
    """The index of the step in force; the first one also before its time."""
    step = 0
    while step + 1 < len(plan.steps) and plan.steps[step + 1].after <= elapsed:
        step += 1
    return step


def next_step(plan: RingPlan, step: int, clock_from: Micros) -> Micros:
    """The instant at which the step after `step` begins."""
    return clock_from + plan.steps[step + 1].after if step + 1 < len(plan.steps) else NEVER


def phones(plan: RingPlan, step: int) -> int:
    """How many phones ring in all at this step: never more than the cap, never none."""
    return max(1, min(plan.steps[step].ring, plan.parallel_max))


def rang_long_enough(plan: RingPlan, rang: Micros) -> bool:
    """Three cycles without a break; only then did the agent let it ring."""
    return rang >= UNBROKEN_CYCLES * plan.cycle
