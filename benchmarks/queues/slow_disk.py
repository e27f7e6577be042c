"""A disk whose every flush takes some milliseconds more, for the database server of one run.

A small library is compiled on the spot and loaded before libc into the server's processes (LD_PRELOAD): fdatasync()
and fsync() do their work and then sleep. Nothing else is changed and nothing outlives the run. It is what a commit sees
of a slow or a network disk: the latency of a flush, with PostgreSQL's own group commit at work (whoever waits meanwhile
is flushed together). It is the same for everybody who uses this server. Bandwidth is not made smaller.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from contactcenter.storage.embedded import EmbeddedPostgres

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int fd) {
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    int result = real(fd), saved = errno;
    const char *asked = getenv("SLOW_DISK_US");
    long us = asked ? atol(asked) : 0;
    struct timespec left = {us / 1000000, (us % 1000000) * 1000};
    while (us > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) { }
    errno = saved;
    return result;
}

int fdatasync(int fd) { return slowly("fdatasync", fd); }
int fsync(int fd) { return slowly("fsync", fd); }
"""


class SlowDisk(EmbeddedPostgres):
    """The embedded server with `ms` more for each flush. Needs a C compiler."""

    def __init__(self, data_dir: str, ms: float) -> None:
        super().__init__(data_dir)
        self._ms = ms
        self._library = Path(data_dir).parent / "slow_disk.so"

    def start(self) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SystemExit("--slow-disk needs a C compiler")
        options = ["-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", self._library, "-ldl"]
        subprocess.run([compiler, *options], input=SOURCE, text=True, check=True)
        os.chmod(self._library, 0o755)
        super().start()

    def _environment(self) -> dict[str, str]:
        slow = {"LD_PRELOAD": str(self._library), "SLOW_DISK_US": str(round(self._ms * 1000))}
        return super()._environment() | slow
