"""A running service and its world, for measuring through its doors: platforms, visitors, mail servers, and a floor of
agents on sockets who accept, finish and wrap up at once. All of the world lives in the generator's process; with which
clients it calls and works is a `Crowd`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import aiosmtplib

from benchmarks.large_example import LEASE, LINE, large_example
from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.errors import ClientError, DoorError
from contactcenter.client.http import ApiClient
from contactcenter.client.phone import PhoneClient
from contactcenter.client.world import Patience
from contactcenter.demo.access import DemoAccess, load

ONCE = Patience(tries=1)
READY_S = 60.0
AT_THE_DOOR = 20
"""So many sign in at once."""
PLATFORMS = 4
"""Connections of a client are limited to a hundred."""
CHATS_A_MINUTE = 25
MAILBOX, SITE = "service@xinghai.example", "xinghai-web"


@dataclass
class Tally:
    """What was sent, what came of it, and when. Instants are seconds of perf_counter."""

    sent: int = 0
    taken: int = 0
    ended: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    posted: dict[str, float] = field(default_factory=dict)
    offered: dict[str, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    @property
    def open(self) -> int:
        return self.taken - self.ended

    def begun(self, contact: str, at: float) -> None:
        """The call is known by its contact only with the reply, which may come after its offer."""
        self.taken += 1
        self.posted[contact] = at
        self._match(contact)

    def rang(self, contact: str, at: float) -> None:
        """Its first offer; one that was not taken may be followed by others."""
        if contact not in self.offered:
            self.offered[contact] = at
            self._match(contact)

    def _match(self, contact: str) -> None:
        if contact in self.posted and contact in self.offered:
            self.waits.append(self.offered[contact] - self.posted[contact])


@contextmanager
def serving(*module: str) -> Iterator[tuple[int, DemoAccess]]:
    """`contactcenter serve` with everything in it, on ports and data of its own: its pid and its access.

    Another `module` (with its arguments) is told its folder in the same way and writes the same access file.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-doors-"))
    folder.chmod(0o755)
    prefix = "CONTACTCENTER_"
    settings = {"DATA_DIR": str(folder), "HTTP_PORT": "0", "SMTP_PORT": "0", "LOG_LEVEL": "WARNING"}
    environment = {**os.environ, **{f"{prefix}{name}": value for name, value in settings.items()}}
    command = [sys.executable, "-P", "-m", *(module or ("contactcenter", "serve"))]
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process.pid, _access(process, folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _access(process: subprocess.Popen[bytes], folder: Path) -> DemoAccess:
    began = time.monotonic()
    # The file is there before the port is known.
    while not (folder / "access.json").exists() or load(folder).base_url.endswith(":0"):
        if process.poll() is not None or time.monotonic() - began > READY_S:
            raise SystemExit(f"the service did not start:\n{(folder / 'service.log').read_text()[-2000:]}")
        time.sleep(0.1)
    return load(folder)


class Crowd(NamedTuple):
    """The clients of the calls and the agents; mails and chats are few and have always the same."""

    api: Callable[[str], ApiClient]
    """What carries a platform's posts, by the service's base address."""
    day: Callable[[World, str, asyncio.Event, asyncio.Semaphore], Awaitable[None]]
    """The day of an agent with this token, until it is cancelled: he signs in within the semaphore, then sets the
    event. It tells the world what `rang`, `ended` and was `refused`."""


async def hire(access: DemoAccess, agents: int) -> list[str]:
    """The tokens of so many agents: the example's have theirs, the new ones get one each."""
    async with ApiClient(access.base_url, access.operator) as operator:
        await operator.request(
            "POST",
            "/v1/configuration",
            body=large_example(agents).encode(),
            sign=lambda: {"Content-Type": "application/yaml"},
        )
        await asyncio.sleep(1)  # Until every part has heard of the new version.
        new = [f"b{number:04}" for number in range(agents - 70)]
        issued = [await operator.post("/v1/tokens", {"kind": "agent", "subject": agent}) for agent in new]
    return [*access.agents.values(), *(each["token"] for each in issued)]


class World:
    """Everybody outside. `tally` is replaced for each trial."""

    def __init__(self, access: DemoAccess, crowd: Crowd, *, seed: int = 1) -> None:
        self.access = access
        self.tally = Tally()
        self._crowd = crowd
        self._names = itertools.count()
        self._rng = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._platforms: list[PhoneClient] = []
        self._chats: deque[float] = deque()

    # --- who is there ------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def at_work(self, tokens: list[str]) -> AsyncIterator[World]:
        """With an agent on a socket for each of these tokens, all of them ready."""
        access = self.access
        async with AsyncExitStack() as stack:
            for _ in range(PLATFORMS):
                client = PhoneClient(access.base_url, access.source, access.secret, api=self._crowd.api)
                self._platforms.append(await stack.enter_async_context(client))
            gate = asyncio.Semaphore(AT_THE_DOOR)
            ready = [asyncio.Event() for _ in tokens]
            for token, event in zip(tokens, ready, strict=True):
                self.spawn(self._crowd.day(self, token, event, gate))
            await asyncio.gather(*(event.wait() for event in ready))
            yield self
            for task in self._tasks:
                task.cancel()

    def spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what the agents tell ----------------------------------------------------------------------------------

    def rang(self, contact: str) -> None:
        """Its offer has been read this moment."""
        self.tally.rang(contact, time.perf_counter())

    def ended(self) -> None:
        self.tally.ended += 1

    def refused(self, code: str) -> None:
        """To an agent; what is refused to callers is counted where they come."""
        self.tally.refused[f"desk {code}"] += 1

    # --- who comes ---------------------------------------------------------------------------------------------

    async def one(self, mix: bool) -> None:
        """A contact through its door: of a mix, nine in ten are calls."""
        self.tally.sent += 1
        chance = self._rng.random() if mix else 1.0
        try:
            await (
                self._mail() if chance < 0.05 else self._chat() if chance < 0.10 and self._may_chat() else self._call()
            )
        except DoorError as refusal:
            self.tally.refused[refusal.code] += 1
        except (ClientError, aiosmtplib.SMTPException, OSError) as problem:
            self.tally.refused[type(problem).__name__] += 1

    def _may_chat(self) -> bool:
        """All visitors here have one address, and a door lets one address open so many a minute: others call."""
        now = time.perf_counter()
        while self._chats and self._chats[0] < now - 60:
            self._chats.popleft()
        if len(self._chats) >= CHATS_A_MINUTE:
            return False
        self._chats.append(now)
        return True

    async def _call(self) -> None:
        number = next(self._names)
        platform, began = self._platforms[number % PLATFORMS], time.perf_counter()
        caller = f"138{self._rng.randrange(5000):08}"
        receipt = await platform.offered(f"call-{number}", dialled=LINE, caller=caller)
        if receipt["instruction"] not in ("queue", ""):
            self.tally.refused[receipt["instruction"]] += 1
            return
        self.tally.begun(receipt["contact"], began)

    async def _mail(self) -> None:
        number, (host, port) = next(self._names), self.access.smtp
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"c{number}@example.com", MAILBOX, "bench"
        mail["Message-ID"] = f"<{number}@bench.example.com>"
        mail.set_content("hello")
        await aiosmtplib.send(mail, hostname=host, port=port, timeout=10, start_tls=False)
        self.tally.taken += 1

    async def _chat(self) -> None:
        async with ChatVisitor(self.access.base_url, SITE, Visitor(name="bench"), patience=ONCE) as visitor:
            await visitor.say("hello")
            self.tally.taken += 1
            await asyncio.sleep(1)


__all__ = ["LEASE", "Tally", "World", "serving"]
