"""Agents at their desks: programs that take whatever rings, answer, write up. Each thing they say is written down."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from contactcenter.client import protocol as p
from contactcenter.client.desk import AgentClient
from contactcenter.client.errors import ClientError, DeskError
from contactcenter.client.world import Patience
from drill.ledger import Ledger
from drill.records import Commanded

BRIEF = Patience(first_s=0.05, longest_s=0.5, tries=12)
ANSWER_S = 20.0


class Written(AgentClient):
    """A client that keeps what it said and what it was answered."""

    def __init__(self, url: str, token: str, *, agent: str, ledger: Ledger) -> None:
        super().__init__(url, token, patience=BRIEF)
        self.agent, self.ledger = agent, ledger

    async def send(self, command: p.Command) -> dict[str, Any]:
        answer = ""
        try:
            async with asyncio.timeout(ANSWER_S):
                said = await super().send(command)
            answer = "ok"
            return said
        except DeskError as refusal:
            answer = refusal.code
            raise
        finally:
            kind = str(type(command).__struct_config__.tag)
            text = command.text if isinstance(command, p.Say) else ""
            self.ledger.commanded.append(
                Commanded(agent=self.agent, id=command.id, kind=kind, answer=answer, text=text)
            )


class Agent:
    """`device`: calls ring at a phone, and the drill's platform answers for him."""

    def __init__(self, name: str, token: str, url: str, *, device: str, ledger: Ledger, rng: Random) -> None:
        self.name, self._device, self._rng = name, device, rng
        self._url, self._token, self._ledger = url, token, ledger
        self._replies = 0
        self.asleep = False
        """Takes nothing on: lets it ring."""
        self.connections = 0
        self.desk: AgentClient | None = None

    async def run(self) -> None:
        """Until cancelled."""
        async with Written(self._url, self._token, agent=self.name, ledger=self._ledger) as desk:
            self.desk = desk
            await _try(desk.sign_in(self._device))
            while True:
                self.connections = desk.connections
                await self._turn(desk)
                await self._wait(desk)

    async def _wait(self, desk: AgentClient) -> None:
        busy = bool(desk.desk.offers or desk.desk.contacts)
        await asyncio.sleep(self._rng.uniform(0.05, 0.3) if busy else self._rng.uniform(0.2, 0.5))

    async def _turn(self, desk: AgentClient) -> None:
        """One look at the desk."""
        state = desk.desk
        if not desk.fresh:
            return
        if state.presence.state == "offline":
            await _try(desk.sign_in(self._device))
        if state.presence.state == "not_ready" or (state.presence.state == "offline" and not self.asleep):
            await _try(desk.ready())
        if self.asleep:
            return
        for offer in list(state.offers.values()):
            if not (self._device and offer.card.medium == "voice"):
                await self._decide(desk, offer)
        for card in list(desk.desk.contacts.values()):
            await self._work(desk, card)

    async def _decide(self, desk: AgentClient, offer: p.OfferCard) -> None:
        if self._rng.random() < 0.04:
            await _try(desk.decline(offer.offer, "other"))
        else:
            await _try(desk.accept(offer.offer))

    async def _work(self, desk: AgentClient, card: p.Card) -> None:
        """Written work is answered, talk takes a moment; then it is over and written up."""
        if card.state == "wrap_up":
            await _try(desk.wrap_up_done(card.contact))
        elif card.medium in ("mail", "chat") and self._rng.random() < 0.4:
            self._replies += 1
            await _try(desk.say(card.contact, f"{self.name} 答复 {self._replies} {card.contact}"))
            if card.medium == "mail":
                await _try(desk.finish(card.contact, no_reply_reason="drill"))
        elif self._rng.random() < 0.25:
            await self._finish(desk, card)

    async def _finish(self, desk: AgentClient, card: p.Card) -> None:
        result = "reached" if card.medium == "callback" else ""
        await _try(desk.finish(card.contact, result=result, no_reply_reason="drill" if card.medium == "mail" else ""))


async def _try(said: Any) -> None:
    """What just changed under his hand, or was not answered in time, is no error of the agent's."""
    try:
        await said
    except (ClientError, TimeoutError):
        return
