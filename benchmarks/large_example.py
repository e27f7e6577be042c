"""The example with a floor of any size: more lines, seats and agents of one lease, so that much happens at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

EXAMPLE: Final = Path(__file__).parents[1] / "contactcenter" / "demo" / "kangjia.yaml"
LINE: Final = "4000000301"
LEASE: Final = "hongyan-2026"
SEVENTY: Final = "lines: 70, people: 70"


def large_example(agents: int) -> str:
    """The configuration with this many agents of LEASE, at least the seventy it has."""
    text = EXAMPLE.read_text("utf-8")
    more = agents - 70
    assert more >= 0
    assert SEVENTY in text
    text = text.replace(SEVENTY, f"lines: {agents}, people: {agents}")
    text = text.replace("  lines: 100\n  people: 100\n", f"  lines: {agents + 30}\n  people: {agents + 30}\n")
    return text.rstrip("\n") + "\n" + "".join(_agent(n) for n in range(more))


def _agent(n: int) -> str:
    """Skilled like the others: everyone speaks Mandarin, paging at one of five levels."""
    named = f'id: b{n:04}, number: "{20_000 + n}", name: 李{n}, lease: {LEASE}'
    return f'  - {{{named}, skills: {{"lang:zh-CN": {3 + n % 3}, paging: {1 + n % 5}}}}}\n'
