"""Wrong settings are refused at start: by name, in one line, with exit code 2, before anything is opened."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable

import asyncpg
import pytest
from floor import a_call_is_served
from process import Installation, free_port

from contactcenter.__main__ import main
from contactcenter.storage.embedded import EmbeddedPostgres

ELSEWHERE = {
    "CONTACTCENTER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "CONTACTCENTER_REDIS_URL": "redis://127.0.0.1:1",
}


def refused(done: subprocess.CompletedProcess[str], *names: str) -> None:
    assert done.returncode == 2, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    for name in names:
        assert name in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("contactcenter: ")]
    assert len(said) == 1, done.stderr


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(home: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process, for what is refused before anything is opened: a start costs a second."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        for name in [name for name in os.environ if name.startswith("CONTACTCENTER_")]:
            monkeypatch.delenv(name)
        for name, value in home.environment(**more).items():
            monkeypatch.setenv(name, value)
        code = main(arguments)
        told = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return run


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "eighty"),
        ("HTTP_PORT", "70000"),
        ("SMTP_PORT", "-1"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("REDIS_URL", "http://localhost"),
        ("KEEP_RECEIPTS_DAYS", "34"),
        ("KEEP_LOG_DAYS", "1"),
        ("WEBHOOK_PRIVATE", "perhaps"),
        ("RELAY_URL", "http://relay"),
        ("PUBLIC_URL", "ftp://us"),
        ("ROLES", "api,cook"),
        ("LOG_LEVEL", "LOUD"),
        ("MAX_MAIL_BYTES", "0"),
        ("FIRST_DECISION_MS", "soon"),
        ("LEASE_S", "-3"),
        ("LEASE_S", "nan"),
        ("LEASE_S", "inf"),
        ("BATCH", "0"),
        ("EXAMPLE", "perhaps"),
        ("ENV_FILE", "/nowhere/at/all.env"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(
    home: Installation, here: Command, name: str, value: str
) -> None:
    # Settings are read before the command does anything; `docs` would come to an end if they were taken.
    refused(here("docs", str(home.folder / "docs"), **{f"CONTACTCENTER_{name}": value}), f"CONTACTCENTER_{name}")


def test_a_start_with_a_wrong_setting_opens_nothing_and_exits_with_2(home: Installation) -> None:
    refused(home.run("serve", timeout_s=20, CONTACTCENTER_HTTP_PORT="eighty"), "CONTACTCENTER_HTTP_PORT", "eighty")
    assert not (home.data / "postgres").exists()


def test_a_setting_that_does_not_exist_is_refused_and_not_ignored(home: Installation, here: Command) -> None:
    refused(here("docs", str(home.folder), CONTACTCENTER_HTPP_PORT="1"), "CONTACTCENTER_HTPP_PORT")


def test_a_file_of_settings_is_read_and_its_mistakes_are_named(home: Installation, here: Command) -> None:
    file = home.folder / "site.env"
    file.write_text("# ours\nCONTACTCENTER_BATCH=many\n", encoding="utf-8")
    refused(here("docs", str(home.folder), CONTACTCENTER_ENV_FILE=str(file)), "CONTACTCENTER_BATCH", "many")


def test_some_roles_without_a_database_of_their_own_are_refused(here: Command) -> None:
    refused(here("serve", "--role", "api"), "CONTACTCENTER_DATABASE_URL")


def test_a_role_that_does_not_exist_is_refused_on_the_command_line(here: Command) -> None:
    refused(here("serve", "--role", "api,cook", **ELSEWHERE), "cook")


def test_a_database_that_does_not_answer_is_named(here: Command) -> None:
    name = "CONTACTCENTER_DATABASE_URL"
    refused(here("migrate", **{name: ELSEWHERE[name]}), name)


def test_a_database_without_the_schema_names_the_command_and_the_command_helps(
    home: Installation, pg_server: EmbeddedPostgres
) -> None:
    # A database of its own on the tests' server, so that it may be empty.
    _sql(pg_server, "DROP DATABASE IF EXISTS acceptance_empty")
    _sql(pg_server, "CREATE DATABASE acceptance_empty")
    home.settings["CONTACTCENTER_DATABASE_URL"] = pg_server.dsn.replace("/postgres?", "/acceptance_empty?")
    refused(home.run("serve", timeout_s=30), "contactcenter migrate")
    done = home.run("migrate")
    assert done.returncode == 0, done.stderr
    again = home.run("migrate")
    assert (again.returncode, again.stdout.strip()) == (0, "nothing to do: the schema is up to date")
    home.start().stop()
    _sql(pg_server, "DROP DATABASE acceptance_empty WITH (FORCE)")


def _sql(server: EmbeddedPostgres, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_a_port_in_use_is_refused_by_name_and_the_next_start_works(home: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name in ("CONTACTCENTER_HTTP_PORT", "CONTACTCENTER_SMTP_PORT"):
            refused(home.run("serve", timeout_s=30, **{name: port}), name, port)
    home.start().stop()


def test_a_second_service_on_the_same_data_is_refused_and_the_first_goes_on(home: Installation) -> None:
    with home.start() as first:
        done = home.run(
            "serve",
            timeout_s=30,
            CONTACTCENTER_HTTP_PORT=str(free_port()),
            CONTACTCENTER_SMTP_PORT=str(free_port()),
        )
        refused(done, str(home.data))
        assert first.alive
        assert first.wait_ready().alive


async def test_a_first_start_that_broke_off_while_it_loaded_the_example_is_made_good_by_the_next(
    home: Installation,
) -> None:
    """The file with everybody's tokens could not be written: once there is room again, they are there."""
    in_the_way = home.data / "access.new"
    in_the_way.mkdir()
    broken = home.start(ready=False)
    assert broken.wait() != 0
    in_the_way.rmdir()
    service = home.start()
    assert (home.data / "access.json").exists(), "the tokens of the example are lost for ever"
    await a_call_is_served(service, name="made-good")


def test_commands_that_need_a_running_service_say_so(home: Installation, here: Command) -> None:
    refused(here("simulate", "call"), "make run")
    (home.data / "access.json").write_text("{broken", encoding="utf-8")
    refused(here("simulate", "call"), "access.json")


def test_secrets_of_an_installation_are_for_its_owner_alone(home: Installation) -> None:
    service = home.start()
    for name in ("access.json", "secrets.json"):
        assert (home.data / name).stat().st_mode & 0o077 == 0, name
    access = service.access
    assert access["secret"] not in service.log
    # What the greeting shows is the example's: one agent and the operator, to copy from. No other token is told.
    told = [token for token in access["agents"].values() if token in service.log]
    assert len(told) <= 1
