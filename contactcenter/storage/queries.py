"""The SQL, one statement a file, loaded once by name; and how several writing statements become one.

A statement may name the columns of a view as {contact}: sql/columns/contact.sql. Instants go in and out as
integer microseconds through instant() and micros() of migration 0001.

Rows go in as one array literal a column, and unnest(...) AS m (id, ...) names them like the fields they come from
(storage/arrays.py). What a door writes goes in as one JSON array instead, named by json_to_recordset.

A plan is kept by its session and must not depend on how much a table held when it was made, so a statement leaves
the planner one way to look up (tests/integration/test_storage_plans.py). Where it could go by another index, the rows
of each given key are a LATERAL subselect by that key alone with OFFSET 0, and what confines them stands around it;
IS NOT DISTINCT FROM compares what no index may be asked for; coalesce(x, 'infinity') = 'infinity' says x IS NULL and
keeps away from the partial index of all such rows.

`compose` puts writing statements behind each other in one WITH: one round trip and one transaction for a whole
set of changes. Each statement stays complete and testable by itself; no row may be written by two of them,
because all see the state before. `expect` (migration 0001) undoes everything when a statement did not match
as many rows as its part says, and makes the parts run in the order given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("sql")
_PARAMETER = re.compile(r"\$(\d+)")
_COLUMNS = re.compile(r"\{(\w+)\}")
_LISTED = re.compile(r"\bunnest\([^)]*\)\s+AS \w+ \(([^)]*)\)")


class Part(NamedTuple):
    """One writing statement with its arguments; `rows` it must return, None when it may skip some."""

    name: str
    args: Sequence[Any]
    rows: int | None = None


@cache
def sql(name: str) -> str:
    """The statement of this name, with the columns of its views in place."""
    return _COLUMNS.sub(_columns, (FOLDER / f"{name}.sql").read_text(encoding="utf-8")).strip()


def _columns(named: re.Match[str]) -> str:
    return (FOLDER / "columns" / f"{named[1]}.sql").read_text(encoding="utf-8").strip()


@cache
def listed(name: str) -> tuple[str, ...]:
    """The fields of the rows that this statement takes apart, in the order of its arrays."""
    found = _LISTED.search(sql(name))
    if found is None:
        raise ValueError(f"{name}.sql takes no rows by unnest")
    return tuple(each.strip().strip('"') for each in found[1].split(","))


def compose(parts: Sequence[Part], *, also: str = "") -> tuple[str, list[Any]]:
    """One statement that runs all parts, and its arguments. `also` is one more result column."""
    text = _composed(tuple((part.name, len(part.args), part.rows is not None) for part in parts), also)
    args = [arg for part in parts for arg in (*part.args, *((part.rows,) if part.rows is not None else ()))]
    return text, args


@cache
def _composed(shape: tuple[tuple[str, int, bool], ...], also: str) -> str:
    steps, results, before = [], [], 0
    for name, count, checked in shape:
        steps.append(f"{name} AS (\n{_shifted(name, before)}\n)")
        before += count + checked
        if checked:
            results.append(f"expect('{name}', ${before}::bigint, (SELECT count(*) FROM {name})) AS {name}")
    results += [also] if also else []
    return f"WITH {', '.join(steps)}\nSELECT {', '.join(results) or '1'}"


def _shifted(name: str, before: int) -> str:
    return _PARAMETER.sub(lambda number: f"${int(number[1]) + before}", sql(name))
