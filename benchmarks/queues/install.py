"""The peers, installed on demand beside the checkout's environment: never anything that the product needs.

Python peers go into a virtual environment of their own, Node's into a node_modules, both in .build/queues.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".build" / "queues"
PYTHON = ["pgqueuer[asyncpg]==1.6.0", "procrastinate==3.10.0", "uvloop>=0.23"]
NODE = {"graphile-worker": "0.18.0", "pg-boss": "12.38.0"}


class Unavailable(Exception):
    """This kind of peer cannot run here; the message says why."""


def python() -> list[str]:
    """The command line of the Python that has the peers."""
    program = HOME / "venv" / "bin" / "python"
    if not _is_made("python", PYTHON):
        subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
        _install("python", [program, "-m", "pip", "install", "--quiet", *PYTHON], PYTHON)
    return [str(program)]


def node() -> list[str]:
    """The command line of a Node that finds the peers from HOME."""
    program = shutil.which("node")
    npm = shutil.which("npm")
    if program is None or npm is None:
        raise Unavailable("no node and npm on the path")
    if not _is_made("node", NODE):
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "package.json").write_text(json.dumps({"private": True, "dependencies": NODE}))
        _install("node", [npm, "install", "--prefix", HOME, "--no-audit", "--no-fund", "--ignore-scripts"], NODE)
    return [program]


def _is_made(kind: str, wanted: object) -> bool:
    mark = HOME / f"{kind}.json"
    return mark.exists() and mark.read_text() == json.dumps(wanted)


def _install(kind: str, command: list[str | Path], wanted: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{kind} peers could not be installed: {done.stderr.strip()[-300:]}")
    (HOME / f"{kind}.json").write_text(json.dumps(wanted))
