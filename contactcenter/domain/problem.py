"""One thing that is wrong with a configuration: where, which rule, and the arithmetic behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct


class Problem(Struct, frozen=True, omit_defaults=True):
    """`path` as in `leases[1].lines`, `code` is stable, `message` is for people. A warning does not refuse."""

    path: str
    code: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def repeated(name: str, field: str, values: Iterable[str]) -> Iterator[Problem]:
    """A problem for each value that stood in the list before; `name` is the list, `field` the key."""
    seen: Counter[str] = Counter()
    for index, value in enumerate(values):
        if seen[value]:
            yield Problem(f"{name}[{index}].{field}", "duplicate", f"{value!r} is used twice")
        seen[value] += 1
