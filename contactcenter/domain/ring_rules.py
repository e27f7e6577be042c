"""Rules about ring plans: the plan must fit the customer's clock of three rings (B01, B02; domain.md section 3).

The ladder is additive: a step adds ringing phones, earlier ones go on. What comes before the last step is
sequential and must be over within two cycles, so that the last cycle is left for the parallel step.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from contactcenter.domain.configuration import Document, RingPlan, RingStep
from contactcenter.domain.problem import Problem

RINGS = 3
"""The promise, a count (B01)."""
VOICE_OFFER_LIFE_MS = 20_000
"""A phone is not left ringing longer than this; then others are tried."""


LEAST_TURN_MS = 4_000
"""A phone that is rung before all of them ring together has at least this long for itself."""
SECOND_MS = 1_000


def default_steps(cycle_ms: int, parallel: int) -> tuple[RingStep, ...]:
    """The ladder of a country: the best agent for one ring and a second, the next one where there is time, then all.

    Within two cycles, so that the last ring is for the parallel step: 0, 6, 10 s where a ring takes 5 s, and 0, 4 s
    where it takes 3 s (domain: three rings).
    """
    first, last = cycle_ms + SECOND_MS, (RINGS - 1) * cycle_ms
    if parallel <= 1:
        return (RingStep(0, 1),)
    if parallel > 2 and last - first >= LEAST_TURN_MS:
        return (RingStep(0, 1), RingStep(first, 2), RingStep(last, parallel))
    return (RingStep(0, 1), RingStep(min(first, last), parallel))


def steps_of(plan: RingPlan) -> tuple[RingStep, ...]:
    """A plan's own steps, else those of its cycle."""
    return plan.steps or (default_steps(plan.cycle_ms, plan.parallel_max) if plan.cycle_ms else ())


def ring_problems(document: Document) -> Iterator[Problem]:
    """Every plan's own arithmetic, then that each view has a plan of its kind."""
    for index, plan in enumerate(document.plans):
        path = f"plans[{index}]"
        yield from _steps(plan, path)
        if plan.cycle_ms:
            yield from _fits_the_line_clock(plan, path)
    yield from _kinds(document)


def _steps(plan: RingPlan, path: str) -> Iterator[Problem]:
    steps = steps_of(plan)
    if not steps or steps[0].after_ms != 0:
        yield Problem(f"{path}.steps", "first_step", "the first step must start after 0 ms")
    for position, (one, two) in enumerate(pairwise(steps), start=1):
        if two.after_ms <= one.after_ms or two.ring <= one.ring:
            yield Problem(
                f"{path}.steps[{position}]",
                "step_order",
                "each step is later and rings more phones than the one before",
            )
    for position, step in enumerate(steps):
        if step.ring > plan.parallel_max:
            yield Problem(
                f"{path}.steps[{position}].ring",
                "parallel_max",
                f"rings {step.ring} phones, but parallel_max is {plan.parallel_max}",
            )


def _fits_the_line_clock(plan: RingPlan, path: str) -> Iterator[Problem]:
    steps = steps_of(plan)
    cycle, last = plan.cycle_ms, steps[-1].after_ms if steps else 0
    if last > (RINGS - 1) * cycle:
        yield Problem(
            f"{path}.steps",
            "does_not_fit",
            f"steps end at {_s(last)} but {RINGS - 1} cycles of {_s(cycle)} are {_s((RINGS - 1) * cycle)}",
        )
    if plan.offer_life_ms < RINGS * cycle:
        yield Problem(
            f"{path}.offer_life_ms",
            "offer_life",
            f"an offer lives {_s(plan.offer_life_ms)} but {RINGS} cycles of {_s(cycle)} are {_s(RINGS * cycle)}",
        )
    if plan.offer_life_ms > VOICE_OFFER_LIFE_MS:
        yield Problem(
            f"{path}.offer_life_ms",
            "offer_life",
            f"an offer lives {_s(plan.offer_life_ms)}; a phone rings at most {_s(VOICE_OFFER_LIFE_MS)}",
        )


def _kinds(document: Document) -> Iterator[Problem]:
    plans = {plan.id: plan for plan in document.plans}
    for index, view in enumerate(document.views):
        plan = plans.get(view.plan)
        if plan is None:
            continue
        if view.medium == "voice" and not plan.cycle_ms:
            yield Problem(
                f"views[{index}].plan", "no_cycle", f"calls need a plan with a ring cycle, {plan.id} has none"
            )
        if view.medium != "voice" and plan.cycle_ms:
            yield Problem(
                f"views[{index}].plan", "ring_plan_for_text", f"{plan.id} counts rings, {view.medium} has none"
            )


def _s(ms: int) -> str:
    return f"{ms / 1000:.1f} s"
