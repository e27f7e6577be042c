"""What every process holds: stores, bus, configuration and the services over them. Concrete names begin here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import asyncpg

from channels.ivr.engine import Flows
from contactcenter.clock import Clock, Ids, SystemClock, SystemIds
from contactcenter.config import Settings
from contactcenter.domain.texts import catalogue
from contactcenter.realtime.bus import LocalBus
from contactcenter.realtime.replies import BusReplies
from contactcenter.services.admission import Admission, Bounds
from contactcenter.services.callbacks import no_link
from contactcenter.services.cases import Cases
from contactcenter.services.configuring import Configuring
from contactcenter.services.directories import Directories
from contactcenter.services.instructions import Instructions
from contactcenter.services.intake import Intake
from contactcenter.services.left_messages import LeftMessages
from contactcenter.services.office import Office
from contactcenter.services.opening import Opening
from contactcenter.services.ports import Bus, DoorReads
from contactcenter.services.promised_callbacks import PromisedCallbacks
from contactcenter.services.webhooks import Subscribed, Webhooks
from contactcenter.services.wording import Wording
from contactcenter.storage.pool import Database
from contactcenter.storage.postgres import PostgresDoorReads, postgres_stores
from contactcenter.storage.stores import Stores
from contactcenter.wiring.arrivals import Hands, use_cases
from contactcenter.wiring.buses import shared_bus
from contactcenter.wiring.callback_links import links
from contactcenter.wiring.ivr_house import IvrHouse
from contactcenter.wiring.secrets_file import Secrets


@dataclass
class Core:
    """One per process. `node` names it on the bus."""

    settings: Settings
    pool: asyncpg.Pool
    node: str
    secrets: Secrets = field(default_factory=Secrets)
    draining: bool = False

    def _ground(self) -> tuple[Clock, Ids, Stores, DoorReads]:
        """What everything stands on: time, ids and rows. A simulation has its own."""
        return SystemClock(), SystemIds(), postgres_stores(self.pool), PostgresDoorReads(Database(self.pool))

    def __post_init__(self) -> None:
        self.clock, self.ids, stores, self.reads = self._ground()
        self.shared_bus = shared_bus(self.settings, self.node, self.clock)
        self.bus: Bus = self.shared_bus or LocalBus()
        self.replies = BusReplies(self.bus, self.node)
        self.directories = Directories(stores.configuration)
        self.webhooks = Webhooks(self.directories, stores.webhooks)
        subscribed = Subscribed(stores.changes, webhooks=self.webhooks, bus=self.bus, clock=self.clock)
        self.stores = replace(stores, changes=subscribed)
        self.wording = Wording(catalogue())
        self.configuring = Configuring(
            store=self.stores.configuration, changes=self.stores.changes, bus=self.bus, clock=self.clock
        )
        self.office = Office(
            store=self.stores.changes,
            reads=self.reads,
            bus=self.bus,
            wording=self.wording,
            directories=self.directories,
            clock=self.clock,
            ids=self.ids,
        )
        self.cases = Cases(self.office)
        self.instructions = Instructions(self.wording)
        self.promised = PromisedCallbacks(self.directories, self.reads)
        self.dialogue = Flows(IvrHouse(self.directories.line, self.wording, self.promised.of))
        self.opening = Opening(self.reads, self.ids)
        self.left_messages = LeftMessages(
            reads=self.reads, opening=self.opening, cases=self.cases, instructions=self.instructions, ids=self.ids
        )
        bounds = Bounds(self.settings.max_backlog, self.settings.max_backlog_age_s)
        self.admission = Admission(self.directories, bounds)
        self.intake = self._intake()

    def _intake(self) -> Intake:
        hands = Hands(
            directories=self.directories,
            reads=self.reads,
            opening=self.opening,
            cases=self.cases,
            messages=self.left_messages,
            instructions=self.instructions,
            admission=self.admission,
            link=links(self.settings, self.secrets, self.clock) or no_link,
            ids=self.ids,
        )
        return Intake(
            store=self.stores.changes,
            bus=self.bus,
            replies=self.replies,
            clock=self.clock,
            ids=self.ids,
            use_cases=use_cases(hands),
            first_decision_s=self.settings.first_decision_ms / 1000,
        )
