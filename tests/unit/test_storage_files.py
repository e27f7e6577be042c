"""Where the embedded server's files go, and which months the facts are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.errors import Misconfigured
from contactcenter.storage import server_files
from contactcenter.storage.partitions import months

T0 = 1_767_225_600_000_000
DAY = 86_400_000_000


def test_the_wheel_is_found_without_importing_it() -> None:
    assert (server_files.wheel_programs() / "postgres").exists()


def test_a_socket_lies_beside_the_data_or_where_its_path_is_short() -> None:
    assert server_files.socket_folder(Path("/srv/data")) == Path("/srv/data/socket")
    elsewhere = server_files.socket_folder(Path("/srv") / ("x" * 100))
    assert len(str(elsewhere)) < 60
    assert elsewhere != server_files.socket_folder(Path("/srv") / ("y" * 100))


def test_root_without_an_account_to_drop_to_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(server_files, "ACCOUNTS", ("no-such-account",))
    with pytest.raises(Misconfigured, match="CONTACTCENTER_DATABASE_URL"):
        server_files.account()


def test_months_follow_each_other_over_the_year() -> None:
    assert months(T0 - 40 * DAY, 2) == [
        ("facts_2025_11", "2025-11-01 00:00Z", "2025-12-01 00:00Z"),
        ("facts_2025_12", "2025-12-01 00:00Z", "2026-01-01 00:00Z"),
        ("facts_2026_01", "2026-01-01 00:00Z", "2026-02-01 00:00Z"),
    ]
    assert len(months(T0, 0)) == 1
