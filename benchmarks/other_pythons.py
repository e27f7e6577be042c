"""Is a day decided the same by every other Python of this machine? `make pythons`.

The simulated day of tests/simulation is written down as its first snapshot and its log, and decided again by each
Python from 3.11 on that is found in PATH and in pyenv, under three hash seeds. One without the libraries of the core
gets them in an environment of its own, in a temporary folder. Exit code 1 when a digest differs, or when there is no
other Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
SEEDS = ("0", "1", "random")
NEEDED = ("librt", "msgspec", "mypy-extensions")
NAME = re.compile(r"python3\.(\d+)$")
DECIDE = """
import sys, platform, time, msgspec
from hashlib import blake2b
from routing.model import Snapshot
from routing.replay import Logged, replay
start, log = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Snapshot, list[Logged]])
began = time.perf_counter()
digest = blake2b(b"".join(decided.hash for decided in replay(start, log)), digest_size=16).hexdigest()
print(platform.python_implementation(), platform.python_version(), digest, f"{time.perf_counter() - began:.2f}")
"""


def main() -> int:
    sys.path.insert(0, str(ROOT / "tests"))
    from simulation.test_kangjia_day import Day  # its builders are found by the path above

    day = Day(7)
    log = msgspec.json.encode((day.start, day.log))
    expected = blake2b(b"".join(day.hashes), digest_size=16).hexdigest()
    print(f"{len(day.log)} decisions on {sys.version.split()[0]}, digest {expected}")
    wrong, others = 0, 0
    with tempfile.TemporaryDirectory(prefix="contactcenter-pythons-") as folder:
        for found in pythons():
            python = equipped(found, Path(folder))
            for seed in SEEDS:
                implementation, number, digest, seconds = decided(python, log, seed)
                wrong += digest != expected
                said = "same" if digest == expected else f"DIFFERENT: {digest}"
                print(f"  {implementation} {number}, hash seed {seed}: {said}, {seconds} s")
            others += number != sys.version.split()[0]
    if not others:
        print("no other Python from 3.11 on was found")
    return 1 if wrong or not others else 0


def pythons() -> list[Path]:
    """One program for each version, this one's own included; a shim that leads nowhere is left out."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted((Path.home() / ".pyenv" / "versions").glob("*/bin"))
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("python3.*")):
            name = NAME.match(path.name)
            if name and int(name[1]) >= 11 and (number := version_of(path)):
                found.setdefault(number, path)
    return [found[number] for number in sorted(found)]


def version_of(python: Path) -> str:
    asked = [python, "-c", "import sys; print(sys.version.split()[0])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def equipped(python: Path, folder: Path) -> Path:
    """With what the core imports."""
    asked = "import librt.vecs, msgspec, mypy_extensions"
    if subprocess.run([python, "-c", asked], capture_output=True, check=False).returncode == 0:
        return python
    home = folder / version_of(python)
    subprocess.run([python, "-m", "venv", home], check=True, capture_output=True)
    own = home / "bin" / "python"
    wanted = [f"{name}=={version(name)}" for name in NEEDED]
    subprocess.run([own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
    return own


def decided(python: Path, log: bytes, seed: str) -> list[str]:
    """Implementation, version, digest, seconds."""
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", DECIDE], input=log, env=environment, capture_output=True, check=True)
    return done.stdout.decode().split()


if __name__ == "__main__":
    sys.exit(main())
