"""`contactcenter simulate call|mail|chat|callback`: one contact through a public door of a running service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from contactcenter.client import world
from contactcenter.client.chat import Visitor
from contactcenter.demo.access import DemoAccess, load
from contactcenter.demo.doors import HASTE, Doors, Letter, opened
from contactcenter.demo.layout import House, houses
from contactcenter.errors import Invalid


class Options(Struct, frozen=True, kw_only=True):
    """Who it is for and what it says; empty means a made-up customer. `stays_s`: how long a visitor keeps the page."""

    client: str = ""
    caller: str = ""
    text: str = ""
    language: str = ""
    stays_s: float = 60.0


class Scene(Struct, frozen=True):
    """One simulation: the doors, the house whose customer it is, and a name nobody used before."""

    doors: Doors
    house: House
    options: Options
    name: str

    @property
    def caller(self) -> str:
        return self.options.caller or f"139{int(self.name[-12:], 16) % 10**8:08d}"


async def simulate(
    kind: str, access: DemoAccess | Path, options: Options | None = None, *, ids: world.Ids = world.new_id
) -> int:
    """For __main__. `access` may be the data directory. Returns the exit code."""
    if kind not in KINDS:
        raise Invalid(f"simulate makes {', '.join(KINDS)}; not {kind}", field="kind")
    known = load(access) if isinstance(access, Path) else access
    asked = options or Options()
    async with opened(known, patience=HASTE) as doors:
        document = (await doors.operator.get("/v1/configuration"))["document"]
        scene = Scene(doors, _house(document, asked.client), asked, ids())
        contact = await KINDS[kind](scene)
        await _tell(doors, contact)
    return 0


def _house(document: Any, client: str) -> House:
    """The named client's, else the smallest house that has every door."""
    built = houses(document, agents=10_000)
    found = next((house for house in built if house.client == client), None) if client else built[0]
    if found is None:
        raise Invalid(
            f"there is no client {client}; known are {', '.join(one.client for one in built)}", field="client"
        )
    return found


# --- one of each ---------------------------------------------------------------------------------------------


async def _call(scene: Scene) -> str:
    line = scene.house.hotline.number
    said = {"language": scene.options.language} if scene.options.language else {}
    receipt = await scene.doors.phone.offered(f"sim-{scene.name}", dialled=line, caller=scene.caller, **said)
    print(f"A call from {scene.caller} reached line {line} of {scene.house.client}.")
    _print_receipt(receipt)
    if receipt.get("instruction") == "queue":
        print("It rings until somebody answers; hang up with the platform's call.released for this call id:")
        print(f"  sim-{scene.name}")
    return str(receipt["contact"])


async def _callback(scene: Scene) -> str:
    line = (scene.house.toll_free or scene.house.hotline).number
    receipt = await scene.doors.phone.callback(f"sim-{scene.name}", dialled=line, number=scene.caller)
    print(f"{scene.caller} asked on line {line} of {scene.house.client} to be called back.")
    _print_receipt(receipt)
    return str(receipt["contact"])


async def _mail(scene: Scene) -> str:
    tag = f"[{scene.name[:8]}]"
    letter = Letter(
        sender=f"kunde.{scene.name[:8]}@mail.example",
        to=scene.house.mailbox,
        subject=f"询问保修期 {tag}",
        text=scene.options.text or "你好，我想问一下电视的保修期是多久。谢谢。",
        message_id=f"<{scene.name}@mail.example>",
    )
    await scene.doors.mail(letter)
    print(f"A mail from {letter.sender} was taken for {letter.to}: {letter.subject}")
    return await _found(scene, tag)


async def _chat(scene: Scene) -> str:
    tag = f"[{scene.name[:8]}]"
    who = Visitor(
        name="小李", topic=f"网络连接 {tag}", language=scene.options.language or "zh-CN", contact_point=scene.caller
    )
    async with scene.doors.visitor(scene.house.site, who) as visitor:
        await visitor.say(scene.options.text or "你好，新买的电视连不上网络。")
        contact = await _found(scene, tag)
        print(
            f"A visitor of {scene.house.site} wrote: contact {contact}. The page stays {scene.options.stays_s:.0f} s."
        )
        shown = 0
        for _ in range(round(scene.options.stays_s / 0.5)):
            for message in visitor.messages[shown:]:
                print(f"  {message.sender} {message.agent_number}: {message.text}")
            shown = len(visitor.messages)
            if visitor.ended:
                break
            await asyncio.sleep(0.5)
        await visitor.leave()
    return contact


KINDS: dict[str, Callable[[Scene], Awaitable[str]]] = {
    "call": _call,
    "mail": _mail,
    "chat": _chat,
    "callback": _callback,
}

# --- telling -------------------------------------------------------------------------------------------------


def _print_receipt(receipt: dict[str, Any]) -> None:
    instruction = "pending: it follows as a command" if receipt["pending"] else receipt["instruction"]
    print(f"  contact      {receipt['contact']}")
    print(f"  instruction  {instruction}")
    if receipt["text"]:
        print(f"  text         {receipt['text']}")


async def _found(scene: Scene, tag: str) -> str:
    for _ in range(50):
        contact = await scene.doors.find(tag)
        if contact:
            return contact
        await asyncio.sleep(0.1)
    return ""


async def _tell(doors: Doors, contact: str) -> None:
    """Where it is now, and where to look."""
    base = doors.access.base_url
    if not contact:
        print("It was stored, but no contact is known yet: look at the wallboard.")
    else:
        row = (await doors.contact(contact))["contact"]
        print(f"  state        {row['state']}{' by ' + row['owner'] if row['owner'] else ''}")
        print(f"  why          curl -H 'Authorization: Bearer {doors.access.operator}' {base}/v1/contacts/{contact}")
    print(f"Be the agent: {base}/agent   See the queue: {base}/wallboard")
