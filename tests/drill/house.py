"""One installation in seven processes: two routers, two APIs, two gateways, one sender; its database, bus and PBX door.

The configuration is the Kangjia and Ruixun example with shorter waits, and with the address of the drill's own phone
platform, so that what is sent to it can be checked.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import yaml

from drill.backing import Postgres, Redis, free_port
from drill.processes import DrillFailed, Process, environment

ROLES = {
    "api-1": "api",
    "router-1": "router,worker",
    "router-2": "router,worker",
    "api-2": "api",
    "gateway-1": "gateway",
    "gateway-2": "gateway",
    "phone-1": "phone",
}
LEASE_S = 2.0


class House:
    """`root` is the tree whose service runs: the repository, or a copy with a planted bug."""

    def __init__(self, folder: Path, root: Path, *, control_url: str, eager: bool = False) -> None:
        self.folder, self.root = folder, root
        self.data = folder / "var"
        self.data.mkdir(mode=0o755)
        self.document = _document(root, control_url, eager=eager)
        self.postgres = Postgres(folder / "postgres")
        self.redis = Redis(folder, free_port())
        self.smtp = {name: free_port() for name in ROLES}
        self.processes: dict[str, Process] = {}

    @property
    def dsn(self) -> str:
        return self.postgres.dsn

    def process(self, name: str) -> Process:
        return self.processes[name]

    def of(self, kind: str) -> list[Process]:
        """All processes of a kind: router, api, gateway, phone."""
        return [process for name, process in self.processes.items() if name.startswith(f"{kind}-")]

    @property
    def access(self) -> dict[str, Any]:
        """Tokens and secrets of the example."""
        found: dict[str, Any] = msgspec.json.decode((self.data / "access.json").read_bytes())
        return found

    def settings(self, name: str) -> dict[str, str]:
        return {
            "CONTACTCENTER_DATA_DIR": str(self.data),
            "CONTACTCENTER_DATABASE_URL": self.dsn,
            "CONTACTCENTER_REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/0",
            "CONTACTCENTER_SMTP_PORT": str(self.smtp[name]),
            "CONTACTCENTER_LEASE_S": str(LEASE_S),
        }

    def run(self, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """A command of the service to its end."""
        return subprocess.run(
            [sys.executable, "-m", "contactcenter", *arguments],
            cwd=self.root,
            env=environment(self.settings("api-1")),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    async def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        await self.redis.ready()
        self._must("migrate")
        for name, roles in ROLES.items():
            self.processes[name] = Process(
                name, roles, root=self.root, folder=self.folder, port=free_port(), settings=self.settings(name)
            )
        self._configure()
        first, *others = self.processes.values()
        first.start()
        await first.ready()
        for process in others:
            process.start()
        await asyncio.gather(*(process.ready() for process in others))

    def _configure(self) -> None:
        """Our version of the example; the first process that starts adds its customers and everybody's tokens."""
        file = self.folder / "drill.yaml"
        file.write_text(yaml.safe_dump(self.document, allow_unicode=True, sort_keys=False), encoding="utf-8")
        self._must("config", "apply", str(file))

    def _must(self, *arguments: str) -> None:
        done = self.run(*arguments)
        if done.returncode:
            raise DrillFailed(f"contactcenter {' '.join(arguments)}: {done.stdout}{done.stderr}"[-4000:])

    async def connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.dsn)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
        self.redis.stop()
        self.postgres.stop()


def _document(root: Path, control_url: str, *, eager: bool) -> dict[str, Any]:
    """Short wrap-up and short penalties: a drill has minutes. `eager`: two phones ring from the start."""
    text = (root / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    for medium in document["media"]:
        medium["wrap_up_s"] = 2
    document.update(not_responding_for_s=3, back_off_s=1, grace_s=4)
    document["sources"] = [{"id": "pbx-1", "control_url": control_url}]
    if eager:
        for plan in document["plans"]:
            plan["steps"] = [{"after_ms": 0, "ring": 2}]
    return document


@asynccontextmanager
async def house(folder: Path, root: Path, *, control_url: str, eager: bool = False) -> AsyncIterator[House]:
    made = House(folder, root, control_url=control_url, eager=eager)
    try:
        await made.start()
        yield made
    finally:
        made.close()
