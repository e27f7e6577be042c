"""Whose number is promised a callback, as a flow knows it of who is on the line: without a look (A04).

A dialogue is pure and answers at once, so the outstanding promises of the clients who have flows are kept here and read
anew every second. What a caller does about his callback is decided by the store's row, never by this.
"""

from __future__ import annotations

from typing import Final

from contactcenter.domain.identity import phone
from contactcenter.services.directories import Directories
from contactcenter.services.ports import IntakeReads
from contactcenter.services.views import PromisedView

LOOK_S: Final = 1.0


class PromisedCallbacks:
    def __init__(self, directories: Directories, reads: IntakeReads) -> None:
        self._directories = directories
        self._reads = reads
        self._promises: dict[tuple[str, str], PromisedView] = {}

    async def look(self) -> None:
        """Read them anew; nothing is read where there are no flows."""
        documents = [self._directories.of(name).document for name in self._directories.providers]
        clients = sorted({flow.client for document in documents for flow in document.ivr})
        found = await self._reads.outstanding_callbacks(clients) if clients else ()
        self._promises = {(each.client, each.number): each for each in found}

    def of(self, client: str, number: str) -> PromisedView | None:
        """What this number is promised for the client; None: nothing was outstanding a second ago."""
        return self._promises.get((client, phone(number))) if self._promises else None
