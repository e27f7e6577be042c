"""Whether what was typed can be a membership number."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Twice a digit, its two digits added."""


def fits(typed: str, *, least: int, most: int, check: str) -> bool:
    """Digits only, neither too few nor too many, and the check digit right where there is one."""
    if not (typed.isascii() and typed.isdigit() and least <= len(typed) <= most):
        return False
    return check != "luhn" or luhn(typed)


def luhn(digits: str) -> bool:
    """The usual check digit of card and member numbers: from the right, every second digit counts twice."""
    from_right = [int(digit) for digit in reversed(digits)]
    return (sum(from_right[::2]) + sum(_DOUBLED[digit] for digit in from_right[1::2])) % 10 == 0
