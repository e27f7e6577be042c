"""What is pinned can be installed by every Python that is promised, not only by the one that pinned it."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PINNED = [line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]


def oldest_promised() -> str:
    """The first release that `requires-python` admits: 3.11.0 of >=3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (floor,) = SpecifierSet(project["requires-python"])
    assert floor.operator == ">="
    return f"{floor.version}.0"


def demanded(name: str) -> SpecifierSet | None:
    """Which Pythons a package wants; None when an extra that is not installed here pinned it."""
    try:
        return SpecifierSet(metadata(name).get("Requires-Python") or "")
    except PackageNotFoundError:
        return None


def test_every_pinned_package_takes_the_oldest_promised_python() -> None:
    demands = {name: wanted for name in PINNED if (wanted := demanded(name)) is not None}
    assert len(demands) > 60
    too_new = {name: str(wanted) for name, wanted in demands.items() if not wanted.contains(oldest_promised())}
    assert too_new == {}
