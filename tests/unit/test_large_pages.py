"""Which parts of the heap are worth large pages."""

from __future__ import annotations

from contactcenter.wiring.large_pages import LARGE, ask, dense_regions

KB = LARGE >> 10


def region(start: int, size: int, *, used_kb: int, access: str = "rw-p", name: str = "") -> str:
    head = f"{start:x}-{start + size:x} {access} 00000000 00:00 0 {name}\n"
    return head + f"Size: {size >> 10} kB\nKernelPageSize: 4 kB\nRss: {used_kb} kB\nPss: 0 kB\nVmFlags: rd wr\n"


def test_whole_large_pages_inside_a_region_in_use_are_taken() -> None:
    maps = region(LARGE + 4096, 3 * LARGE, used_kb=3 * KB) + region(8 * LARGE, LARGE, used_kb=KB, name="[heap]")
    assert dense_regions(maps) == [(2 * LARGE, 2 * LARGE), (8 * LARGE, LARGE)]


def test_stacks_files_code_and_small_regions_are_left_alone() -> None:
    maps = (
        region(LARGE, 4 * LARGE, used_kb=100)
        + region(8 * LARGE, LARGE, used_kb=KB, name="/usr/lib/x.so")
        + region(16 * LARGE, LARGE, used_kb=KB, access="r-xp")
        + region(32 * LARGE, LARGE // 2, used_kb=KB // 2)
        + region(64 * LARGE, LARGE, used_kb=KB, name="[stack]")
    )
    assert dense_regions(maps) == []


def test_asking_is_answered_with_a_number_of_bytes_on_every_system() -> None:
    assert ask() % LARGE == 0
