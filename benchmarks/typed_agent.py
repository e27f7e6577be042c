"""Agents by `contactcenter.client`, as an integrator has them: a state of the desk, futures, reconnects."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from benchmarks.door_floor import World
from contactcenter.client import protocol as p
from contactcenter.client.desk import AgentClient
from contactcenter.client.errors import ClientError


async def day(world: World, token: str, ready: asyncio.Event, gate: asyncio.Semaphore) -> None:
    async with AgentClient(world.access.base_url, token) as desk:
        async with gate:
            await desk.sign_in()
            working = asyncio.ensure_future(_work(world, desk))
            await desk.ready()
        ready.set()
        await working


async def _work(world: World, desk: AgentClient) -> None:
    """Everything at once: what is offered is accepted, what is owned is finished, what is finished wrapped up."""
    async for frame in desk.frames():
        match frame:
            case p.OfferFrame(offer=offer):
                world.rang(offer.contact)
                world.spawn(_say(world, desk.accept(offer.offer)))
            case p.AssignedFrame(card=card):
                world.spawn(_say(world, desk.finish(card.contact, no_reply_reason="bench")))
            case p.WrapUpFrame(contact=contact):
                world.spawn(_say(world, desk.wrap_up_done(contact)))
            case p.ReleasedFrame():
                world.ended()


async def _say(world: World, command: Coroutine[Any, Any, Any]) -> None:
    try:
        await command
    except ClientError as refusal:
        world.refused(getattr(refusal, "code", type(refusal).__name__))
