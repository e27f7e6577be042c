"""Large pages for the heap.

A decision reads objects that lie anywhere among those of a hundred thousand contacts, and finding the page of each is
a good part of what that costs, most of all in a virtual machine. Where Linux gives large pages to whoever asks
("madvise"), they are asked for. Elsewhere nothing happens, and nothing else depends on it.
"""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path
from typing import Final

MAPS: Final = Path("/proc/self/smaps")
LARGE: Final = 2 << 20
ADVISE: Final = 14
"""MADV_HUGEPAGE: in the background, by the kernel's own pace."""
COLLAPSE: Final = 25
"""MADV_COLLAPSE (Linux 6.1): now; a second or two for a gigabyte."""
DENSE: Final = 0.75
"""Of a region less used than this, as the stack of a thread, large pages would mostly hold nothing."""

REGION: Final = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(?:\[heap\])?\n(?:.*\n)*?Rss: +(\d+) kB", re.MULTILINE
)


def ask(*, at_once: bool = False) -> int:
    """Ask for large pages where the heap is now; the bytes for which the kernel took it. Never raises for a refusal."""
    if sys.platform != "linux" or not MAPS.exists():
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    taken = 0
    for start, size in dense_regions(MAPS.read_text()):
        asked = advise(start, size, ADVISE) == 0
        if at_once:
            asked = advise(start, size, COLLAPSE) == 0
        taken += size if asked else 0
    return taken


def dense_regions(maps: str) -> list[tuple[int, int]]:
    """Start and size of the whole large pages in regions of anonymous memory that is in use; `maps` as in smaps."""
    found = []
    for region in REGION.finditer(maps):
        start, end, used = int(region[1], 16), int(region[2], 16), int(region[3]) << 10
        first, last = -(-start // LARGE) * LARGE, end // LARGE * LARGE
        if last > first and used >= DENSE * (end - start):
            found.append((first, last - first))
    return found
