"""The measurement of a decision says to its second run what it was asked itself."""

from __future__ import annotations

import pytest

from benchmarks.bench_decide import again, parse


@pytest.mark.parametrize("plot", [["--plot", "growth.svg"], ["--plot=growth.svg"]])
def test_the_compiled_core_is_measured_the_same_way_and_draws_nothing(plot: list[str]) -> None:
    asked = ["--sizes", "1000,100000", "--kinds", "--rounds", "2"]
    assert parse(again(parse([*plot, *asked]))) == parse(asked)


def test_a_second_run_is_the_last_one() -> None:
    assert not parse(again(parse(["--once"]))).once
