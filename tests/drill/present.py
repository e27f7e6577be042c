"""`python -m drill.present MODULE`: exit code 0 when there is such a module, else 1 and a line that says so."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def present(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    wanted = sys.argv[1]
    if not present(wanted):
        print(f"SKIPPED: there is no module {wanted}, the simulation of two routers in virtual time")
        sys.exit(1)
