"""`channels` is also the import name of a well-known package: be sure that ours is the one."""

from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("contactcenter", "channels", "routing")


@pytest.mark.parametrize("name", OURS)
def test_the_name_means_this_checkout(name: str) -> None:
    module = import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == (ROOT / name).resolve()


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_claims_the_name(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"contactcenter"}


@pytest.mark.parametrize("name", OURS)
def test_the_package_says_that_it_is_typed(name: str) -> None:
    assert (ROOT / name / "py.typed").read_bytes() == b""
