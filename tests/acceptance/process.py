"""Real processes for the acceptance tests: `python -m contactcenter serve` on ports and data of its own.

    with installation() as home:                      a data folder, removed at the end with all of its processes
        with home.start() as service:                 returns when /readyz says ready
            service.url, service.access               where it is, and who may come in
            service.kill()                            kill -9; home.start() goes on where it was

What a process wrote is in `service.log`; a start that fails, or a wait that runs out, shows its end.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
"""For anything that a slow machine may take its time for; a good run needs a fraction."""
T = TypeVar("T")


class Failed(AssertionError):
    """A process did not do what it was started for; the end of its log is in the message."""


class Service:
    """One running process."""

    def __init__(self, popen: subprocess.Popen[bytes], log_file: Path, url: str, data: Path) -> None:
        self._popen = popen
        self._log_file = log_file
        self.url = url
        self.data = data
        self.ready_after_s = 0.0

    @property
    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def access(self) -> dict[str, Any]:
        """Tokens and addresses of the example, as the process wrote them down."""
        found: dict[str, Any] = json.loads((self.data / "access.json").read_text(encoding="utf-8"))
        return found

    @property
    def smtp(self) -> tuple[str, int]:
        host, port = self.access["smtp"]
        return host, port

    def wait_ready(self, deadline_s: float = PATIENCE_S) -> Self:
        """Polls /readyz until it says ready. Failed with the log when the process ends or takes too long."""
        began = time.monotonic()
        said = "no answer"
        while time.monotonic() - began < deadline_s:
            if not self.alive:
                raise Failed(f"the process ended with {self._popen.returncode}:\n{self.log[-6000:]}")
            status, said = fetch(f"{self.url}/readyz")
            if status == 200:
                self.ready_after_s = time.monotonic() - began
                return self
            time.sleep(0.02)
        raise Failed(f"not ready after {deadline_s} s ({said}):\n{self.log[-6000:]}")

    def kill(self) -> None:
        """kill -9: no handler runs, no buffer is written."""
        self._popen.kill()
        self._popen.wait(PATIENCE_S)

    def tell(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, deadline_s: float = PATIENCE_S) -> int:
        """The exit code."""
        try:
            return self._popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"still running after {deadline_s} s:\n{self.log[-6000:]}") from None

    def stop(self) -> None:
        """In good order if it can, by force if it must."""
        if not self.alive:
            return
        self.tell(signal.SIGTERM)
        try:
            self._popen.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(f"\n--- log of process {self.pid} ---\n{self.log[-6000:]}\n---\n")
        self.stop()


class Installation:
    """A data folder and the settings of the processes on it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.settings = settings
        self._services: list[Service] = []
        self.http_port = free_port()
        self.smtp_port = free_port()

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process; nothing of the caller's own CONTACTCENTER_ settings gets in."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTCENTER_")}
        own = {
            "CONTACTCENTER_DATA_DIR": str(self.data),
            "CONTACTCENTER_HTTP_PORT": str(self.http_port),
            "CONTACTCENTER_SMTP_PORT": str(self.smtp_port),
        }
        return {**plain, "PYTHONUNBUFFERED": "1", **own, **self.settings, **more}

    def start(self, *arguments: str, ready: bool = True, **more: str) -> Service:
        """`arguments` follow `serve`, `more` are environment variables. Returns when it is ready."""
        environment = self.environment(**more)
        log_file = self.folder / f"process-{len(self._services) + 1}.log"
        with log_file.open("wb") as log:
            popen = subprocess.Popen(
                [sys.executable, "-m", "contactcenter", "serve", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        url = f"http://127.0.0.1:{environment['CONTACTCENTER_HTTP_PORT']}"
        service = Service(popen, log_file, url, Path(environment["CONTACTCENTER_DATA_DIR"]))
        self._services.append(service)
        return service.wait_ready() if ready else service

    def run(self, *arguments: str, timeout_s: float = 60.0, **more: str) -> subprocess.CompletedProcess[str]:
        """A command to its end: exit code, stdout and stderr."""
        return subprocess.run(
            [sys.executable, "-m", "contactcenter", *arguments],
            cwd=ROOT,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def close(self) -> None:
        for service in self._services:
            service.stop()


@contextmanager
def installation(**settings: str) -> Iterator[Installation]:
    """Outside of pytest's own folder, which the account of the embedded server may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="contactcenter-acceptance-"))
    folder.chmod(0o755)
    (folder / "var").mkdir(mode=0o755)
    home = Installation(folder, **settings)
    try:
        yield home
    finally:
        home.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis of our own that keeps nothing on disk; answering when it is entered."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (folder / "redis.log").open("ab") as log:
        popen = subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _answers(port)
        yield popen
    finally:
        popen.terminate()
        popen.wait(PATIENCE_S)


def _answers(port: int) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        try:
            if redis_says(port, "PING").startswith("+PONG"):
                return
        except OSError:
            time.sleep(0.02)
    raise Failed("redis-server does not answer")


def redis_says(port: int, command: str) -> str:
    """The first answer to one inline command."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(4096).decode()


def fetch(url: str, token: str = "") -> tuple[int, str]:
    """Status and body of a GET; (0, why) when nobody answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode(errors="replace")
    except OSError as problem:
        return 0, str(problem)


def free_port() -> int:
    """A port that nobody listens on now; kept over restarts, so that clients find the service again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def eventually(what: str, probe: Callable[[], Awaitable[T | None]], deadline_s: float = PATIENCE_S) -> T:
    """The first answer of `probe` that is true. Failed, naming `what`, when there is none in time."""
    last: Any = None
    try:
        async with asyncio.timeout(deadline_s):
            while not (last := await probe()):  # noqa: ASYNC110 - another process gives no event to wait for
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Failed(f"{what}: not within {deadline_s} s, last {last!r}") from None
    return last
