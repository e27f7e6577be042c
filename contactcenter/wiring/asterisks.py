"""Every source that is an Asterisk: connected while this process owns it, its commands sent over that connection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from channels.phone.asterisk.board import Board
from channels.phone.asterisk.platform import Asterisk
from channels.phone.asterisk.record import Line, Rules
from channels.phone.asterisk.rest import RestClient, session, socket_address
from channels.phone.record import Call
from channels.port import AnyOutbound, NotSent, Sender
from contactcenter.domain.configuration import PhoneSource
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import NAME
from contactcenter.workers.tenure import Work

log = logging.getLogger(__name__)
PAUSE_S = 1.0
"""After a connection's work has failed altogether."""


class Asterisks:
    """`senders` grows with the sources that come with the configuration; `holds` says whether a connection is ours."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.senders: dict[str, Sender] = {}
        self.holds: Callable[[str], bool] = lambda source: False

    def work_of(self, source: str) -> Work | None:
        """What the owner of this source's connection does; None where there is nothing to do."""
        if self._source(source) is None:
            return None
        self.senders[source] = connection = _Connection(self._core, partial(self._source, source), self._holds(source))
        return connection.work

    def _holds(self, source: str) -> Callable[[], bool]:
        return lambda: self.holds(source)

    def _source(self, source: str) -> PhoneSource | None:
        directories = self._core.directories
        documents = (directories.of(provider).document for provider in directories.providers)
        found = (each for document in documents for each in document.sources if each.id == source)
        return next((each for each in found if each.dialect == "asterisk"), None)


class _Connection:
    """A new adapter in each tenure: what it knew in an earlier one is old by now."""

    def __init__(self, core: Core, source: Callable[[], PhoneSource | None], holds: Callable[[], bool]) -> None:
        self._core = core
        self._source = source
        self._holds = holds
        self._asterisk: Asterisk | None = None

    async def work(self, epoch: int) -> None:
        while True:
            source = self._source()
            if source is not None:
                try:
                    await self._run(source)
                except Exception:
                    log.exception("the connection to %s failed", source.id)
            await self._core.clock.sleep(PAUSE_S)

    async def send(self, outbound: AnyOutbound) -> str:
        """Refused; NotSent while there is no connection."""
        if self._asterisk is None:
            raise NotSent("Asterisk is not connected")
        return await self._asterisk.send(outbound)

    async def _run(self, source: PhoneSource) -> None:
        user, _, password = self._core.secrets.ari.get(source.id, "").partition(":")
        if not password:
            log.error('source %s is shut: put {"ari": {"%s": "user:password"}} into %s', source.id, source.id, NAME)
            await self._core.clock.sleep(60)
            return
        async with session(user, password) as http:
            now = self._core.clock.now
            self._asterisk = Asterisk(
                board=Board(_rules(source), self._core.dialogue, self._line),
                rest=RestClient(source.base_url, session=http, now=now),
                intake=self._core.intake,
                open_calls=self,
                now=now,
                holds=self._holds,
                socket=(socket_address(source.base_url, source.app), (user, password)),
            )
            try:
                await self._asterisk.run()
            finally:
                self._asterisk = None

    async def open_calls(self, source: str) -> Sequence[Call]:
        lives = await self._core.reads.open_calls(source)
        calls = [msgspec.json.decode(view.life, type=Call) for view in lives]
        return [call for call in calls if call.offered and not call.released]

    async def dialled_calls(self, source: str) -> Sequence[str]:
        core = self._core
        survey = PhoneSurvey(source, reads=core.reads, directories=core.directories, clock=core.clock)
        return await survey.dialled()

    def _line(self, dialled: str) -> Line:
        """A line whose clock runs from the first ring rings until an agent answers."""
        door = self._core.directories.line(dialled)
        waits = door is not None and door.line is not None and door.line.clock_from == "enqueue"
        return Line("queue" if waits else "agent")


def _rules(source: PhoneSource) -> Rules:
    return Rules(
        source=source.id,
        app=source.app,
        endpoint=source.endpoint or "PJSIP/{device}",
        trunk=source.trunk,
        caller_id=source.from_number,
        sounds=source.sounds,
        recordings=source.base_url.rstrip("/"),
        music=source.music or "default",
        screen=source.machine_detection,
    )
