"""Customers: they call, hang up, write and chat, and do not give up until a door has acknowledged what they said."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from random import Random

import aiosmtplib

from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.errors import ClientError
from contactcenter.client.world import Patience
from contactcenter.clock import SystemClock
from contactcenter.demo.people import awake
from drill.ledger import Ledger
from drill.platform import Platform

LINES = ("4000000101", "8000000102", "4000000201", "8000000202", "075500000103")
MAILBOXES = ("service@kangjia.example", "service@xinghai.example")
SITES = ("kangjia-web", "xinghai-web")
BRIEF = Patience(first_s=0.05, longest_s=0.5, tries=200)
SMTP_S = 8.0


class Customers:
    """One hour of a busy morning in seconds. `stop` lets those who came finish; `rate` is arrivals a second."""

    def __init__(self, ledger: Ledger, platform: Platform, rng: Random, tag: str) -> None:
        self._ledger, self._platform, self._rng, self._tag = ledger, platform, rng, tag
        self._number = 0
        self.chat_doors: list[str] = []
        self.smtp_doors: list[int] = []
        self.rate = 6.0
        self.stopped = asyncio.Event()
        self.gave_up = 0

    async def run(self) -> None:
        """Comes back when the last one has gone; calls stay open in the ledger until the platform clears them."""
        async with asyncio.TaskGroup() as group:
            while not self.stopped.is_set():
                self._number += 1
                kind = self._rng.choices((self._call, self._chat, self._mail, self._callback), (5, 2, 2, 1))[0]
                group.create_task(kind(self._number))
                try:
                    async with asyncio.timeout(self._rng.expovariate(self.rate)):
                        await self.stopped.wait()
                except TimeoutError:
                    continue

    # --- calls -------------------------------------------------------------------------------------------------

    async def _call(self, number: int) -> None:
        """Offered, perhaps twice or late; most hang up after a while, whether they were served or not."""
        rng, call = self._rng, f"{self._tag}-c{number}"
        offered = self._platform.event(
            "call.offered", call, dialled=rng.choice(LINES), caller=f"139{number % 10**8:08d}", language="zh-CN"
        )
        released = self._platform.event("call.released", call, by="customer")
        fate = rng.random()
        if fate < 0.06:  # Reordered: the end is told before the beginning.
            await self._platform.post(released)
            await self._platform.post(offered)
            return
        if fate < 0.12:  # Delayed, and then told by two at once.
            await asyncio.sleep(rng.uniform(0.5, 3))
            await asyncio.gather(self._platform.post(offered), self._platform.post(offered))
        else:
            reply = await self._platform.post(offered)
            self._ledger.calls[call] = reply["contact"]
        if fate > 0.8:
            await self._platform.post(offered)
        await asyncio.sleep(rng.uniform(0.5, 9))
        await self._platform.post(released)
        self._ledger.calls.pop(call, None)
        if fate > 0.9:
            await self._platform.post(released)

    async def _callback(self, number: int) -> None:
        event = self._platform.event(
            "callback.requested", f"{self._tag}-b{number}", dialled=self._rng.choice(LINES[:4]),
            number=f"{awake(SystemClock().now())}{number % 10**7:08d}",
        )  # fmt: skip
        await self._platform.post(event)
        if self._rng.random() < 0.3:
            await self._platform.post(event)

    # --- writing -----------------------------------------------------------------------------------------------

    async def _mail(self, number: int) -> None:
        """One Message-ID until the door says 250; a mail whose 250 got lost on the way is sent again."""
        letter = EmailMessage()
        name = f"<{self._tag}.{number}@customer.example>"
        letter["From"], letter["To"] = f"li{number}@customer.example", self._rng.choice(MAILBOXES)
        letter["Subject"], letter["Message-ID"] = f"保修 {number}", name
        letter.set_content("你好,请问保修期多长?")
        for _ in range(300):
            try:
                port = self._rng.choice(self.smtp_doors)
                await aiosmtplib.send(letter, hostname="127.0.0.1", port=port, timeout=SMTP_S, start_tls=False)
            except (OSError, aiosmtplib.SMTPException) as problem:
                self._ledger.refused[f"smtp {getattr(problem, 'code', type(problem).__name__)}"] += 1
                await asyncio.sleep(self._rng.uniform(0.1, 0.6))
            else:
                self._ledger.acknowledge("mail", name)
                return
        self.gave_up += 1

    async def _chat(self, number: int) -> None:
        """Opened, some words, and gone; whatever `say` returned for is stored."""
        rng = self._rng
        try:
            async with asyncio.timeout(90):
                visitor = ChatVisitor(
                    rng.choice(self.chat_doors), rng.choice(SITES), Visitor(name=f"小李{number}"), patience=BRIEF
                )
                async with visitor:
                    self._ledger.acknowledge("chat", visitor.session, subject=visitor.session)
                    await self._talk(visitor, number)
                    await visitor.leave()
        except (TimeoutError, ClientError):
            self.gave_up += 1

    async def _talk(self, visitor: ChatVisitor, number: int) -> None:
        for word in range(self._rng.randint(1, 4)):
            text = f"{self._tag} 第{number}位 第{word}句"
            await visitor.say(text)
            if visitor.ended:
                return
            self._ledger.acknowledge("word", text, subject=visitor.session)
            await asyncio.sleep(self._rng.uniform(0.1, 1.5))
