"""The documents say what is true: what they name exists, what exists and matters is named."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import fields

from contactcenter.config import PREFIX, ROLES, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DEPLOY = ROOT / "deploy"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
COMMITTED = [*PAGES, *(path for path in sorted(DEPLOY.iterdir()) if path.is_file())]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
REQUIREMENTS = (DOCS / "requirements.md").read_text(encoding="utf-8")
OUTSIDE = f"{PREFIX}ENV_FILE"
"""Names a file of settings and is none itself."""

CORE = re.findall(
    r"\w+",
    """
    A01 A02 A03 A04 A05 A08 A10 A11 A12 A15 A16 A19 A21
    B01 B02 B03 B04 B05 B06 B07 B09 B10 B12 B13 B14 B16 B17 B18 B19 B21 B23
    C01 C04 C16 C18
    D01 D02 D03 D04 D05 D06 D10 D13 D15 D16 D20 D21
    E01 E04 E06 E08 E09 E10 E14 E15 E16 E23 E28 E30 E35 E36 E42 E44 E46
    F01 F02 F05 F06 F07 F09 F13 F22
    G01 G02 G03 G04 G06 G07 G13 G18
    H01 H02 H05 H06 H08
    I03 I05 J05 K01 K02 M01 M02 M03 M04
    I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 I11
    """,
)
STEPS = [f"step {number}" for number in range(1, 13)]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# --- every page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", text(page))
    ours = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in ours if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", COMMITTED, ids=relative)
def test_nothing_points_out_of_the_repository(page: Path) -> None:
    """Neither to papers beside it, nor to this or that machine, nor to where packages were fetched from."""
    wrong = re.compile(r"\.\./shared|/work/|/root/|/home/\w|/tmp/|pypi\.org|files\.pythonhosted|registry\.npmjs")
    assert wrong.findall(text(page)) == []


# Folders of our own whose files the pages name in running text; what is generated at run time is not among them.
NAMED = re.compile(
    r"(?<![\w./{-])((?:routing|channels|contactcenter|migrations|deploy|docs|tests|benchmarks)/[\w./-]*[\w/])"
)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_file_that_is_named_exists(page: Path) -> None:
    places = {name.rstrip(".") for name in NAMED.findall(text(page))}
    assert [name for name in sorted(places) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_python_example_is_python(page: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", text(page), flags=re.MULTILINE | re.DOTALL):
        compile(block, relative(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


# --- README --------------------------------------------------------------------------------------------------


@cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), flags=re.MULTILINE))


def test_the_readme_fits_one_screen() -> None:
    assert len(README.splitlines()) <= 60


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    code = re.findall(r"(?:`|^ {4})make ([a-z]+)", text(page), flags=re.MULTILINE)
    assert set(code) <= make_targets()


def test_the_readme_tells_how_to_run_try_and_check_it() -> None:
    assert {"run", "demo", "test", "check"} <= set(re.findall(r"make ([a-z]+)", README))


def test_every_page_can_be_reached_from_the_readme() -> None:
    """By its own link, or by that of its folder."""
    linked = set(re.findall(r"\]\(([^)\s]+)\)", README))
    top = sorted(DOCS.glob("*.md"))
    assert [relative(path) for path in top if relative(path) not in linked] == []
    assert "docs/decisions/" in linked


# --- settings ------------------------------------------------------------------------------------------------


def settings() -> dict[str, str]:
    """Every setting as it is written in the environment, with its default."""
    made = Settings()
    return {f"{PREFIX}{field.name.upper()}": written(getattr(made, field.name)) for field in fields(Settings)}


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_the_table_of_settings_is_that_of_the_code() -> None:
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \| (.*?) \| ", OPERATIONS.replace("| |", "|  |"), flags=re.MULTILINE)
    assert {name: default.strip("` ") for name, default in rows} == settings()


def test_the_sample_shows_every_setting_with_its_default() -> None:
    lines = text(DEPLOY / "contactcenter.env.sample").splitlines()
    assert dict(line[1:].split("=", 1) for line in lines if line.startswith(f"#{PREFIX}")) == settings()
    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize("page", COMMITTED, ids=relative)
def test_no_setting_is_named_that_is_none(page: Path) -> None:
    assert set(re.findall(rf"{PREFIX}[A-Z][A-Z_]*[A-Z]", text(page))) <= {*settings(), OUTSIDE}


def test_every_role_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", OPERATIONS.partition("## Roles")[2], flags=re.MULTILINE)) >= set(ROLES)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_no_metric_is_named_that_is_none(page: Path) -> None:
    exposed = text(ROOT / "contactcenter" / "metrics" / "prometheus.py")
    named = set(re.findall(r"`(cc_\w+)", text(page))) - {"cc_"}
    known = {name for name in named if f'"{name}"' in exposed or f'"{name.removesuffix("_total")}"' in exposed}
    assert sorted(named - known) == []


# --- requirements --------------------------------------------------------------------------------------------

ROWS = {
    cells[0]: cells[2]
    for line in REQUIREMENTS.splitlines()
    if line.startswith("| ") and len(cells := line.strip("| ").split(" | ", 2)) == 3
}


@cache
def names_in(test_file: str) -> frozenset[str]:
    """What a test file defines, read and not imported."""
    path = ROOT / "tests" / test_file
    if not path.is_file():
        return frozenset()
    found = re.findall(r"^\s*(?:async )?def (test_\w+)|^(Test\w+) = ", text(path), flags=re.MULTILINE)
    return frozenset(function or machine for function, machine in found)


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", REQUIREMENTS)
    assert len(named) > 100
    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []


@pytest.mark.parametrize("row", [*CORE, *STEPS])
def test_every_core_row_says_where_it_is_tested_or_that_it_is_not(row: str) -> None:
    assert re.search(r"`[\w/]+\.py::\w+`|not yet: issue \d|\blater\b", ROWS[row])


def test_what_is_missing_names_an_issue_of_the_project_or_says_later() -> None:
    assert set(re.findall(r"not yet: issue (\d+)", REQUIREMENTS)) <= {"2", "3", "4", "5"}


# --- decisions, changes, dependencies ------------------------------------------------------------------------

DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=relative)
def test_a_decision_has_its_four_parts_on_half_a_page(page: Path) -> None:
    lines = text(page).splitlines()
    assert lines[0].startswith(f"# {page.name[:4]} ")
    assert any(line.startswith("Status: ") for line in lines)
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
    assert len(lines) <= 40


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_changelog_has_what_is_unreleased_and_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', text(ROOT / "pyproject.toml"), flags=re.MULTILINE)
    assert version is not None
    headings = re.findall(r"^## \[(.+?)\]", text(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    assert headings[:2] == ["Unreleased", version[1]]


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    declared = {re.split(r"[\[<>=;]", each)[0].lower() for each in wanted}
    explained = re.findall(r"^\| ([^|]+) \|", text(DOCS / "dependencies.md"), flags=re.MULTILINE)
    names = {name.strip().lower() for cell in explained for name in cell.split(",")}
    assert declared - names == set()


# --- deploy: what can be checked without Docker --------------------------------------------------------------


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text(DEPLOY / "compose.yaml"))
    return found


def test_compose_starts_every_role_once_and_migrates_first() -> None:
    services = compose()["services"]
    roles = [role for service in services.values() for role in role_of(service.get("command", []))]
    assert sorted(roles) == sorted(ROLES)
    for name in ("front", "router", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["command"] == ["migrate"]


def role_of(command: list[str]) -> list[str]:
    return command[command.index("--role") + 1].split(",") if "--role" in command else []


def test_compose_declares_whatever_its_services_use() -> None:
    document = compose()
    for service in document["services"].values():
        used = {one["source"] if isinstance(one, dict) else one for one in service.get("secrets", [])}
        assert used <= set(document["secrets"])
        assert {one.partition(":")[0] for one in service.get("volumes", [])} <= set(document["volumes"])
        assert set(service.get("depends_on", {})) <= set(document["services"])


def test_compose_holds_no_secret_and_opens_doors_on_loopback_only() -> None:
    document = compose()
    assert all(set(secret) == {"file"} for secret in document["secrets"].values())
    ports = [port for service in document["services"].values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_image_holds_what_the_service_needs_and_is_nobodys_root() -> None:
    lines = text(DEPLOY / "Dockerfile").splitlines()
    copied = {word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]}
    assert {"contactcenter", "channels", "routing", "migrations", "pyproject.toml", "requirements.lock"} <= copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert lines.index("USER 10001") < next(at for at, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    kept = {line[1:] for line in text(DEPLOY / "Dockerfile.dockerignore").splitlines() if line.startswith("!")}
    assert kept == copied


def test_the_unit_drains_one_process_and_is_fenced_in(tmp_path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "contactcenter.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("/contactcenter serve")
    assert (service["KillSignal"], service["KillMode"]) == ("SIGTERM", "mixed")
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID"):
        assert service[name] == "true"
    assert service["ProtectSystem"] == "strict"
    if shutil.which("systemd-analyze"):
        verify_unit(tmp_path)


def verify_unit(tmp_path: Path) -> None:
    """By systemd itself where it is there, with a program that exists on this machine."""
    here = re.sub(r"^ExecStart=\S+ serve$", "ExecStart=/bin/true", text(DEPLOY / "contactcenter.service"), flags=re.M)
    copy = tmp_path / "contactcenter.service"
    copy.write_text(re.sub(r"^WorkingDirectory=.*$", "", here, flags=re.MULTILINE))
    said = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    ours = [line for line in said.stderr.splitlines() if "contactcenter.service" in line]
    assert ours == []


def test_the_licence_names_its_holders() -> None:
    assert "Copyright 2026 The contactcenter authors" in text(ROOT / "LICENSE")
