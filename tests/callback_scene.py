"""A promised callback in a test: the wish, its attempts and its one outcome, on a floor of agents."""

from __future__ import annotations

import itertools
from typing import Any

from desk_floor import KANGJIA, Floor
from house import HOTLINE, TOLL_FREE

from channels.port import AnyInbound, CallbackCancelled, CallbackRequested, CallbackSought, CallOffered, Receipt
from contactcenter.client import protocol as p
from contactcenter.services.callback_desk import CallbackDesk, CallbackTokens
from contactcenter.services.do_not_call import DoNotCallList
from contactcenter.services.views import CallbackView
from routing.events import SignedIn

NUMBER = "+8613800138000"
MOST = 3
"""Attempts, of the example configuration."""
_ids = itertools.count(1)


class Scene(Floor):
    """A floor whose intake reads the same clock as its desks."""

    def __init__(self, found: Any) -> None:
        super().__init__(found)
        self.core.intake._clock = self.clock
        self.tokens = CallbackTokens(["a secret of tests, long enough"], self.clock)
        self.page = CallbackDesk(
            reads=self.core.reads,
            store=self.core.stores.changes,
            bus=self.core.bus,
            clock=self.clock,
            tokens=self.tokens,
            words=(self.core.wording, self.core.directories.of),
        )
        self.list = DoNotCallList(
            reads=self.core.reads, store=self.core.stores.changes, bus=self.core.bus, clock=self.clock
        )

    async def asked(self, number: str = NUMBER, **known: Any) -> Receipt:
        wish = CallbackRequested(
            source="pbx-1", external_id=f"wish-{next(_ids)}", call="800-1", dialled=TOLL_FREE, number=number, **known
        )
        return await self.core.intake.accept(wish)

    async def cancelled_by_ivr(self, number: str = NUMBER) -> Receipt:
        return await self._said_to_an_ivr(CallbackCancelled, "800-2", number)

    async def sought_by_ivr(self, number: str = NUMBER) -> Receipt:
        """An IVR that is not ours asks."""
        return await self._said_to_an_ivr(CallbackSought, "800-3", number)

    async def _said_to_an_ivr(self, kind: type[CallbackCancelled | CallbackSought], call: str, number: str) -> Receipt:
        name = f"{call}-{next(_ids)}"
        said = kind(source="pbx-1", external_id=name, call=call, dialled=TOLL_FREE, number=number, language="en")
        return await self.core.intake.accept(said)

    async def dialled(self, contact: str) -> str:
        await self.taken(contact)
        await self.do(p.Dial(id=f"dial-{contact}", contact=contact))
        return f"{contact}/call"

    async def heard(self, kind: type, call: str, **fields: Any) -> None:
        inbound: AnyInbound = kind(source="pbx-1", external_id=f"{call}-{next(_ids)}", call=call, **fields)
        await self.core.intake.accept(inbound)
        await self.core.bus.publish("domain:ruixun")

    async def promise(self, callback: str) -> CallbackView:
        found = await self.core.reads.callback(KANGJIA, callback)
        assert found is not None
        return found

    async def state(self, contact: str) -> str:
        found = await self.core.reads.contact(KANGJIA, contact)
        assert found is not None
        return found.state

    async def over(self, contact: str) -> None:
        """The agent wraps up; what the end of the contact leaves to do is done."""
        await self.house.until(lambda: bool(self.house.of("wrap_up.began", contact=contact)))
        await self.do(p.WrapUpDone(id=f"wrap-{contact}", contact=contact))
        await self.settled(contact)

    async def settled(self, contact: str) -> None:
        await self.house.until(lambda: bool(self.house.of("contact.ended", contact=contact)))
        # Set by the router, whose clock is the machine's.
        for timer in await self.core.stores.timers.due(self.core.clock.now(), 100):
            if timer.kind == "callback.settle":
                await self.deadlines.handle(timer)

    async def next_attempt(self, before: str, *, after_s: int = 900) -> str:
        self.clock.pass_s(after_s)
        assert await self.fire("callback.next") == 1
        row = await self.row("SELECT id FROM contacts WHERE context->>'before' = $1", before)
        assert row is not None
        return str(row["id"])

    async def one_outcome(self, callback: str, outcome: str) -> CallbackView:
        """Exactly one, in the row and among the facts, and nothing of it goes on."""
        found = await self.promise(callback)
        facts = await self.core.pool.fetch(
            "SELECT data->>'outcome' AS outcome FROM facts WHERE kind = 'callback.ended' AND data->>'callback' = $1",
            callback,
        )
        assert [row["outcome"] for row in facts] == [outcome]
        assert (found.state, found.outcome, found.ended_at is not None) == ("ended", outcome, True)
        self.clock.pass_s(100_000)
        assert await self.fire("callback.next") == 0
        return found


async def calls_himself(scene: Scene, call: str = "own-1") -> str:
    """The promised customer is in the queue of another line, where two seats are staffed: his contact."""
    if not scene.house.of("presence.changed", agent="a1001"):
        await scene.house.happen(SignedIn("a1001", ""), SignedIn("a1009", ""))
        await scene.house.until(lambda: bool(scene.house.of("presence.changed", agent="a1009")))
    offered = CallOffered(
        source="pbx-1", external_id=f"{call}-offered", call=call, dialled=HOTLINE, caller="13800138000"
    )
    return (await scene.core.intake.accept(offered)).contact
