"""How long we leave an application alone that another client took."""

from __future__ import annotations

from itertools import accumulate

import pytest

from channels.phone.asterisk.link import REPLACED_PAUSES_S, fights


@pytest.mark.parametrize(
    ("lived", "pauses"),
    [
        ((3600,), [1]),
        ((3600, 3600), [1, 1]),
        ((3600, 1, 5, 15, 60, 60), [1, 5, 15, 60, 60, 60]),
        ((3600, 1, 5, 3600), [1, 5, 15, 1]),
    ],
)
def test_a_fight_leaves_ever_longer_pauses_and_an_accident_a_second(lived: tuple[int, ...], pauses: list[int]) -> None:
    levels = list(accumulate(lived, fights, initial=0))[1:]
    assert [REPLACED_PAUSES_S[level - 1] for level in levels] == pauses
