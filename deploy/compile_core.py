"""Compile the routing core with mypyc: the same source, about twice as fast. Needs a C compiler.

    python deploy/compile_core.py TARGET

Puts a copy of `routing` with compiled modules into TARGET, which comes before the plain package when it stands in
PYTHONPATH. The values (model, events, effects) stay as they are: msgspec makes them. Explain and replay stay too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAIN = ("__init__", "model", "events", "effects", "explain", "standing", "replay")
SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup

setup(name="routing-compiled", ext_modules=mypycify(sys.argv[3:], opt_level="3"), script_args=sys.argv[1:3])
"""


def compile_core(target: Path) -> None:
    """Raises CalledProcessError when the compiler fails; TARGET is replaced only by a whole build."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(ROOT / "routing", place / "routing", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "build.py").write_text(SETUP)
        modules = sorted(path for path in (place / "routing").glob("*.py") if path.stem not in PLAIN)
        command = [sys.executable, "build.py", "build_ext", "--inplace", *(f"routing/{path.name}" for path in modules)]
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
        built = place / "built"
        built.mkdir()
        for library in place.glob("*.so"):
            shutil.move(library, built)
        shutil.move(place / "routing", built / "routing")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(built, target)


def main() -> None:
    target = Path(sys.argv[1]).resolve()
    compile_core(target)
    check = "from routing import decide; print('compiled core:', decide.__file__)"
    subprocess.run([sys.executable, "-c", check], env=os.environ | {"PYTHONPATH": str(target)}, cwd="/", check=True)


if __name__ == "__main__":
    main()
