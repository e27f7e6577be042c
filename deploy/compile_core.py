"""Compile the routing core with mypyc: the same source, about twice as fast. Needs a C compiler.

    python deploy/compile_core.py TARGET

Puts a copy of `routing` with compiled modules into TARGET, which comes before the plain package when it stands in
PYTHONPATH. The values (model, events, effects) stay as they are: msgspec makes them. Explain and replay stay too.

A compiler that can is told what decisions do most: the core is built once so that it counts, decides a small day of
benchmarks/loaded.py, and is built again from the counts (profile-guided). Nothing but speed depends on that, so where
it fails the core is built without.
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

modules = mypycify(sys.argv[4:], opt_level="3")
for module in modules:
    module.extra_compile_args += sys.argv[3].split()
    module.extra_link_args += sys.argv[3].split()
setup(name="routing-compiled", ext_modules=modules, script_args=["build_ext", *sys.argv[1:3]])
"""
CLOSED = "-fvisibility=hidden"
"""Nobody calls into the library but through its modules, so its functions need no detour to call each other."""
COUNTING = f"{CLOSED} -fprofile-generate -fprofile-update=single"
COUNTED = f"{CLOSED} -fprofile-use -fprofile-partial-training -Wno-missing-profile -Wno-error=coverage-mismatch"
"""What the training did not reach is compiled as if there had been none."""
TRAINING = """
from benchmarks.loaded import Centre, decide

assert not hasattr(decide, "__code__"), "the plain core is trained"
centre = Centre(1000, 3, 200, seed=2)
centre.grow(3000)
centre.warm_up()
"""


def compile_core(target: Path) -> None:
    """Raises CalledProcessError when the compiler fails; TARGET is replaced only by a whole build."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(ROOT / "routing", place / "routing", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "build.py").write_text(SETUP)
        try:
            build(place, COUNTING)
            run("-P", "-c", TRAINING, at=ROOT, path=f"{place}{os.pathsep}{ROOT}")
            build(place, COUNTED)
        except subprocess.CalledProcessError:
            print("no profile of the core: it is compiled without, and is somewhat slower", file=sys.stderr)
            build(place, "")
        built = place / "built"
        built.mkdir()
        for library in place.glob("*.so"):
            shutil.move(library, built)
        shutil.move(place / "routing", built / "routing")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(built, target)


def build(place: Path, flags: str) -> None:
    """The modules of PLACE, beside their sources; always anew, but with what an earlier build of it has counted."""
    modules = sorted(path for path in (place / "routing").glob("*.py") if path.stem not in PLAIN)
    run("build.py", "--inplace", "--force", flags, *(f"routing/{path.name}" for path in modules), at=place)


def run(*arguments: str, at: Path, path: str = "") -> None:
    """With one seed for hashes, so that both builds write the same C."""
    environment = os.environ | {"PYTHONHASHSEED": "0"} | ({"PYTHONPATH": path} if path else {})
    subprocess.run([sys.executable, *arguments], cwd=at, env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    target = Path(sys.argv[1]).resolve()
    compile_core(target)
    check = "from routing import decide; print('compiled core:', decide.__file__)"
    subprocess.run([sys.executable, "-c", check], env=os.environ | {"PYTHONPATH": str(target)}, cwd="/", check=True)


if __name__ == "__main__":
    main()
