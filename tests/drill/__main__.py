"""The drill's command line: numbers on standard output, exit code 1 for a violation, 2 when the drill itself failed."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from drill.faults import SCENARIOS
from drill.planted import BUGS, planted
from drill.processes import DrillFailed
from drill.run import Outcome, Wish, drill

SHOWN = 20


def main() -> int:
    options = _options()
    names = options.only or list(SCENARIOS)
    if options.planted:
        return _planted(options.seed or 1, options.only)
    seed = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    wish = Wish(seed=seed, seconds=options.minutes * 60, scenarios=names, keep=options.keep)
    print(f"seed {seed}: {', '.join(names)}; faults for {wish.seconds:.0f} s", flush=True)
    try:
        outcome = asyncio.run(drill(wish))
    except DrillFailed as failed:
        print(f"NOT DRILLED: {failed}")
        return 2
    return _told(outcome, seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="drill", description="The service under faults, and a check of its history.")
    parser.add_argument("--seed", type=int, help="what decides kinds and moments of traffic and faults")
    parser.add_argument("--minutes", type=float, default=2.5, help="of faults, divided among the scenarios")
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), help="one scenario; may be repeated")
    parser.add_argument("--planted", action="store_true", help="broken copies of the service: each must be caught")
    parser.add_argument("--keep", action="store_true", help="leave logs and database in the temporary folder")
    return parser.parse_args()


def _told(outcome: Outcome, seed: int) -> int:
    history = outcome.history
    acked = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.ledger.counted().items()))
    print(f"\nacknowledged: {acked}")
    print(f"not acknowledged: {dict(outcome.ledger.refused.most_common())}")
    print(
        f"stored: {len(history.contacts)} contacts, {len(history.facts)} facts, {len(history.events)} events, "
        f"{len(history.offers)} offers, {len(history.assignments)} assignments"
    )
    answers = Counter(f"{each.answer or 'unheard'}" for each in history.commanded)
    print(f"agents' commands: {dict(answers.most_common())}; commands to the platform: {len(history.ordered)}")
    epochs = sorted({sighting.epoch for sighting in history.sightings})
    print(f"epochs seen: {len(epochs)}; the checker took {outcome.checked_s:.2f} s")
    for name, values in outcome.numbers.items():
        shown = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name}: {shown}")
    return _verdict(outcome, seed)


def _planted(seed: int, only: list[str] | None) -> int:
    """Exit code 1 when a bug was missed. `only` names scenarios: the bugs that come out in them."""
    missed, bugs = 0, [bug for bug in BUGS if not only or bug.scenario in only]
    for bug in bugs:
        print(f"\nplanted: {bug.name}", flush=True)
        with planted(bug) as root:
            wish = Wish(
                seed=seed, seconds=bug.seconds, scenarios=[bug.scenario], root=root, eager=bug.eager, drain_s=10.0
            )
            outcome = asyncio.run(drill(wish))
        found = [violation for violation in outcome.violations if violation.kind == bug.kind]
        missed += not found
        evidence = found[0].evidence if found else "no such violation"
        print(f"{'CAUGHT' if found else 'MISSED'}  {bug.kind}: {len(found)} times, first: {evidence}", flush=True)
    print(f"\n{len(bugs) - missed} of {len(bugs)} planted bugs caught")
    return 1 if missed else 0


def _verdict(outcome: Outcome, seed: int) -> int:
    kinds = Counter(violation.kind for violation in outcome.violations)
    for violation in outcome.violations[:SHOWN]:
        print(f"VIOLATION {violation.kind}: {violation.evidence}")
    if outcome.folder:
        print(f"logs and data: {outcome.folder}")
    if kinds:
        print(f"FAILED with seed {seed}: {dict(kinds)}")
        return 1
    print(f"PASSED with seed {seed}: 0 violations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
