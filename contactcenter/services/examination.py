"""The service examines itself: a list of checks, each of which says that all is well, or what is wrong.

A check is a name and a function; what it says to people stands in the catalogue under `ops.doctor.<name>`
(`wrong` and `do`). One that fails or takes too long is a finding too, never the end of the examination.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from contactcenter.domain.texts import Renderer

State = Literal["ok", "warning", "bad", "unknown"]
PATIENCE_S: Final = 20.0
CODES: Final[dict[State, int]] = {"ok": 0, "warning": 1, "unknown": 1, "bad": 2}


class Finding(Struct, frozen=True, kw_only=True):
    """`values` fill the texts: `count` and `example`, or what the check has to say."""

    check: str
    state: State
    values: dict[str, Any] = {}


class Told(Struct, frozen=True, kw_only=True):
    """A finding in words; `wrong` and `do` are '' when all is well."""

    check: str
    state: State
    wrong: str = ""
    do: str = ""
    values: dict[str, Any] = {}


class Check(Struct, frozen=True):
    name: str
    look: Callable[[], Awaitable[Finding]]


async def examine(checks: Sequence[Check], *, patience_s: float = PATIENCE_S) -> list[Finding]:
    """All of them, one after the other, in their order."""
    return [await _looked(check, patience_s) for check in checks]


async def _looked(check: Check, patience_s: float) -> Finding:
    try:
        async with asyncio.timeout(patience_s):
            return await check.look()
    except TimeoutError:
        return Finding(check=check.name, state="unknown", values={"problem": f"no answer in {patience_s:.0f} s"})
    except Exception as problem:
        return Finding(
            check=check.name, state="unknown", values={"problem": f"{type(problem).__name__}: {problem}"[:300]}
        )


def exit_code(findings: Sequence[Finding]) -> int:
    """0 all is well, 1 somebody should look, 2 something is wrong."""
    return max((CODES[finding.state] for finding in findings), default=0)


def told(finding: Finding, texts: Renderer, language: str) -> Told:
    wrong = do = ""
    if finding.state == "unknown":
        wrong = texts.render("ops.doctor.unknown", language, problem=finding.values.get("problem", ""))
    elif finding.state != "ok":
        wrong = texts.render(f"ops.doctor.{finding.check}.wrong", language, **finding.values)
        do = texts.render(f"ops.doctor.{finding.check}.do", language, **finding.values)
    return Told(check=finding.check, state=finding.state, wrong=wrong, do=do, values=finding.values)


def lines(findings: Sequence[Told], texts: Renderer, language: str) -> Iterator[str]:
    """For the terminal: a word, the check, what is wrong, and below it what to do."""
    words = {state: texts.render(f"ops.doctor.state.{state}", language) for state in CODES}
    for finding in findings:
        yield f"{words[finding.state]:<8} {finding.check:<20} {finding.wrong or _values(finding.values)}".rstrip()
        if finding.do:
            yield f"{'':<8} {'':<20} {texts.render('ops.doctor.to_do', language)}{finding.do}"


def _values(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
