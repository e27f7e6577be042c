"""Where in a file something is wrong: `file:line:column: path: message`, as editors and other tools read it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contactcenter.domain.configuration_yaml import position
from contactcenter.domain.problem import Problem
from contactcenter.errors import Invalid, Misconfigured


def read(file: Path) -> str:
    """The file's text. Raises Misconfigured."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Misconfigured(f"{file} cannot be read: {problem}", field="file") from problem


def located(file: Path, text: str, problems: Iterable[Problem]) -> list[str]:
    """One line for each problem, in the order of the file."""
    placed = sorted(((position(text, each.path), each) for each in problems), key=lambda one: one[0])
    return [f"{file}:{line}:{column}: {_kind(each)}{each}" for (line, column), each in placed]


def refused(file: Path, text: str, wrong: Invalid) -> list[str]:
    """What `load_yaml` or `check` raised."""
    found = wrong.details.get("problems")
    if isinstance(found, tuple):
        return located(file, text, found)
    line = wrong.details.get("line", 1)
    column = position(text, wrong.field)[1] if wrong.code != "yaml" else 1
    return [f"{file}:{line}:{column}: {str(wrong).removeprefix(f'line {line}: ')}"]


def _kind(problem: Problem) -> str:
    return "warning: " if problem.warning else ""
