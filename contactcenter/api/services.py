"""Everything a handler may reach: one bundle, filled by the wiring, handed to every handler of the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from contactcenter.api.doors import ComplaintDesk, ConfigurationDesk, Ready
from contactcenter.api.route import Raw
from contactcenter.clock import Clock, Ids
from contactcenter.domain.directory import Directory
from contactcenter.domain.texts import Renderer
from contactcenter.services.access import Access
from contactcenter.services.callback_desk import CallbackDesk
from contactcenter.services.dead_letters import DeadLetters
from contactcenter.services.do_not_call import DoNotCallList
from contactcenter.services.explaining import Explaining
from contactcenter.services.ports import ChangeStore, Reads
from contactcenter.services.reporting import QueueBoard, Reports
from contactcenter.services.supervision import Supervision
from contactcenter.services.webhooks import Webhooks

PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`metrics` renders the text of /metrics; `feed` is `realtime.feed.LiveFeed.handle`."""

    access: Access
    clock: Clock
    ids: Ids
    reads: Reads
    changes: ChangeStore
    directory_of: Callable[[str], Directory]
    texts: Renderer
    board: QueueBoard
    reports: Reports
    explaining: Explaining
    complaints: ComplaintDesk
    configuration: ConfigurationDesk
    supervision: Supervision
    dead_letters: DeadLetters
    webhooks: Webhooks
    callbacks: CallbackDesk
    do_not_call: DoNotCallList
    ready: Ready
    metrics: Callable[[], Awaitable[bytes]]
    feed: Raw
    pages: Path = PAGES
