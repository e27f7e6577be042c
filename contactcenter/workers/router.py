"""Step 3 and 4 of the main flow: one owner per routing domain, deciding in memory, committing in groups.

The loop: take what waits, decide up to `batch` events, commit them with their effects in one transaction, and
only then let the effects out. A lost lease or a row that moved under it means that somebody else wrote: the
memory is dropped and read anew (crash-only), never patched. A batch that fails for what is in it is decided
again one event at a time, and the event that fails alone is set aside (decisions rows 1 to 4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from contactcenter.clock import Clock
from contactcenter.errors import Busy, LeaseLost, StaleWrite
from contactcenter.services.dispatch import Dispatch, Pushes
from contactcenter.services.ports import Bus, RoutingStore, Subscription
from contactcenter.services.pushes import encode
from contactcenter.services.sendings import handed
from contactcenter.services.shares import Alone, Share
from contactcenter.services.takeover import Takeover, TookOver
from contactcenter.services.views import Ownership, Pending, SnapshotMark
from contactcenter.workers.domain_lease import DomainLease
from routing.effects import AnyEffect
from routing.events import Ticked

log = logging.getLogger(__name__)
POLL_S = 0.5
"""How long a lost hint can delay an event; the store is the truth, hints only wake."""
SHORTEST_S = 0.01
"""A wait of next to nothing would spin."""
STALE_TRIES = 3
"""So often in a row a batch may find rows that moved before its events are looked at one by one."""
PAUSE_S = 0.05
"""Between two takeovers of one process: a domain that fails at once must not spin."""

SNAPSHOT_EVERY = 100_000
"""Events of the log between two snapshots within an epoch: the most that a replay has to go through (row 11)."""


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """`told` hears of every takeover, and of `None` when a lease was lost though this process is alive."""

    owner: str
    batch: int = 200
    lease_s: float = 3.0
    snapshot_every: int = SNAPSHOT_EVERY
    share: Share = field(default_factory=Alone)
    told: Callable[[str, TookOver | None], None] = lambda domain, how: None


Observer = Callable[[list[AnyEffect], float, int], None]
"""Told after each commit: its effects, how long it took in seconds, and how many events it held."""


class Router:
    """Owns one domain while it holds its lease. `run` is a part for the supervisor."""

    def __init__(
        self,
        *,
        domain: str,
        store: RoutingStore,
        bus: Bus,
        clock: Clock,
        takeover: Takeover,
        settings: RouterSettings,
        observe: Observer = lambda effects, seconds, events: None,
    ) -> None:
        self.domain = domain
        self._store = store
        self._bus = bus
        self._clock = clock
        self._takeover = takeover
        self._settings = settings
        self._share = settings.share
        self._observe = observe
        self._lease = DomainLease(store, clock, domain=domain, owner=settings.owner, lease_s=settings.lease_s)
        self._wake = asyncio.Event()
        self._freed = asyncio.Event()
        self._is_heir = False
        self._leaving = False
        self._left = asyncio.Event()
        self._careful = 0
        self._stale = 0
        self._now = 0
        self._kept = 0
        self._to_keep: asyncio.Queue[tuple[SnapshotMark, bytes]] = asyncio.Queue()
        self.ownership: Ownership | None = None
        """Whether this process owns the domain now, and where its log stands."""

    # --- owning --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled: acquire, route, and start over when the lease or the memory is lost."""
        self._bus.on_gap(self._wake.set)
        self._bus.on_gap(self._freed.set)
        async with (
            self._bus.subscribe(f"domain:{self.domain}") as hints,
            self._bus.subscribe(f"owner:{self.domain}") as freed,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(_hear(hints, self._wake))
            group.create_task(self._hear_heirs(freed))
            group.create_task(self._own())
            group.create_task(self._keep())

    async def _hear_heirs(self, freed: Subscription) -> None:
        """Who is named need not wait until his process sees it at its next heartbeat."""
        async for heir in freed:
            self._is_heir = heir.decode() == self._settings.owner
            self._freed.set()

    async def leave(self) -> None:
        """Finish the batch, hand the domain over, and take it no more. Returns when it is given back."""
        self._leaving = True
        self._wake.set()
        self._freed.set()
        await self._left.wait()

    async def _own(self) -> None:
        while not self._leaving:
            self._freed.clear()
            turn = self._share.turn(self.domain)
            if turn.wait_s > 0 and not self._is_heir:
                await self._until_freed(turn.wait_s)
                continue
            self._is_heir = False
            self.ownership = await self._lease.acquire(turn.grace_s)
            if self.ownership is None:
                await self._until_freed(self._settings.lease_s)
                continue
            await self._reign(self.ownership)
            await self._clock.sleep(PAUSE_S)
        self._left.set()
        await asyncio.Event().wait()

    async def _until_freed(self, seconds: float) -> None:
        """Until the owner says that he gave it up; what the process sees changes with its heartbeats."""
        try:
            async with asyncio.timeout(max(SHORTEST_S, min(seconds, self._settings.lease_s / 3))):
                await self._freed.wait()
        except TimeoutError:
            return

    async def _reign(self, ownership: Ownership) -> None:
        """One epoch. Whatever ends it but a hand-over, a stop or an unknown failure is followed by our next one."""
        try:
            async with self._lease.held(ownership.epoch):
                heir = await self._route(ownership)
            await self._give_back(ownership, heir)
        except LeaseLost as lost:
            log.warning("domain %s: %s; reading it anew", self.domain, lost)
            self._settings.told(self.domain, None)
        except StaleWrite as lost:
            log.warning("domain %s: %s; reading it anew", self.domain, lost)
        except Busy as away:
            log.warning("domain %s: %s; nothing was decided in vain, reading it anew", self.domain, away)
            await self._clock.sleep(POLL_S)
        except asyncio.CancelledError:
            await self._give_back(ownership, self._share.next_best(self.domain))
            raise
        except Exception:
            await self._give_back(ownership, "")
            raise
        finally:
            self.ownership = None

    async def _give_back(self, ownership: Ownership, heir: str) -> None:
        await self._lease.give_back(ownership.epoch, heir)
        await self._bus.publish(f"owner:{self.domain}", heir.encode())

    @property
    def lease_age_s(self) -> float:
        """By the monotonic clock, counted from before the store was asked: never too young."""
        return self._lease.age_s

    # --- routing -------------------------------------------------------------------------------------------

    async def _route(self, ownership: Ownership) -> str:
        """Until somebody else should have the domain: returns who."""
        dispatch, how = await self._takeover.begin(self.domain, ownership, self._tick)
        self._kept = ownership.last_seq
        began = self._clock.monotonic()
        await self._commit(dispatch)
        how = replace(how, commit_s=self._clock.monotonic() - began)
        log.info("domain %s: owned, epoch %d, after event %d: %s", self.domain, ownership.epoch, self._kept, how.told())
        self._settings.told(self.domain, how)
        while not self._leaving:
            if heir := self._share.heir(self.domain, self._lease.held_s):
                log.info("domain %s: handed over to %s after event %d", self.domain, heir, dispatch.seq)
                return heir
            self._wake.clear()
            most = 1 if self._careful else self._settings.batch
            waiting = await self._store.pending(self.domain, most)
            if waiting or self._is_due(dispatch):
                await self._turn(dispatch, waiting)
            if len(waiting) < most and not self._wake.is_set() and not self._is_due(dispatch):
                # All was taken and nobody has said since that there is more: looking would only delay who comes next.
                await self._pause(dispatch)
        return self._share.next_best(self.domain)

    async def _turn(self, dispatch: Dispatch, waiting: list[Pending]) -> None:
        if self._is_due(dispatch):
            dispatch.handle(Ticked(), self._tick())
            if self._careful:
                # A timer that fails is no event's fault: it is raised before any event could be blamed.
                await self._commit(dispatch)
        try:
            self._decide(dispatch, waiting)
            await self._commit(dispatch)
            self._careful = max(0, self._careful - 1)
            self._stale = 0
            self._take_snapshot(dispatch)
        except (LeaseLost, Busy):
            raise
        except StaleWrite as problem:
            # Rows that moved are read anew. What does not fit even then is the event's fault, and would hold up all.
            self._stale += 1
            if self._stale < STALE_TRIES:
                raise
            await self._quarantine(waiting, problem)
        except Exception as problem:
            await self._quarantine(waiting, problem)

    def _decide(self, dispatch: Dispatch, waiting: list[Pending]) -> None:
        for pending in waiting:
            now = self._tick()
            if pending.event is None:
                dispatch.refuse(pending.row, now, pending.bad)
            else:
                dispatch.handle(pending.event, now, row=pending.row, reply_to=pending.reply_to)

    async def _quarantine(self, waiting: list[Pending], problem: Exception) -> None:
        """A failed batch is decided again in single steps; the event that fails alone is numbered and set aside."""
        if not self._careful or len(waiting) != 1:
            log.exception("domain %s: a batch of %d failed; one event at a time", self.domain, len(waiting))
            self._careful = max(1, len(waiting))
            raise StaleWrite("the batch failed for its content") from problem
        log.exception("domain %s: event row %d set aside", self.domain, waiting[0].row)
        assert self.ownership is not None
        fresh = await self._takeover.again(self.domain, self.ownership, self._tick())
        fresh.refuse(waiting[0].row, self._tick(), f"{type(problem).__name__}: {problem}")
        await self._commit(fresh)
        raise StaleWrite("an event was set aside") from problem

    def _tick(self) -> int:
        """Time of the domain: never goes back, whatever the wall clock does (decisions row 9)."""
        self._now = max(self._now, self._clock.now())
        return self._now

    def _is_due(self, dispatch: Dispatch) -> bool:
        due = dispatch.state.due()
        return due is not None and due <= self._clock.now()

    async def _pause(self, dispatch: Dispatch) -> None:
        """Until a hint, the next timer, or the poll."""
        due = dispatch.state.due()
        wait = POLL_S if due is None else min(POLL_S, max(0.0, (due - self._clock.now()) / 1_000_000))
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    # --- snapshots ---------------------------------------------------------------------------------------------

    def _take_snapshot(self, dispatch: Dispatch) -> None:
        """Once every so many events, and only of what is committed. It is written beside the next batches.

        One that gets lost in a crash costs nothing: a replay begins at the one before it.
        """
        every = self._settings.snapshot_every
        if dispatch.seq // every > self._kept // every:
            self._kept = dispatch.seq
            self._to_keep.put_nowait(dispatch.snapshot())

    async def _keep(self) -> None:
        while True:
            mark, snapshot = await self._to_keep.get()
            try:
                await self._store.save_snapshot(self.domain, mark, snapshot)
            except Exception:
                log.exception("domain %s: the snapshot after event %d is not kept", self.domain, mark.seq)

    # --- after the commit --------------------------------------------------------------------------------------

    async def _commit(self, dispatch: Dispatch) -> None:
        if dispatch.empty:
            return
        batch, pushes = dispatch.take_batch()
        began = self._clock.monotonic()
        await self._store.commit(batch)
        assert self.ownership is not None
        self.ownership = replace(self.ownership, last_seq=dispatch.seq, arrivals=batch.arrivals)
        self._observe(pushes.effects, self._clock.monotonic() - began, len(batch.decided))
        while self._lease.is_doubtful:
            # Asleep since the commit, perhaps for long: what leaves late must not speak for the next owner. A renewal
            # whose answer took that long proves as little.
            await self._lease.renew(batch.epoch)
        await self._publish(pushes)

    async def _publish(self, pushes: Pushes) -> None:
        for node, reply in pushes.replies:
            await self._bus.publish(f"node:{node}", encode(reply))
        for desk in pushes.desks:
            await self._bus.publish(f"desk:{desk.agent}", encode(desk))
        for said in pushes.conversations:
            await self._bus.publish(f"conversation:{said.conversation}", encode(said))
        if pushes.sendings:
            for hint in handed(pushes.sendings):
                await self._bus.publish("outbox", hint)
        if pushes.effects:
            await self._bus.publish(f"live:{self.domain}")


async def _hear(hints: Subscription, heard: asyncio.Event) -> None:
    async for _ in hints:
        heard.set()
