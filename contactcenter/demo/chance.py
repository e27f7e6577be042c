"""Chance of the demo: everything that looks random is a function of the seed."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded and passed on: the same seed plays the same hour

__all__ = ["Random", "dice"]


def dice(seed: int, name: str) -> Random:
    """One stream of numbers for one purpose, so that a change of one lane leaves the others alone."""
    return Random(f"{seed}/{name}")
