"""Which changes of a lease's staffing are an alarm (I3): a seat was left while calls may come for it.

People who arrive one after another fill seats, and after the hours nobody misses them: of each of those the fact
`lease.staffing` is enough. What was known is the process's own: a seat that was left while nobody routed is not told.
"""

from __future__ import annotations

from contactcenter.clock import Micros
from contactcenter.domain.directory import Directory
from routing.effects import Staffing


class SeatsLeft:
    def __init__(self) -> None:
        self._staffed: dict[tuple[str, str], int] = {}

    def is_left(self, directory: Directory, change: Staffing, now: Micros) -> bool:
        """Are fewer seats staffed than before, and than leased, while a line of the lease is open?"""
        key = (directory.document.provider.id, change.lease)
        before = self._staffed.get(key, change.lines)
        self._staffed[key] = change.staffed
        return change.staffed < min(before, change.lines) and _is_open(directory, change.lease, now)


def _is_open(directory: Directory, lease: str, now: Micros) -> bool:
    """A lease whose lines stand nowhere is open."""
    lines = [line for line in directory.document.lines if line.lease == lease]
    hours = [line.hours or directory.view(line.view).hours for line in lines]
    client = directory.lease(lease).client
    return not lines or any(directory.opens_at(client, each, now) == 0 for each in hours)
