"""What an agent can say, one method a command. Each returns what the service answered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from contactcenter.client import protocol as p
from contactcenter.client import world

Answer = dict[str, Any]


class Verbs(ABC):
    """Builds commands with fresh ids; `send` brings them there."""

    def __init__(self, ids: world.Ids) -> None:
        self._ids = ids

    @abstractmethod
    async def send(self, command: p.Command) -> Answer:
        """One command, one answer."""

    # --- the seat ----------------------------------------------------------------------------------------

    async def sign_in(self, device: str = "") -> Answer:
        """Take the seat. With a device calls ring there; without one `accept` is the answer."""
        return await self.send(p.SignIn(id=self._ids(), device=device))

    async def sign_out(self) -> Answer:
        return await self.send(p.SignOut(id=self._ids()))

    async def ready(self) -> Answer:
        return await self.send(p.Ready(id=self._ids()))

    async def not_ready(self, reason: str) -> Answer:
        """reason: break | lunch | meeting | training | after_hard_contact | other."""
        return await self.send(p.NotReady(id=self._ids(), reason=reason))

    # --- offers and contacts -----------------------------------------------------------------------------

    async def accept(self, offer: str) -> Answer:
        return await self.send(p.Accept(id=self._ids(), offer=offer))

    async def decline(self, offer: str, reason: str = "") -> Answer:
        return await self.send(p.Decline(id=self._ids(), offer=offer, reason=reason))

    async def say(self, contact: str, text: str) -> Answer:
        """A chat message or the reply to a mail."""
        return await self.send(p.Say(id=self._ids(), contact=contact, text=text))

    async def messages(self, contact: str, after: int = 0) -> Answer:
        """The conversation of one of my contacts, from number `after` on."""
        return await self.send(p.Messages(id=self._ids(), contact=contact, after=after))

    async def dial(self, contact: str) -> Answer:
        """Call the customer of an accepted callback, after the preview."""
        return await self.send(p.Dial(id=self._ids(), contact=contact))

    async def finish(self, contact: str, *, result: str = "", no_reply_reason: str = "") -> Answer:
        """End it. A callback names its result, a mail without a reply the reason."""
        said = p.Finish(id=self._ids(), contact=contact, result=result, no_reply_reason=no_reply_reason)
        return await self.send(said)

    async def wrap_up_done(self, contact: str, *, result: str = "") -> Answer:
        """Free again. `result`: what a callback really was, such as wrong_number (services/callback_corrections.py)."""
        return await self.send(p.WrapUpDone(id=self._ids(), contact=contact, result=result))

    async def transfer(self, contact: str, *, view: str = "", agent: str = "", reason: str = "") -> Answer:
        """Back into the queue at its old place: to a view, or to the agent with this public number."""
        return await self.send(p.Transfer(id=self._ids(), contact=contact, view=view, agent=agent, reason=reason))

    # --- during a call -----------------------------------------------------------------------------------

    async def hold(self, contact: str) -> Answer:
        """The customer hears music until `resume`."""
        return await self.send(p.Hold(id=self._ids(), contact=contact))

    async def resume(self, contact: str) -> Answer:
        return await self.send(p.Resume(id=self._ids(), contact=contact))

    async def consult(self, contact: str, *, agent: str = "", view: str = "") -> Answer:
        """Ask a colleague: by public number, or the best free one of a view. The call stays mine."""
        return await self.send(p.Consult(id=self._ids(), contact=contact, agent=agent, view=view))

    async def join(self, contact: str) -> Answer:
        """Hand the call to the colleague who is consulted and has answered: a warm transfer."""
        return await self.send(p.Join(id=self._ids(), contact=contact))

    async def leave(self, contact: str) -> Answer:
        """End the consult, as the owner or as the one who is consulted."""
        return await self.send(p.Leave(id=self._ids(), contact=contact))

    async def record(self, contact: str, state: str) -> Answer:
        """state: on | pause | off."""
        return await self.send(p.Record(id=self._ids(), contact=contact, state=state))

    async def hang_up(self, contact: str) -> Answer:
        return await self.send(p.HangUp(id=self._ids(), contact=contact))

    # --- cases and complaints ----------------------------------------------------------------------------

    async def open_case(self, contact: str, kind: str, subject: str = "") -> Answer:
        """kind: consult | repair | complaint | claim."""
        return await self.send(p.OpenCase(id=self._ids(), contact=contact, kind=kind, subject=subject))

    async def complain(self, contact: str, summary: str, **said: str) -> Answer:
        """Raise a complaint from any contact; `said`: cause, desired_remedy, accused."""
        return await self.send(p.Complain(id=self._ids(), contact=contact, summary=summary, **said))

    async def escalate(self, case: str, reason: str, note: str = "") -> Answer:
        """reason: customer_asks_leader | refusals | over_limit | three_agents | severity | other."""
        return await self.send(p.Escalate(id=self._ids(), case=case, reason=reason, note=note))

    async def close_case(self, case: str, outcome: str, proof: str = "") -> Answer:
        """outcome: resolved (with its proof) | gave_up."""
        return await self.send(p.CloseCase(id=self._ids(), case=case, outcome=outcome, proof=proof))

    async def note(self, case: str, text: str) -> Answer:
        return await self.send(p.Note(id=self._ids(), case=case, text=text))

    async def fetch(self) -> Answer:
        """Ask for a fresh snapshot."""
        return await self.send(p.Fetch(id=self._ids()))
