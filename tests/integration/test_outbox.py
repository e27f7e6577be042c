"""What leaves: handed over after the commit, again until acknowledged, dialled at most once, dead but never silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.port import AnyOutbound, ChannelDown, NotSent, PhoneCommand, PostWebhook, Refused, SendMail
from contactcenter.clock import SECOND, SystemClock, SystemIds
from contactcenter.errors import Conflict, NotFound
from contactcenter.realtime.bus import LocalBus
from contactcenter.services.changes import CallWrite, Changes, Outgoing
from contactcenter.services.dead_letters import DeadLetters
from contactcenter.services.sendings import RESEND, handed, taken
from contactcenter.services.views import Scope
from contactcenter.storage.memory import memory_stores
from contactcenter.workers.delivery import PAUSES, Delivery
from contactcenter.workers.outbox import AT_ONCE, Outbox

T0 = 1_767_225_600_000_000
ALL = Scope("ruixun")


class SetClock(SystemClock):
    at = T0

    def now(self) -> int:
        return self.at


class Far:
    """The other side: keeps what it was sent, and does to each what it is told."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.raises: Exception | None = None
        self.holds: asyncio.Event | None = None
        self.arrived = asyncio.Event()

    async def send(self, outbound: AnyOutbound) -> str:
        self.got.append(outbound.id)
        self.arrived.set()
        if self.holds is not None:
            await self.holds.wait()
        if self.raises is not None:
            raise self.raises
        return "250"


class House:
    def __init__(self, *, owned: bool = True) -> None:
        self.clock, self.bus, self.stores, self.far = SetClock(), LocalBus(), memory_stores(), Far()
        self.owned, self.counted = owned, []
        self.chance = 0.0
        self.dead = DeadLetters(
            store=self.stores.outbox,
            changes=self.stores.changes,
            bus=self.bus,
            clock=self.clock,
            ids=SystemIds(),
            counted=self.counted.append,
        )
        self.box = self.another()

    def another(self) -> Outbox:
        """The sender of a process that knows nothing of the last one."""
        delivery = Delivery(
            store=self.stores.outbox,
            senders={"phone": self.far, "mail": self.far, "webhook": self.far},
            clock=self.clock,
            chance=lambda: self.chance,
            bury=self.dead.bury,
            knows_call=self._knows_call,
            owns=lambda source: self.owned,
        )
        return Outbox(
            store=self.stores.outbox,
            delivery=delivery,
            bus=self.bus,
            clock=self.clock,
            kinds=("phone", "mail", "webhook"),
            sources=lambda: ["pbx-1"] if self.owned else [],
        )

    async def _knows_call(self, source: str, call: str) -> bool:
        return await self.stores.intake.call(source, call) is not None

    async def queue(self, *rows: Outgoing) -> None:
        await self.stores.changes.apply(Changes(outbox=list(rows)))

    async def row(self, name: str) -> Any:
        return await self.stores.outbox.sending(ALL, name)

    def pass_s(self, seconds: float) -> None:
        self.clock.at += round(seconds * SECOND)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        part = asyncio.ensure_future(self.box.run())
        await settled()
        try:
            yield
        finally:
            part.cancel()
            await asyncio.wait([part])


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def ring(name: str = "of_1/ring", call: str = "c1", **given: Any) -> Outgoing:
    command = PhoneCommand(id=name, source="pbx-1", call=call, verb=given.pop("verb", "ring"))
    row = {"next_at": T0 + RESEND, "not_after": T0 + 30 * SECOND, **given}
    return Outgoing(id=name, kind="phone", provider="ruixun", client="kangjia", payload=command, created_at=T0, **row)


def dial(**given: Any) -> Outgoing:
    return ring("ct_1/dial", "ct_1/call", verb="dial", next_at=T0, **given)


def mail(name: str = "ob_1", kind: str = "mail") -> Outgoing:
    letter = SendMail(id=name, sender="a@x", sender_name="", to="b@x", subject="", text="", message_id=f"<{name}@x>")
    hook = PostWebhook(id=name, provider="ruixun", webhook="crm", body={})
    payload = letter if kind == "mail" else hook
    return Outgoing(id=name, kind=kind, provider="ruixun", client="kangjia", payload=payload, created_at=T0, next_at=T0)


# --- straight after the commit ---------------------------------------------------------------------------------------


async def test_a_command_travels_with_its_hint_and_is_sent_before_its_row_is_due() -> None:
    house = House()
    async with house.running():
        await house.queue(ring())
        assert await house.stores.outbox.due(T0, 9, 1.0) == [], "not due: whoever was handed it comes first"
        await house.bus.publish("outbox", handed([ring()])[0])
        await settled()
        assert house.far.got == ["of_1/ring"]
        assert (await house.row("of_1/ring")).outcome == "sent: 250"


async def test_nobody_looks_for_a_command_that_travelled_and_everybody_for_what_did_not() -> None:
    house = House()
    async with house.running():
        await house.queue(ring(), mail())
        for hint in handed([ring()]):
            await house.bus.publish("outbox", hint)
        await settled()
        assert house.far.got == ["of_1/ring"]
        for hint in handed([mail()]):
            await house.bus.publish("outbox", hint)
        await settled()
        assert house.far.got == ["of_1/ring", "ob_1"]


async def test_a_command_whose_hint_was_lost_is_sent_when_its_row_comes_due() -> None:
    house = House()
    await house.queue(ring())
    await house.box.round()
    house.far.got.clear()
    await house.queue(ring("of_2/ring"))
    assert await house.box.round() == 0
    house.pass_s(2)
    assert await house.box.round() == 1
    assert house.far.got == ["of_2/ring"]


async def test_after_a_gap_on_the_bus_nobody_waits_for_the_row_to_come_due() -> None:
    house = House()
    async with house.running():
        await house.queue(ring())
        house.bus.gap()
        await settled()
        assert house.far.got == ["of_1/ring"]


async def test_who_does_not_own_the_connection_sends_nothing() -> None:
    house = House(owned=False)
    async with house.running():
        await house.queue(ring())
        await house.bus.publish("outbox", handed([ring()])[0])
        await settled()
    house.pass_s(3)
    assert await house.box.round() == 0
    assert house.far.got == []
    house.owned = True
    assert await house.box.round() == 1


async def test_a_connection_that_is_lost_between_claim_and_sending_is_left_to_its_new_owner() -> None:
    house = House()
    await house.queue(dial())
    claimed = (await house.stores.outbox.due(T0, 1, 5.0))[0]
    house.owned = False
    await house.box.round()
    house.owned = True
    house.pass_s(6)
    assert claimed.attempts == 1
    await house.stores.outbox.retry("ct_1/dial", "not sent: the connection has another owner", house.clock.at)
    await house.box.round()
    assert house.far.got == ["ct_1/dial"], "certainly not dialled before: it may be dialled now"


async def test_commands_about_one_call_keep_their_order() -> None:
    house = House()
    house.far.holds = asyncio.Event()
    async with house.running():
        rows = [ring("1"), ring("2"), ring("3", call="c2")]
        await house.queue(*rows)
        house.box.hand(taken(handed(rows)[0]))
        await settled()
        assert house.far.got == ["1", "3"], "the second waits for the first about the same call"
        house.far.holds.set()
        await settled()
        assert house.far.got == ["1", "3", "2"]


async def test_a_slow_mail_server_does_not_hold_up_a_ring() -> None:
    house = House()
    house.far.holds = asyncio.Event()
    async with house.running():
        await house.queue(*(mail(f"ob_{n}") for n in range(40)))
        await house.bus.publish("outbox")
        await settled()
        assert len(house.far.got) == 16
        await house.queue(ring())
        await house.bus.publish("outbox", handed([ring()])[0])
        await settled()
        assert "of_1/ring" in house.far.got


async def test_a_burst_of_commands_waits_for_places_and_not_for_the_outbox() -> None:
    house = House()
    house.far.holds = asyncio.Event()
    async with house.running():
        rows = [ring(f"of_{number}/ring", call=f"c{number}") for number in range(300)]
        await house.queue(*rows)
        for hint in handed(rows):
            await house.bus.publish("outbox", hint)
        await settled()
        assert len(house.far.got) == AT_ONCE["phone"]
        house.far.holds.set()
        for _ in range(20):
            await settled()
        assert house.far.got == [row.id for row in rows], "each once, in their order, before any of them is due"


async def test_a_late_command_is_never_sent() -> None:
    house = House()
    await house.queue(ring())
    house.pass_s(30)
    house.box.hand(taken(handed([ring()])[0]))
    await house.box.round()
    assert house.far.got == []
    assert (await house.row("of_1/ring")).outcome == "expired"


def test_a_hint_carries_commands_and_never_a_dial() -> None:
    rows = [ring("1"), dial(), mail(), ring("2", next_at=T0)]
    assert [each.id for each in taken(handed(rows)[0])] == ["1"]
    assert handed(rows)[1:] == [b""], "the others are looked for"
    assert handed([dial(), mail()]) == [b""]
    assert b"" not in handed([ring("1")]), "what travels is not due yet: nothing is to be looked for"
    many = handed([ring(f"ct_{'0' * 32}/{number}/a1001/ring") for number in range(200)])
    assert sum(len(taken(hint)) for hint in many) == 200
    assert max(map(len, many)) < 7_500, "a notification holds no more"
    assert taken(b"") == []
    assert taken(b"[{}]") == []


# --- dialling at most once -------------------------------------------------------------------------------------------


async def test_a_dial_that_was_certainly_not_heard_is_made_again() -> None:
    house = House()
    await house.queue(dial())
    house.far.raises = NotSent("connection refused")
    await house.box.round()
    house.far.raises = None
    house.pass_s(1)
    await house.box.round()
    assert house.far.got == ["ct_1/dial"] * 2
    assert (await house.row("ct_1/dial")).outcome == "sent: 250"


@pytest.mark.parametrize("known", [True, False])
async def test_a_dial_whose_result_is_unknown_is_looked_for_and_never_repeated(known: bool) -> None:
    house = House()
    await house.queue(dial())
    house.far.raises = ChannelDown("timeout")
    await house.box.round()
    for _ in range(5):
        house.pass_s(2)
        await house.box.round()
    if known:
        call = CallWrite(source="pbx-1", call="ct_1/call", provider="ruixun", life=b"{}", changed_at=T0, expected=None)
        await house.stores.changes.apply(Changes(calls=[call]))
    house.pass_s(30)
    await house.box.round()
    row = await house.row("ct_1/dial")
    assert house.far.got == ["ct_1/dial"]
    assert row.dead is not known
    assert row.outcome.startswith("sent: the platform reported" if known else "nobody knows whether it was dialled")


async def test_a_sender_that_dies_while_dialling_leaves_no_second_dial() -> None:
    house = House()
    await house.queue(dial())
    await house.stores.outbox.due(T0, 1, 5.0)  # claimed by a process that is killed before it can say how it went
    house.pass_s(6)
    await house.another().round()
    assert house.far.got == []
    house.pass_s(30)
    await house.another().round()
    assert house.far.got == []
    assert (await house.row("ct_1/dial")).dead


# --- again, and given up ---------------------------------------------------------------------------------------------


async def test_pauses_grow_with_jitter_until_a_sending_is_given_up() -> None:
    house = House()
    await house.queue(mail("wm_1", "webhook"))
    house.far.raises = ChannelDown("500")
    house.chance = 0.999
    for pause in PAUSES["webhook"]:
        await house.box.round()
        house.pass_s(pause / SECOND)
        assert await house.box.round() == 0, "not before its pause and its jitter are over"
        house.pass_s(pause / SECOND / 2)
    await house.box.round()
    row = await house.row("wm_1")
    assert (row.dead, row.attempts) == (True, len(PAUSES["webhook"]) + 1)
    assert row.outcome == "gave up after 8 tries: 500"
    assert house.counted == ["webhook"]


async def test_a_mail_is_tried_again_with_the_same_message_id() -> None:
    house = House()
    await house.queue(mail())
    house.far.raises = ChannelDown("451")
    await house.box.round()
    house.far.raises = None
    house.pass_s(10)
    await house.box.round()
    assert house.far.got == ["ob_1", "ob_1"]


async def test_a_dead_letter_is_told_listed_and_sent_again_on_demand() -> None:
    house = House()
    await house.queue(mail())
    house.far.raises = Refused("550 no such mailbox")
    await house.box.round()
    assert [each.id for each in await house.dead.listed(ALL, 10)] == ["ob_1"]
    facts = [fact async for fact in house.stores.reads.facts_between(ALL, 0, T0 * 2, ["ops.outbox_dead"])]
    assert [fact.data["sending"] for fact in facts] == ["ob_1"]
    house.far.raises = None
    await house.dead.replay(ALL, "ob_1", "operator")
    await house.box.round()
    assert (await house.row("ob_1")).outcome == "sent: 250"
    assert await house.dead.listed(ALL, 10) == []


async def test_what_may_not_be_sent_again_says_why() -> None:
    house = House()
    await house.queue(mail(), ring())
    with pytest.raises(Conflict) as wrong:
        await house.dead.replay(ALL, "ob_1", "operator")
    assert wrong.value.code == "not_dead"
    await house.stores.outbox.done("of_1/ring", "refused", T0, dead=True)
    house.pass_s(31)
    with pytest.raises(Conflict) as wrong:
        await house.dead.replay(ALL, "of_1/ring", "operator")
    assert wrong.value.code == "of_no_use"
    with pytest.raises(NotFound):
        await house.dead.replay(Scope("ruixun", "xinghai"), "ob_1", "operator")
