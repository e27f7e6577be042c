"""Customers who are called back over the carrier: what became of the call is what the attempt says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from conftest import Scene, flows
from floor import offered, seen
from sip import Device

from contactcenter.clock import SystemClock
from contactcenter.demo.people import awake

TOLL_FREE = "8000000102"
AMD_S = 6
"""It listens no longer."""


def mobile(last: str) -> str:
    """Of somebody for whom it is day: nobody is called back at night, and these tests have a real clock."""
    return f"{awake(SystemClock().now())}0000{last}"


def international(number: str) -> str:
    return number if number.startswith("+") else f"+86{number}"


async def asked_for(scene: Scene, caller: str) -> str:
    """By keys, by a caller of his own who is promised nothing yet."""
    call = scene.dial(TOLL_FREE, caller=caller)
    call.until("CONFIRMED")
    for key in "13111":
        await asyncio.sleep(1.2)
        if not call.over:
            call.press(key)
    return await scene.contact()


async def dialled(scene: Scene, customer: Device) -> str:
    """Asked for, offered, accepted; the agent's phone has answered and the customer is dialled."""
    desk = await scene.at_work("a1002", "1002")
    await desk.not_ready("break")
    contact = await asked_for(scene, customer.name)
    scene.place.phones.customers[international(customer.name)] = customer
    scene.device("1002").answers_after_s = 0.2
    await desk.ready()
    offer = await offered(desk, contact)
    await desk.accept(offer.offer)
    await seen(desk, lambda state: state.owns(contact))
    await desk.dial(contact)
    await scene.until("the customer's phone rings", lambda: customer.calls)
    return contact


def results(scene: Scene, contact: str) -> Callable[[], Awaitable[list[str]]]:
    async def told() -> list[str]:
        facts = (await scene.story(contact))["facts"]
        return [fact["data"]["result"] for fact in facts if fact["kind"] == "callback.attempted"]

    return told


async def over(scene: Scene, contact: str) -> None:
    scene.device("1002").last.until("DISCONNECTED", 5)
    await scene.desks["a1002"].wrap_up_done(contact)
    await scene.clean(waits=contact)


async def test_a_callback_is_asked_for_by_keys_and_dialled(scene: Scene) -> None:
    """AMD() listens to the customer, who says hello and waits; then they talk."""
    customer = Device(mobile("7771"), answers_after_s=1.0)
    contact = await dialled(scene, customer)
    customer.last.until("CONFIRMED")
    await asyncio.sleep(AMD_S)
    assert await flows(customer.last) > 30
    assert await flows(scene.device("1002").last) > 30
    customer.last.hang_up()
    await scene.state(contact, "wrap_up", "ended")
    assert await results(scene, contact)() == ["reached"]
    await over(scene, contact)


@pytest.mark.parametrize(
    ("customer", "result"),
    [
        (Device(mobile("7772"), refuses=486), "busy"),
        (Device(mobile("7773"), refuses=603), "busy"),
        (Device(mobile("7774"), refuses=404), "unreachable"),
        (Device(mobile("7775"), answers_after_s=0.5, talks_on=True), "answering_machine"),
    ],
    ids=["busy", "declined", "unknown", "machine"],
)
async def test_a_customer_who_is_not_reached(scene: Scene, customer: Device, result: str) -> None:
    contact = await dialled(scene, customer)
    told: Any = await scene.asked("the attempt is over", results(scene, contact), 20)
    assert told == [result]
    await over(scene, contact)


async def test_the_agent_hangs_up_while_the_customer_rings(scene: Scene) -> None:
    customer = Device(mobile("7776"))
    contact = await dialled(scene, customer)
    await scene.until("he rings", lambda: customer.ringing)
    scene.device("1002").last.hang_up()
    await scene.until("he is quiet", lambda: not customer.ringing, 5)
    told: Any = await scene.asked("the attempt is over", results(scene, contact), 20)
    assert len(told) == 1
    await over(scene, contact)


async def test_the_service_is_killed_while_the_customer_rings(scene: Scene) -> None:
    """Whoever comes after it lets both phones go, records the attempt and frees the agent."""
    customer = Device(mobile("7777"))
    contact = await dialled(scene, customer)
    await scene.until("he rings", lambda: customer.ringing)
    scene.service.kill()
    await asyncio.sleep(1)
    assert customer.ringing, "nobody tells his phone"
    scene.place.service = scene.place.home.start()
    await scene.until("he is quiet", lambda: not customer.ringing)
    await scene.state(contact, "wrap_up", "ended")
    assert await results(scene, contact)() == ["no_answer"]
    await over(scene, contact)


async def test_a_talk_that_ends_while_the_service_is_away_was_one(scene: Scene) -> None:
    """Its answer had been told: nobody calls him again."""
    customer = Device(mobile("7778"), answers_after_s=0.5)
    contact = await dialled(scene, customer)
    await scene.until("he answers", lambda: customer.last.state == "CONFIRMED")
    await asyncio.sleep(AMD_S)
    assert await flows(customer.last) > 30
    scene.service.kill()
    customer.last.hang_up()
    await asyncio.sleep(1)
    scene.place.service = scene.place.home.start()
    await scene.state(contact, "wrap_up", "ended")
    assert await results(scene, contact)() == ["reached"]
    await over(scene, contact)


async def test_a_customer_who_calls_himself_is_not_called_while_he_is_in_the_flow(scene: Scene) -> None:
    caller = mobile("7779")
    contact = await asked_for(scene, caller)
    await asyncio.sleep(1.5)  # what flows know is a second old
    call = scene.dial(TOLL_FREE, caller=caller)
    call.until("CONFIRMED")
    held = await scene.state(contact, "ended")
    assert "callback.held" in [fact["kind"] for fact in held["facts"]]
    call.hang_up()
    (again,) = await scene.asked("it stands again", scene.new, 45)
    assert (again["contact"]["medium"], again["contact"]["state"] == "ended") == ("callback", False)
