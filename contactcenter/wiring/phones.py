"""Every source that is an Asterisk: its machine, connection and sender; one process holds each (decisions row 5)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

import aiohttp
import msgspec

from channels.phone.asterisk.board import Board
from channels.phone.asterisk.platform import Asterisk
from channels.phone.asterisk.record import Line, Rules
from channels.phone.asterisk.rest import RestClient, socket_address
from channels.phone.record import Call
from contactcenter.domain.configuration import PhoneSource
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import NAME

log = logging.getLogger(__name__)


class StoredCalls:
    """An `channels.phone.asterisk.platform.OpenCalls` over the calls' rows."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def open_calls(self, source: str) -> Sequence[Call]:
        views = await self._core.reads.open_calls(source)
        return [msgspec.json.decode(view.life, type=Call) for view in views.values()]


def build_asterisks(core: Core, session: aiohttp.ClientSession, holds: Callable[[str], bool]) -> dict[str, Asterisk]:
    """By source; none without the role. A source without a password stays shut, and says so; all others open."""
    built = {}
    for source in _sources(core):
        password = core.secrets.asterisk.get(source.id, "")
        if password:
            built[source.id] = _built(core, session, source, password, partial(holds, source.id))
        else:
            said = 'source %s is shut: put its ARI password into %s, {"asterisk": {"%s": "..."}}'
            log.error(said, source.id, NAME, source.id)
    return built


def _sources(core: Core) -> list[PhoneSource]:
    if "phone" not in core.settings.roles:
        return []
    documents = [core.directories.of(provider).document for provider in core.directories.providers]
    return [source for document in documents for source in document.sources if source.dialect == "asterisk"]


def _built(
    core: Core, session: aiohttp.ClientSession, source: PhoneSource, password: str, holds: Callable[[], bool]
) -> Asterisk:
    rules, credentials = rules_of(source), (source.account, password)
    return Asterisk(
        board=Board(rules, core.dialogue, partial(_line, core)),
        rest=RestClient(source.base_url, session=session, credentials=credentials, now=core.clock.now),
        intake=core.intake,
        open_calls=StoredCalls(core),
        now=core.clock.now,
        holds=holds,
        socket=(socket_address(source.base_url, rules.app), credentials),
    )


def rules_of(source: PhoneSource) -> Rules:
    """What the configuration says, with the defaults for what it leaves open."""
    return Rules(
        source=source.id,
        app=source.app or "contactcenter",
        endpoint=source.endpoint or "PJSIP/{device}",
        trunk=source.trunk,
        caller_id=source.from_number,
        sounds=source.sounds,
        recordings=source.base_url.rstrip("/"),
        music=source.music or "default",
    )


def _line(core: Core, dialled: str) -> Line:
    door = core.directories.line(dialled)
    return Line(door.line.answer) if door is not None and door.line is not None else Line()
