"""Whether the doors take new contacts now: a backlog that grows faster than it is decided must not grow for ever.

A domain's backlog is what is stored and not decided yet, bounded by its number and by the age of its oldest event;
what waits to be stored in this process counts too. Beyond a bound new contacts are refused, with a hint when to come
back; events of calls, chats and mails that are already here never are, and neither is a voicemail, whose caller has
gone and could not be told. New ones are taken again when half of the bound is worked off (decisions row 20).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from channels import port
from contactcenter.clock import Micros
from contactcenter.services.directories import Directories
from contactcenter.services.views import Backlog

log = logging.getLogger(__name__)
RETRY_S: Final = 5
"""When who was refused may try again: about what it takes to work off half of a full backlog."""
NOTHING: Final = Backlog()


@dataclass(frozen=True, slots=True)
class Bounds:
    depth: int = 10_000
    age_s: float = 10.0


@dataclass(slots=True)
class _Standing:
    """One domain as it was seen last."""

    backlog: Backlog = NOTHING
    full: bool = False
    refused: int = 0


class Admission:
    """Asked at every arrival, told four times a second (workers/backlog_watch.py). Costs no query."""

    def __init__(self, directories: Directories, bounds: Bounds | None = None) -> None:
        self._directories = directories
        self._bounds = bounds or Bounds()
        self._standings: dict[str, _Standing] = {}
        self._away = ""
        self.heard: Callable[[str], None] = lambda channel: None
        """Called with the channel of each refusal: phone, callback, mail or chat."""

    # --- asked by intake ---------------------------------------------------------------------------------------

    def check(self, inbound: port.AnyInbound) -> None:
        """Raises IntakeOverloaded when this would open a contact in a queue that is full."""
        channel, provider = self._way(inbound)
        standing = self._standings.get(provider)
        if not provider or not (self._away or (standing and standing.full)):
            return
        if standing is not None:
            standing.refused += 1
        self.heard(channel)
        raise port.IntakeOverloaded(retry_after_s=RETRY_S)

    def _way(self, inbound: port.AnyInbound) -> tuple[str, str]:
        """The channel, and the provider whose queue a new contact would enter; '' when it opens none."""
        known = self._directories
        match inbound:
            case port.CallOffered(dialled=number):
                channel, door = "phone", known.line(number)
            case port.CallbackRequested(dialled=number):
                channel, door = "callback", known.line(number)
            case port.MailArrived(mailbox=address):
                channel, door = "mail", known.mailbox(address)
            case port.ChatOpened(site=site) | port.ChatSaid(site=site):
                channel, door = "chat", known.site(site)
            case _:
                return "", ""
        return channel, door.provider if door is not None else ""

    # --- told by the watch -------------------------------------------------------------------------------------

    def seen(self, backlogs: Mapping[str, Backlog], here: Backlog, now: Micros) -> None:
        """`backlogs` by provider, as the store has them; `here` waits in this process to be stored."""
        if self._away:
            log.warning("the store answers again")
        self._away = ""
        for provider in self._directories.providers:
            self._judge(provider, backlogs.get(provider, NOTHING), here, now)

    def unseen(self, why: str) -> None:
        """The store does not answer: nothing new is taken until it does."""
        if not self._away:
            log.warning("new contacts are refused: the store does not answer: %s", why)
        self._away = why or "no answer"

    def depth(self, provider: str) -> int:
        return self._standings[provider].backlog.depth if provider in self._standings else 0

    def _judge(self, provider: str, backlog: Backlog, here: Backlog, now: Micros) -> None:
        standing = self._standings.setdefault(provider, _Standing())
        standing.backlog = backlog
        use = max(self._use(backlog, now), self._use(here, now))
        if not standing.full and use >= 1:
            standing.full, standing.refused = True, 0
            said = "domain %s: overloaded, new contacts are refused: %d events undecided, the oldest for %.1f s; "
            log.warning(said + "%d wait to be stored", provider, backlog.depth, _age_s(backlog, now), here.depth)
        elif standing.full and use < 0.5:
            standing.full = False
            log.warning("domain %s: new contacts are taken again; %d were refused", provider, standing.refused)

    def _use(self, backlog: Backlog, now: Micros) -> float:
        """How much of the bounds is used up; 1 is full."""
        return max(backlog.depth / self._bounds.depth, _age_s(backlog, now) / self._bounds.age_s)


def _age_s(backlog: Backlog, now: Micros) -> float:
    return max(0, now - backlog.oldest_at) / 1_000_000 if backlog.depth else 0.0
