"""Plant one bug at a time in a copy of routing/ and see whether the tests notice.

    python tests/mutants/run.py [words of a bug's name]

Prints CAUGHT or MISSED per bug and exits 1 if one was missed, or could not be planted because the text has changed.
The tree itself is never touched. Before the bugs the unharmed copy must pass, or 'caught' would mean nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
AT_ONCE = 2
PATIENCE = 60
"""Seconds until a suite that usually takes ten is taken for hung; a bug that hangs the router is noticed too."""


def suites(bug: Bug | None) -> list[list[Path]]:
    """The file that is made for this bug, if there is one; what finds most; the rest for a bug that got through."""
    own = [[TESTS / bug.asked_first]] if bug and bug.asked_first else []
    walks = [TESTS / "property" / f"test_routing_{name}.py" for name in ("walk", "choices", "terms", "totality")]
    return [
        *own,
        walks,
        [*sorted(TESTS.glob("unit/test_routing_*.py")), TESTS / "property" / "test_routing_machine.py"],
    ]


def run_tests(place: Path, bug: Bug | None) -> tuple[bool, str]:
    """Run the suites against the copy of routing/ in `place`: did they pass, and which test failed?"""
    for suite in suites(bug):
        passed, failed = run_suite(place, suite)
        if not passed:
            return False, failed
    return True, ""


def run_suite(place: Path, suite: list[Path]) -> tuple[bool, str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--noconftest",
        "--tb=no",
        "--assert=plain",
    ]
    command += ["-c", str(place / "pytest.ini"), "--rootdir", str(place), *map(str, suite)]
    environment = os.environ | {"MUTANTS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if any("machine" in path.name for path in suite):
        command += ["--hypothesis-seed=0"]
    else:
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # Importing them takes longer than most walks.
    try:
        run = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return False, f"hung for {PATIENCE} s"
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stdout[-2000:] + run.stderr[-2000:])
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return run.returncode == 0, failed[0].split("::")[-1].split(" - ")[0] if failed else ""


def a_copy(place: Path) -> None:
    shutil.copytree(ROOT / "routing", place / "routing", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    (place / "pytest.ini").write_text(f"[pytest]\npythonpath = {place} {TESTS}\n")


def plant(bug: Bug | None) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        a_copy(place)
        if bug is not None:
            file = place / "routing" / bug.file
            text = file.read_text()
            if text.count(bug.right) != 1:
                return True, f"the text stands {text.count(bug.right)} times in {bug.file}"
            file.write_text(text.replace(bug.right, bug.wrong))
        return run_tests(place, bug)


def main() -> int:
    begin = time.monotonic()
    chosen = [bug for bug in BUGS if all(word in bug.name for word in sys.argv[1:])]
    passed, failed = plant(None)
    if not passed:
        print(f"the unharmed copy fails: {failed}")
        return 1
    missed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for bug, (passed, failed) in zip(chosen, pool.map(plant, chosen), strict=True):
            missed += passed
            print(f"{'MISSED' if passed else 'CAUGHT'}  {bug.name:<48} {failed}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught in {time.monotonic() - begin:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
