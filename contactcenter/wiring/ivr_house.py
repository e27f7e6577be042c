"""The house that a flow stands in: its line's configuration, its client's words, hours and windows for callbacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import phonenumbers

from channels.flow import Flow
from channels.ivr.surroundings import Promise, Span, Window
from contactcenter.clock import Micros, to_datetime
from contactcenter.domain import identity
from contactcenter.domain.callback_offers import offered, zone_of
from contactcenter.domain.configuration import Hours
from contactcenter.domain.texts import Renderer
from contactcenter.errors import Invalid
from contactcenter.services.directories import Door
from contactcenter.services.views import PromisedView
from contactcenter.services.wording import Wording, in_language

Render = Callable[[Renderer, dict[str, str]], str]
Promised = Callable[[str, str], PromisedView | None]
"""The callback that is outstanding for a client and a number."""


class IvrHouse:
    """A `channels.ivr.surroundings.Surroundings`; `line` finds a dialled number's door in the active configuration."""

    def __init__(self, line: Callable[[str], Door | None], wording: Wording, promised: Promised) -> None:
        self._line = line
        self._wording = wording
        self._promised = promised

    def flow(self, dialled: str) -> Flow | None:
        door = self._line(dialled)
        name = door.line.ivr if door and door.line else ""
        flows = door.directory.document.ivr if door and name else ()
        return next((flow for flow in flows if flow.id == name), None)

    def say(self, dialled: str, text: Mapping[str, str], language: str, /, **params: str) -> str:
        return self._rendered(dialled, language, params, lambda render, known: render.say(text, language, **known))

    def words(self, dialled: str, key: str, language: str, /, **params: str) -> str:
        return self._rendered(dialled, language, params, lambda render, known: render.render(key, language, **known))

    def is_open(self, dialled: str, calendar: str, now: int) -> bool:
        door = self._line(dialled)
        if door is None:
            return False
        hours = Hours(calendar=calendar) if calendar else door.hours
        return door.directory.opens_at(door.client, hours, now) == 0

    def can_be_called(self, number: str) -> bool:
        try:
            parsed = phonenumbers.parse(number, identity.REGION)
        except phonenumbers.NumberParseException:
            return False
        return bool(phonenumbers.is_possible_number(parsed))

    def promised(self, dialled: str, number: str) -> Promise | None:
        door = self._line(dialled)
        found = self._promised(door.client, number) if door else None
        return Promise(found.window_from, found.window_until, found.id) if found else None

    def when(self, dialled: str, number: str, language: str, /, *, span: Span, now: int) -> str:
        door = self._line(dialled)
        if door is None or span[1] <= now:
            return self.words(dialled, "ivr.callback.soon", language)
        zone = zone_of(number, ZoneInfo(door.directory.document.provider.time_zone))
        return self._spoken(dialled, language, span, now=now, zone=zone)

    def windows(self, dialled: str, number: str, language: str, now: int) -> tuple[Window, ...]:
        door = self._line(dialled)
        if door is None:
            return ()
        document = door.directory.document
        zone = zone_of(number, ZoneInfo(document.provider.time_zone))
        calendar = door.directory.callback_calendar(door.client, door.line)
        spans = offered(now=now, window_s=document.callbacks.window_s, zone=zone, calendar=calendar)
        return tuple(Window(*span, self._spoken(dialled, language, span, now=now, zone=zone)) for span in spans)

    # --- words ----------------------------------------------------------------------------------------------

    def _rendered(self, dialled: str, language: str, params: Mapping[str, str], how: Render) -> str:
        """Silence for a line that is gone, or for words that the renderer refuses: a call never breaks on a text."""
        door = self._line(dialled)
        if door is None:
            return ""
        client = door.directory.client(door.client)
        of_client = {"website": client.website, "hotline": client.hotline, "client": in_language(client.name, language)}
        try:
            return how(
                self._wording.of(door.directory, door.client), {"told": "", "callback": "", **of_client, **params}
            )
        except Invalid:
            return ""

    def _spoken(self, dialled: str, language: str, span: tuple[Micros, Micros], *, now: Micros, zone: dt.tzinfo) -> str:
        since, until = (to_datetime(at).astimezone(zone) for at in span)
        days = (since.date() - to_datetime(now).astimezone(zone).date()).days
        key = {0: "today", 1: "tomorrow"}.get(days, "later")
        day = self.words(dialled, f"ivr.day.{key}", language, month=str(since.month), day=str(since.day))
        return self.words(
            dialled, "ivr.callback.between", language, day=day, since=f"{since:%H:%M}", until=f"{until:%H:%M}"
        )
