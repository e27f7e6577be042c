"""Whose number is promised a callback, as a flow may ask while somebody is on the line: known without a look (A04).

A dialogue is pure and answers at once, so the outstanding promises of the clients whose flows ask are kept here and
read anew every second. What a caller does about his callback is decided by the store's row, never by this.
"""

from __future__ import annotations

from typing import Final

from channels.flow import Branch
from contactcenter.domain.callback_offers import Span
from contactcenter.domain.configuration import Document
from contactcenter.domain.identity import phone
from contactcenter.services.directories import Directories
from contactcenter.services.ports import IntakeReads

LOOK_S: Final = 1.0


class PromisedCallbacks:
    def __init__(self, directories: Directories, reads: IntakeReads) -> None:
        self._directories = directories
        self._reads = reads
        self._windows: dict[tuple[str, str], Span] = {}

    async def look(self) -> None:
        """Read them anew; nothing is read where no flow asks."""
        documents = [self._directories.of(name).document for name in self._directories.providers]
        asking = sorted({client for document in documents for client in _clients_that_ask(document)})
        found = await self._reads.outstanding_callbacks(asking) if asking else ()
        self._windows = {(each.client, each.number): (each.window_from, each.window_until) for each in found}

    def of(self, client: str, number: str) -> Span | None:
        """The window in which this number is called back for the client; None: nothing was outstanding a second ago."""
        return self._windows.get((client, phone(number)))


def _clients_that_ask(document: Document) -> set[str]:
    """Those with a flow that branches by callback."""
    return {
        flow.client
        for flow in document.ivr
        for node in flow.nodes
        if isinstance(node, Branch) and node.by == "callback"
    }
