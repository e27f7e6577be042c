"""What the owner of a source of our own dialect does besides sending: it asks what became of calls."""

from __future__ import annotations

from functools import partial

from channels.phone.questions import Questions
from channels.port import Sender
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.core import Core
from contactcenter.workers.tenure import Work


class OwnPlatforms:
    """`sender` sends their commands."""

    def __init__(self, core: Core, sender: Sender) -> None:
        self._core = core
        self._sender = sender

    def work_of(self, source: str) -> Work | None:
        """None for a source of another dialect."""
        speaks = source in self._core.directories.sources("standard")
        return partial(self._asking, source) if speaks else None

    async def _asking(self, source: str, epoch: int) -> None:
        core = self._core
        house = PhoneSurvey(source, reads=core.reads, directories=core.directories, clock=core.clock)
        await Questions(source, house=house, sender=self._sender, now=core.clock.now).run(core.clock.sleep)
