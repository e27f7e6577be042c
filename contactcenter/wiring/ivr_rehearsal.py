"""What stands around a flow that is played without a call: its configuration, or next to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from channels.flow import Flow
from channels.ivr.surroundings import Promise, Span, Window
from contactcenter.domain.configuration import Document, Line
from contactcenter.domain.directory import Directory
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.services.directories import Door
from contactcenter.services.wording import Wording
from contactcenter.wiring.ivr_house import IvrHouse

HOUR = 3_600_000_000


class Alone:
    """A flow without its configuration: client and web site by name, always open, the next two hours.

    `promised`: the callback that its caller is promised.
    """

    def __init__(self, flow: Flow, promised: Promise | None) -> None:
        self._flow = flow
        self._promised = promised
        self._render = Renderer(catalogue())

    def flow(self, dialled: str) -> Flow:
        return self._flow

    def say(self, dialled: str, text: Mapping[str, str], language: str, /, **params: str) -> str:
        return self._render.say(text, language, **self._known(params))

    def words(self, dialled: str, key: str, language: str, /, **params: str) -> str:
        return self._render.render(key, language, **self._known(params))

    def _known(self, params: Mapping[str, str]) -> dict[str, str]:
        return {"client": self._flow.client, "website": "{website}", "hotline": "{hotline}", "told": "{told}", **params}

    def is_open(self, dialled: str, calendar: str, now: int) -> bool:
        return True

    def can_be_called(self, number: str) -> bool:
        return number.isascii() and number.isdigit() and 5 <= len(number) <= 15

    def promised(self, dialled: str, number: str) -> Promise | None:
        return self._promised if self.can_be_called(number) else None

    def when(self, dialled: str, number: str, language: str, /, *, span: Span, now: int) -> str:
        return f"+{(span[0] - now) // HOUR} h"

    def windows(self, dialled: str, number: str, language: str, now: int) -> tuple[Window, ...]:
        return (Window(now, now + 2 * HOUR, "+2 h"),)


class Configured(IvrHouse):
    """The flow on a line of its client, whichever flow that line has in the configuration."""

    def __init__(self, flow: Flow, document: Document, promised: Promise | None) -> None:
        super().__init__(lambda dialled: _door(flow, document), Wording(catalogue()), lambda client, number: None)
        self._only = flow
        self._rehearsed = promised

    def flow(self, dialled: str) -> Flow:
        return self._only

    def promised(self, dialled: str, number: str) -> Promise | None:
        return self._rehearsed if self.can_be_called(number) else None


def _door(flow: Flow, document: Document) -> Door | None:
    mine = [line for line in document.lines if line.client == flow.client]
    line: Line | None = next((each for each in mine if each.ivr == flow.id), mine[0] if mine else None)
    if line is None:
        return None
    return Door(document.provider.id, line.client, line.lease, line.view, Directory(document), line, line.hours)
