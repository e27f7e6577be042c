"""The processes of one installation: what each is started with, and what a fault may do to it.

Children die with the drill, whatever ends it: nothing is left behind on the machine.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

PATIENCE_S = 120.0
"""For a start on a machine that is busy with other things; alone it takes two seconds."""
PR_SET_PDEATHSIG = 1


class DrillFailed(RuntimeError):
    """The drill itself could not go on; it says nothing about the service's promises."""


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`; started from the main thread alone, because the kernel's promise is bound to the thread."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, number)

    return ask_the_kernel


class Process:
    """`python -m contactcenter serve --role ...` of the tree in `root`; its log goes on over restarts."""

    def __init__(
        self, name: str, roles: str, *, root: Path, folder: Path, port: int, settings: Mapping[str, str]
    ) -> None:
        self.name, self.roles, self.port = name, roles, port
        self.url = f"http://127.0.0.1:{port}"
        self._root, self._settings = root, {**settings, "CONTACTCENTER_HTTP_PORT": str(port)}
        self._log = folder / f"{name}.log"
        self._popen: subprocess.Popen[bytes] | None = None
        self.paused = False
        self.starts = 0

    @property
    def pid(self) -> int:
        return self._popen.pid if self._popen else 0

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "contactcenter", "serve", "--role", self.roles],
                cwd=self._root,
                env=environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    async def ready(self, patience_s: float = PATIENCE_S) -> float:
        """Seconds until /readyz said yes. DrillFailed with the end of its log."""
        began = time.monotonic()
        while time.monotonic() - began < patience_s:
            if not self.alive:
                raise DrillFailed(f"{self.name} ended by itself:\n{self.log[-4000:]}")
            if await asyncio.to_thread(_says_ready, self.url):
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        raise DrillFailed(f"{self.name} is not ready after {patience_s:.0f} s:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """kill -9: no handler runs, no buffer is written."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait(PATIENCE_S)
            self.paused = False

    def pause(self) -> None:
        if self._popen is not None and self.alive:
            self._popen.send_signal(signal.SIGSTOP)
            self.paused = True

    def wake(self) -> None:
        if self._popen is not None and self.paused:
            self._popen.send_signal(signal.SIGCONT)
            self.paused = False

    def stop(self) -> None:
        """In good order if it can, by force if it must."""
        if self._popen is None or not self.alive:
            return
        self.wake()
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the caller's own settings, nor of his import path, gets in."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("CONTACTCENTER_")}
    plain.pop("PYTHONPATH", None)
    return {**plain, "PYTHONUNBUFFERED": "1", **settings}


def _says_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
