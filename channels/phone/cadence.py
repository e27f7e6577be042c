"""How a telephone rings in each country: the promise counts rings, the clock counts seconds (B01, B02).

A cadence is the physical bell's on/off pattern; its sum is one ring cycle. What the caller hears is made
elsewhere and is not in phase with the bell, so seconds are canonical and rings are how we speak of them:
'within n rings' means answered before ring n + 1 begins, t < n x cycle. The data are the `ringcadence`
lines of Asterisk's indications.conf.sample; a line may always carry its own cycle instead.
"""

from __future__ import annotations

from typing import Final

Pattern = tuple[int, ...]
"""Alternating on and off, in milliseconds, beginning with on."""

_ONE_FOUR: Final[Pattern] = (1000, 4000)
_DOUBLE: Final[Pattern] = (400, 200, 400, 2000)
_TWO_FOUR: Final[Pattern] = (2000, 4000)
_ONE_FIVE: Final[Pattern] = (1000, 5000)
_ONE_THREE: Final[Pattern] = (1000, 3000)

_ZONES_OF: Final[tuple[tuple[Pattern, str], ...]] = (
    (_ONE_FOUR, "bg br ch cn cz de dk ee fi gr id it lt nl no ph pl ru th tw ve"),
    (_DOUBLE, "au in nz sg uk za"),
    (_TWO_FOUR, "mx my us"),
    (_ONE_FIVE, "at pt se"),
    (_ONE_THREE, "be cl il"),
    ((1500, 3000), "es"),
    ((1500, 3500), "fr"),
    ((1250, 3750), "hu"),
    ((1000, 2000), "jp"),
)

CADENCES: Final[dict[str, Pattern]] = {zone: pattern for pattern, zones in _ZONES_OF for zone in zones.split()}
"""Zone (the telephone world's country letters, so the United Kingdom is `uk`) to its pattern."""

_ALSO: Final[dict[str, str]] = {"gb": "uk"}


class UnknownZone(LookupError):
    """No cadence is known for this zone; give the line its own ring cycle."""


def pattern_ms(zone: str) -> Pattern:
    """The bell's on/off pattern of a zone in milliseconds. Raises UnknownZone."""
    known = zone.lower()
    found = CADENCES.get(_ALSO.get(known, known))
    if found is None:
        raise UnknownZone(f"no ring cadence for zone {zone!r}; known: {' '.join(sorted(CADENCES))}")
    return found


def ring_cycle_ms(zone: str) -> int:
    """From the start of one ring to the start of the next, in milliseconds. Raises UnknownZone."""
    return sum(pattern_ms(zone))


def rings(elapsed_us: int, cycle_us: int) -> int:
    """The ring that was sounding after `elapsed_us`: 1 is the first.

    'Within n rings' is `rings(t, cycle) <= n`, which is t < n x cycle: the instant at which ring n + 1
    begins is already too late. Both arguments are microseconds; a clock that ran backwards counts as 0.
    """
    if cycle_us <= 0:
        raise ValueError("a ring cycle is longer than nothing")
    return max(elapsed_us, 0) // cycle_us + 1
