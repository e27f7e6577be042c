"""PostgreSQL and Redis of the drill's own, shared by all processes, and how they break.

PostgreSQL is the embedded wheel's server under our hand instead of under one service's: several processes use it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from contactcenter.storage.embedded import EmbeddedPostgres
from drill.processes import PATIENCE_S, DrillFailed, die_with_parent

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""Open transactions are rolled back in order; or the server crashes and recovers from its log."""


class Postgres:
    """fsync stays on: what is acknowledged must survive a crash of the server."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder, settings={"max_connections": "120", "shared_buffers": "64MB"})

    @property
    def dsn(self) -> str:
        return self._server.dsn

    def start(self) -> None:
        self._server.start()

    async def break_off(self, how: signal.Signals, away_s: float) -> None:
        """Gone for `away_s` seconds and up again. Traffic goes on meanwhile."""
        pid = self._server.pid
        if pid is None:
            raise DrillFailed("the database is not running")
        os.kill(pid, how)
        began = time.monotonic()
        while self._server.pid is not None:
            if time.monotonic() - began > PATIENCE_S:
                raise DrillFailed("the database does not stop")
            await asyncio.sleep(0.05)
        await asyncio.sleep(away_s)
        self._server.stop()  # It is gone already: this lets go of its lock.
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class Redis:
    """Keeps nothing on disk."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._folder = folder
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            self._popen = subprocess.Popen(
                [*command, "--dir", str(self._folder)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    async def ready(self) -> None:
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            try:
                if self.says("PING").startswith("+PONG"):
                    return
            except OSError:
                await asyncio.sleep(0.05)
        raise DrillFailed("redis-server does not answer")

    def says(self, command: str) -> str:
        """The first answer to one inline command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096).decode()

    def stop(self) -> None:
        if self._popen is not None and self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait(PATIENCE_S)


def free_port() -> int:
    """Kept over restarts, so that clients find the service again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
