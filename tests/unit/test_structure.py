"""The budgets that keep the code liveable (docs/architecture.md), and what tests must not wait for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("contactcenter", "channels", "routing")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
WIRING = sorted((ROOT / "contactcenter" / "wiring").glob("*.py"))
FAST = ("unit", "property", "simulation", "conformance", "integration")
TESTS = sorted(path for room in FAST for path in (ROOT / "tests" / room).rglob("*.py"))
HELPERS = sorted([*(ROOT / "tests").glob("*.py"), *(ROOT / "tests" / "ari").glob("*.py")])

LINES, WIRING_LINES, FUNCTION_LINES = 500, 150, 60
NO_HOMES = {"utils", "util", "helpers", "helper", "common", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from `def` to the end, the docstring not counted."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_no_file_is_too_long() -> None:
    counted = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in counted.items() if lines > LINES} == {}


def test_the_wiring_stays_readable_at_one_glance() -> None:
    counted = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in WIRING}
    assert {name: lines for name, lines in counted.items() if lines > WIRING_LINES} == {}


def test_no_function_is_too_long() -> None:
    long = [
        f"{named(path)}:{function.lineno} {function.name} {length(function)}"
        for path in MODULES
        for function in functions(path)
        if length(function) > FUNCTION_LINES
    ]
    assert long == []


def test_there_is_no_room_for_things_without_a_home() -> None:
    assert [named(path) for path in MODULES if NO_HOMES & {path.stem, path.parent.name}] == []


# --- what tests must not do ----------------------------------------------------------------------------------


def offences(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(each.name.startswith("unittest.mock") for each in node.names):
            yield node.lineno, "unittest.mock"
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, each) for each in taken(node))
        if isinstance(node, ast.Call) and waits(node):
            yield node.lineno, ast.unparse(node)


def taken(node: ast.ImportFrom) -> list[str]:
    names = [each.name for each in node.names]
    if node.module == "unittest.mock" or (node.module == "unittest" and "mock" in names):
        return ["unittest.mock"]
    return ["sleep"] if node.module in ("time", "asyncio") and "sleep" in names else []


def waits(call: ast.Call) -> bool:
    """`time.sleep` at all, `asyncio.sleep` for longer than one turn of the loop."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
            return True
        case ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"):
            first = call.args[0] if call.args else None
            return not (isinstance(first, ast.Constant) and first.value == 0)
        case _:
            return False


def test_below_acceptance_no_test_sleeps_or_mocks() -> None:
    found = [
        f"{named(path)}:{line} {what}"
        for path in (*TESTS, *HELPERS)
        for line, what in offences(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("import unittest.mock", True),
        ("from unittest import mock", True),
        ("from unittest.mock import Mock", True),
        ("import time\ntime.sleep(0)", True),
        ("from asyncio import sleep", True),
        ("import asyncio\nasyncio.sleep(0.01)", True),
        ("import asyncio\nasyncio.sleep(pause)", True),
        ("import asyncio\nasyncio.sleep(0)", False),
        ("import unittest", False),
    ],
)
def test_the_guard_knows_what_it_guards_against(line: str, wrong: bool) -> None:
    assert bool(list(offences(line))) is wrong


# --- imports: each module can be imported alone when all of them can, and none imports itself by a detour --------


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def needed(path: Path) -> set[str]:
    """Our modules that this one imports, for a type alone as well; not inside functions."""
    found: set[str] = set()
    for node in outside_functions(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
            found.update(f"{node.module}.{each.name}" for each in node.names)
    return found & NAMES - {module_name(path)}


def outside_functions(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        for inner in ("body", "orelse", "finalbody"):
            if not isinstance(node, Function):
                yield from outside_functions(getattr(node, inner, []))


NAMES = {module_name(path) for path in MODULES}


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module_name(path): sorted(needed(path)) for path in MODULES}
    assert cycle(graph) == []


def cycle(graph: dict[str, list[str]]) -> list[str]:
    """One way from a module back to itself, or nothing."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for other in graph[name]:
            found = walk(other, [*way, name])
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_a_detour_would_be_found() -> None:
    assert cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert cycle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_every_module_imports() -> None:
    program = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *sorted(NAMES)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
