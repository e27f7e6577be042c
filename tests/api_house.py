"""A house for tests of the API: its doors over small in-memory ports, a clock that is set, tokens for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec.structs import replace

from contactcenter.api.doors_table import with_doors
from contactcenter.api.server import build_app
from contactcenter.api.services import Services
from contactcenter.domain.configuration import Document
from contactcenter.domain.configuration_yaml import dump_yaml, load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.errors import StaleWrite
from contactcenter.metrics.prometheus import Exposition, Registry
from contactcenter.metrics.recompute import day_table
from contactcenter.realtime.bus import LocalBus
from contactcenter.realtime.feed import FeedPace, LiveFeed
from contactcenter.services.access import Access
from contactcenter.services.callback_desk import CallbackDesk, CallbackTokens
from contactcenter.services.changes import Applied, Changes
from contactcenter.services.configuring import Configuring
from contactcenter.services.dead_letters import DeadLetters
from contactcenter.services.directories import Directories
from contactcenter.services.do_not_call import DoNotCallList
from contactcenter.services.explaining import Explaining
from contactcenter.services.reporting import QueueBoard, Reports
from contactcenter.services.supervision import Supervision
from contactcenter.services.views import (
    CaseView,
    ComplaintView,
    ContactView,
    CustomerView,
    OutboxItem,
    Principal,
    QueueLine,
    SaidWait,
    Scope,
    SeatLine,
)
from contactcenter.services.webhooks import Webhooks
from contactcenter.services.wording import Wording
from contactcenter.storage.stores import Stores

T0 = 1_767_229_200_000_000
"""2026-01-01T01:00:00Z."""
PROVIDER = "ruixun"
EXAMPLE = Path(__file__).parents[1] / "contactcenter" / "demo" / "kangjia.yaml"


@cache
def document() -> Document:
    return load_yaml(EXAMPLE.read_text(encoding="utf-8"))


def document_text() -> str:
    return dump_yaml(document())


class SetClock:
    """Stands still until it is moved."""

    def __init__(self, at: int = T0) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def pass_(self, seconds: float) -> None:
        self.at += round(seconds * 1_000_000)


class CountedIds:
    def __init__(self) -> None:
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}_{self.count:06d}"

    def token(self) -> str:
        self.count += 1
        return f"token-{self.count:06d}-" + "x" * 32


def contact(name: str = "ct_1", **changes: Any) -> ContactView:
    view = ContactView(
        id=name,
        domain=PROVIDER,
        provider=PROVIDER,
        client="kangjia",
        lease="kangjia-2026",
        customer="cu_1",
        medium="voice",
        view="voice",
        door="4000000101",
        address="+8613812345678",
        language="zh-CN",
        subject="",
        tier=1,
        complaint=False,
        origin="",
        conversation="",
        case="",
        external_id="call-1",
        context={"caller": "+8613812345678", "ivr": "2", "door": "4000000101"},
        opened_at=T0,
        enqueued_at=T0,
        deadline=T0 + 15_000_000,
        state="waiting",
        owner="",
        outcome="",
        released_by="",
        version=1,
    )
    return replace(view, **changes)


def customer(name: str = "cu_1", **changes: Any) -> CustomerView:
    view = CustomerView(
        id=name,
        provider=PROVIDER,
        client="kangjia",
        name="王敏",
        tier=1,
        language="zh-CN",
        account_owner="",
        since=T0,
        version=0,
        identities=(("phone", "+8613812345678"), ("mail", "wang.min@mail.example")),
        records=({"kind": "payment", "at": T0, "summary": "分期付款", "amount_fen": 129_900},),
    )
    return replace(view, **changes)


def case(name: str = "cs_1", **changes: Any) -> CaseView:
    view = CaseView(
        id=name,
        number="1",
        provider=PROVIDER,
        client="kangjia",
        customer="cu_1",
        kind="complaint",
        state="open",
        owner="",
        subject="电视没有声音",
        opened_at=T0,
        due_at=T0 + 3_600_000_000,
        due_text="今天18:00前",
        provisional=False,
        calendar_version="1",
        version=1,
        body={},
    )
    return replace(view, **changes)


def complaint(name: str = "cs_1", **changes: Any) -> ComplaintView:
    view = ComplaintView(
        case=name,
        provider=PROVIDER,
        client="kangjia",
        contact="ct_1",
        accused="",
        level=1,
        step="accept",
        accepted_by="",
        version=1,
        body={},
        accept_due=T0 + 900_000_000,
    )
    return replace(view, **changes)


class Rows:
    """The ports of the API over lists. Scopes confine every read, as the real store does."""

    def __init__(self) -> None:
        self.contact_rows: list[ContactView] = []
        self.customer_rows: list[CustomerView] = []
        self.case_rows: list[CaseView] = []
        self.complaint_rows: list[ComplaintView] = []
        self.fact_rows: list[Fact] = []
        self.lines: list[QueueLine] = []
        self.seats: list[SeatLine] = []
        self.said: list[SaidWait] = []
        self.mails: list[OutboxItem] = []
        self.counts: dict[str, int] = {}
        self.tokens: dict[bytes, Principal] = {}
        self.revoked: set[tuple[str, str]] = set()
        self.versions: list[Document] = [document()]
        self.applied: list[Changes] = []
        self.token_reads = 0
        self.broken = False

    # --- Reads

    async def contact(self, scope: Scope, contact: str) -> ContactView | None:
        if self.broken:
            raise RuntimeError("a secret: s3cr3t")
        return _one(self.contact_rows, scope, contact)

    async def contacts(
        self, scope: Scope, *, limit: int, before: str = "", customer: str = "", state: str = ""
    ) -> list[ContactView]:
        rows = [
            row
            for row in sorted(_seen(self.contact_rows, scope), key=lambda row: row.id, reverse=True)
            if (not before or row.id < before) and customer in ("", row.customer) and state in ("", row.state)
        ]
        return rows[:limit]

    async def facts_of_contact(self, scope: Scope, contact: str) -> list[Fact]:
        return [fact for fact in _seen(self.fact_rows, scope) if fact.contact == contact]

    async def callback(self, scope: Scope, callback: str) -> None:
        return None

    async def facts_of_case(self, scope: Scope, case: str) -> list[Fact]:
        return [fact for fact in _seen(self.fact_rows, scope) if fact.case == case]

    async def facts_between(
        self, scope: Scope, since: int, until: int, kinds: Sequence[str] = ()
    ) -> AsyncIterator[Fact]:
        for fact in sorted(_seen(self.fact_rows, scope), key=lambda fact: fact.at):
            if since <= fact.at < until and (not kinds or fact.kind in kinds):
                yield fact

    async def customer(self, scope: Scope, customer: str) -> CustomerView | None:
        return _one(self.customer_rows, scope, customer)

    async def find_customer(self, scope: Scope, kind: str, value: str) -> CustomerView | None:
        return next((row for row in _seen(self.customer_rows, scope) if (kind, value) in row.identities), None)

    async def case(self, scope: Scope, case: str) -> CaseView | None:
        return _one(self.case_rows, scope, case)

    async def cases(
        self, scope: Scope, *, limit: int, customer: str = "", state: str = "", before: str = ""
    ) -> list[CaseView]:
        rows = _seen(self.case_rows, scope)
        return [row for row in rows if customer in ("", row.customer) and state in ("", row.state)][:limit]

    async def complaint(self, scope: Scope, case: str) -> ComplaintView | None:
        return next((row for row in _seen(self.complaint_rows, scope) if row.case == case), None)

    async def complaints(
        self, scope: Scope, *, level: int | None = None, open_only: bool = True
    ) -> list[ComplaintView]:
        return [row for row in _seen(self.complaint_rows, scope) if level in (None, row.level)]

    async def desk(self, provider: str, agent: str) -> None:
        return None

    async def queue_lines(self, scope: Scope, now: int) -> list[QueueLine]:
        return [line for line in self.lines if scope.client in ("", line.client)]

    async def said_waits(self, scope: Scope, since: int) -> list[SaidWait]:
        return [each for each in self.said if scope.client in ("", each.client) and each.at >= since]

    async def seat_lines(self, scope: Scope) -> list[SeatLine]:
        return [line for line in self.seats if scope.client in ("", line.client)]

    async def counts_since(self, scope: Scope, since: int) -> dict[str, int]:
        return dict(self.counts)

    async def kept_mail(self, scope: Scope, limit: int) -> list[OutboxItem]:
        return _seen(self.mails, scope)[:limit]

    # --- ChangeStore

    async def apply(self, changes: Changes) -> Applied:
        self.applied.append(changes)
        self.fact_rows.extend(changes.facts)
        return Applied()

    # --- AccessStore

    async def principal(self, token_hash: bytes, now: int) -> Principal | None:
        self.token_reads += 1
        who = self.tokens.get(token_hash)
        return None if who is None or (who.provider, who.subject) in self.revoked else who

    async def principals(self, token_hashes: Sequence[bytes], now: int) -> dict[bytes, Principal]:
        found = {each: await self.principal(each, now) for each in token_hashes}
        return {each: who for each, who in found.items() if who is not None}

    async def add_token(self, token_hash: bytes, principal: Principal, now: int) -> None:
        self.tokens[token_hash] = principal

    async def revoke_subject(self, provider: str, subject: str, now: int) -> int:
        self.revoked.add((provider, subject))
        return sum((who.provider, who.subject) == (provider, subject) for who in self.tokens.values())

    # --- ConfigurationStore

    async def latest(self, provider: str) -> tuple[int, Document] | None:
        return (len(self.versions), self.versions[-1]) if self.versions else None

    async def save(self, provider: str, version: int, document: Document, by: str, now: int) -> None:
        if version != len(self.versions) + 1:
            raise StaleWrite
        self.versions.append(document)


def _seen(rows: list[Any], scope: Scope) -> list[Any]:
    return [row for row in rows if row.provider == scope.provider and scope.client in ("", row.client)]


def _one(rows: list[Any], scope: Scope, name: str) -> Any:
    return next((row for row in _seen(rows, scope) if row.id == name), None)


class Ladder:
    """A complaint desk that notes who acted; raises what a test puts into `refusal`."""

    def __init__(self) -> None:
        self.acts: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None

    def _note(self, *act: Any) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.acts.append(act)
        return {}

    async def accept(self, actor: Any, *, case: str) -> dict[str, Any]:
        return self._note("accept", actor.id, case)

    async def decide(self, actor: Any, *, case: str, **decision: Any) -> dict[str, Any]:
        return self._note("decide", actor.id, case, decision["verdict"], decision["amount_fen"])

    async def escalate(self, seat: Any, *, case: str, reason: str, note: str = "", stamp: Any) -> dict[str, Any]:
        return self._note("escalate", seat.agent, case, reason, stamp.id)


class House:
    """Everything a test needs to come in through a door: `house.app`, and `house.headers[kind]`."""

    def __init__(
        self, *, pages: Path | None = None, pace: FeedPace | None = None, stores: Stores | None = None
    ) -> None:
        self.clock = SetClock()
        self.ids = CountedIds()
        self.rows = Rows()
        self.bus = LocalBus()
        self.ladder = Ladder()
        self.tokens = CallbackTokens(["a secret of tests, long enough"], self.clock)
        self.registry = Registry()
        self.checks: dict[str, Any] = {"store": True, "router": True}
        self.directory = Directory(document())
        rows: Any = self.rows
        stores = stores or Stores(*[rows] * len(fields(Stores)))
        self.directories = Directories(stores.configuration)
        self.stores = stores
        self.access = Access(stores.access, self.clock, self.ids, client_of_agent=self.client_of_agent)
        self.board = QueueBoard(stores.reads, self.clock, zone_of=lambda provider: ZoneInfo("Asia/Shanghai"))
        self.feed = LiveFeed(board=self.board, access=self.access, bus=self.bus, pace=pace)
        self.services = self._services(stores, pages)
        self.headers: dict[str, dict[str, str]] = {}

    def _services(self, stores: Stores, pages: Path | None) -> Services:
        return Services(
            access=self.access,
            clock=self.clock,
            ids=self.ids,
            reads=stores.reads,
            changes=stores.changes,
            directory_of=lambda provider: self.directory,
            texts=Renderer(catalogue()),
            board=self.board,
            reports=Reports(
                stores.reads,
                day_table,
                zone_of=lambda provider: ZoneInfo("Asia/Shanghai"),
                cycles_of=lambda provider: {"voice": 5000},
                clock=self.clock,
            ),
            explaining=Explaining(stores.routing),
            complaints=self.ladder,
            configuration=Configuring(
                store=stores.configuration, changes=stores.changes, bus=self.bus, clock=self.clock
            ),
            supervision=Supervision(
                reads=stores.reads,
                changes=stores.changes,
                bus=self.bus,
                clock=self.clock,
                ids=self.ids,
                directory_of=lambda provider: self.directory,
            ),
            dead_letters=DeadLetters(
                store=stores.outbox, changes=stores.changes, bus=self.bus, clock=self.clock, ids=self.ids
            ),
            webhooks=Webhooks(self.directories, stores.webhooks),
            callbacks=CallbackDesk(
                reads=stores.reads,
                store=stores.changes,
                bus=self.bus,
                clock=self.clock,
                tokens=self.tokens,
                words=(Wording(catalogue()), lambda provider: self.directory),
            ),
            do_not_call=DoNotCallList(
                reads=cast(Any, stores.reads), store=stores.changes, bus=self.bus, clock=self.clock
            ),
            ready=self.ready,
            metrics=Exposition(self.registry, self.boards).render,
            feed=self.feed.handle,
            **({"pages": pages} if pages else {}),
        )

    def app(self, doors: Sequence[web.RouteDef] = ()) -> web.Application:
        return build_app(self.services, with_doors(doors))

    async def admit_everybody(self) -> None:
        """One of each kind; agent a1001 sits on Kangjia's lease, a1011 on Xinghai's."""
        for name, kind, subject, client in (
            ("operator", "operator", "ops-1", ""),
            ("supervisor", "supervisor", "boss", ""),
            ("client", "client", "desk", "kangjia"),
            ("xinghai", "client", "desk-x", "xinghai"),
            ("agent", "agent", "a1002", ""),
            ("other_agent", "agent", "a1012", ""),
            ("platform", "platform", "pbx-1", ""),
        ):
            token = await self.access.issue(kind, PROVIDER, subject, client=client)
            self.headers[name] = {"Authorization": f"Bearer {token}"}

    def client_of_agent(self, provider: str, agent: str) -> str:
        known = next((each for each in document().agents if each.id == agent), None)
        return self.directory.lease(known.lease).client if known else ""

    async def ready(self) -> dict[str, Any]:
        return self.checks

    async def boards(self) -> list[Any]:
        return [await self.board.live(Scope(PROVIDER))]
