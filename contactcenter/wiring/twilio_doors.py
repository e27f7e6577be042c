"""Every source that speaks Twilio's API: its door, its sender, and who looks after lost callbacks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import aiohttp

from channels.phone.twilio.board import Board
from channels.phone.twilio.callers import Callers
from channels.phone.twilio.control import Control
from channels.phone.twilio.devices import Devices
from channels.phone.twilio.door import Source, TwilioDoor
from channels.phone.twilio.links import Links
from channels.phone.twilio.reconcile import Reconciler
from channels.phone.twilio.rest import Rest
from channels.phone.twilio.send import TwilioSender
from channels.phone.twilio.telling import telling
from channels.phone.twilio.verify import Verifier
from channels.port import Sender
from contactcenter.domain.configuration import PhoneSource
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import NAME

log = logging.getLogger(__name__)


@dataclass(slots=True)
class TwilioDoors:
    door: TwilioDoor
    senders: dict[str, Sender] = field(default_factory=dict)
    reconcilers: dict[str, Reconciler] = field(default_factory=dict)


def build_twilio(core: Core, session: aiohttp.ClientSession) -> TwilioDoors:
    """A source without an auth token stays shut, and says so; all others open."""
    open_: dict[str, Source] = {}
    doors = TwilioDoors(TwilioDoor(open_.get, max_bytes=core.settings.max_event_bytes))
    sources = _sources(core)
    if sources and not core.settings.public_url:
        log.warning("Twilio is told to come to %s: set CONTACTCENTER_PUBLIC_URL", core.settings.base_url)
    for source in sources:
        tokens = core.secrets.twilio.get(source.id, [])
        if not tokens:
            log.error(
                'source %s is shut: put its auth token into %s, {"twilio": {"%s": [...]}}', source.id, NAME, source.id
            )
            continue
        open_[source.id] = _open(core, session, source, tokens, doors)
    return doors


def _sources(core: Core) -> list[PhoneSource]:
    documents = [core.directories.of(provider).document for provider in core.directories.providers]
    return [source for document in documents for source in document.sources if source.dialect == "twilio"]


def _open(
    core: Core, session: aiohttp.ClientSession, source: PhoneSource, tokens: list[str], doors: TwilioDoors
) -> Source:
    now, tell = core.clock.now, telling(core.intake)
    links, board = Links(core.settings.base_url, source.id), Board(now)
    user, password = _credentials(source.account, tokens)
    rest = Rest(session, account=source.account, user=user, password=password, base_url=source.base_url)
    screen = source.machine_detection
    control = Control(rest, board, links, number=source.from_number, now=now, screen=screen)
    devices = Devices(source=source.id, tell=tell, links=links, board=board, control=control)
    callers = Callers(
        source=source.id, tell=tell, dialogue=core.dialogue, links=links, board=board, now=now, music=source.music
    )
    doors.senders[source.id] = TwilioSender(control=control, board=board, links=links, tell=tell, now=now)
    house = PhoneSurvey(source.id, reads=core.reads, directories=core.directories, clock=core.clock)
    doors.reconcilers[source.id] = Reconciler(control=control, devices=devices, board=board, house=house, now=now)
    verifier = Verifier([token for token in tokens if ":" not in token] or tokens)
    return Source(links=links, verifier=verifier, callers=callers, devices=devices)


def _credentials(account: str, tokens: list[str]) -> tuple[str, str]:
    """An API key `SK...:secret` among the secrets, else the account with its last auth token."""
    key = next((token for token in tokens if ":" in token), "")
    user, _, secret = key.partition(":")
    return (user, secret) if key else (account, tokens[-1])
