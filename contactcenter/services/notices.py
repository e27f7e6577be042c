"""Something a colleague should see now: a breach, an escalation, an answer. Lossy like every push: rows hold the truth.

A notice travels on the topic of a desk beside the router's pushes; it has no number, so it can never make a gap.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.directory import Directory
from contactcenter.errors import NotFound
from contactcenter.services.changes import Changes
from contactcenter.services.complaint_rows import Matter
from contactcenter.services.office import Office
from contactcenter.services.pushes import DeskPush, decode_desk
from contactcenter.services.wording import Wording

KEYS: Final = {
    "case_breached": "desk.overdue",
    "case_due_soon": "desk.due",
    "contact_breached": "desk.overdue",
    "missed_offer": "why.outcome.no_answer",
    "missed_twice": "ops.missed_twice",
    "complaint_raised": "desk.complaint",
    "complaint_escalated": "desk.escalate",
    "complaint_overdue": "ops.overdue_complaint",
    "complaint_accepted": "desk.accept",
    "complaint_decided": "desk.decide",
}
"""Where the words of a notice stand until the catalogue has a sentence `desk.notice.<code>` of its own."""


class NoticePush(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """On topic `desk:<agent>`. `params` fill the sentence; `case` is the number people know."""

    agent: str
    notice: str
    at: int
    contact: str = ""
    params: dict[str, str | int] = {}


_decode_notice = msgspec.json.Decoder(NoticePush).decode


def decode_push(payload: bytes) -> DeskPush | NoticePush:
    """Either kind of push on a desk's topic; a notice has none of the numbers that a desk push must have."""
    try:
        return decode_desk(payload)
    except msgspec.ValidationError:
        return _decode_notice(payload)


def notice_text(wording: Wording, push: NoticePush, language: str) -> str:
    """The sentence in the agent's language; before the catalogue has one, the case's number and a word."""
    word = wording.desk(KEYS.get(push.notice, ""), language, push.notice, **push.params)
    prefix = f"{push.params['case']}: " if "case" in push.params and str(push.params["case"]) not in word else ""
    return wording.desk(f"desk.notice.{push.notice}", language, prefix + word, **push.params)


class Notices:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def tell(self, agent: str, code: str, *, at: int, contact: str = "", **params: str | int) -> None:
        """To one desk; nothing happens when nobody sits there."""
        if agent:
            push = NoticePush(agent=agent, notice=code, at=at, contact=contact, params=params)
            await self._office.bus.publish(f"desk:{agent}", msgspec.json.encode(push))

    async def tell_supervisors(
        self, provider: str, client: str, code: str, *, at: int, contact: str = "", **params: str | int
    ) -> None:
        """To the supervisors of the client's own lease (I7), and a hint to the live feeds."""
        for supervisor in self._supervisors(provider, client):
            await self.tell(supervisor, code, at=at, contact=contact, **params)
        await self._office.bus.publish(f"live:{provider}")

    def _supervisors(self, provider: str, client: str) -> list[str]:
        try:
            return supervisors_of(self._office.directory(provider), client)
        except NotFound:
            return []


def supervisors_of(directory: Directory, client: str) -> list[str]:
    """The supervisors of the client's own lease (I7)."""
    return [each.id for each in directory.supervisors() if directory.lease(each.lease).client == client]


async def complaint_told(office: Office, matter: Matter, code: str, now: Micros, changes: Changes) -> None:
    """After the commit: routers and senders wake; supervisors and who took the complaint in see it."""
    if changes.events:
        await office.bus.publish(f"domain:{matter.provider}")
    if changes.outbox:
        await office.bus.publish("outbox")
    notices, level = Notices(office), matter.escalation.level
    told = {"contact": matter.contact, "case": matter.number}
    await notices.tell_supervisors(matter.provider, matter.client, code, at=now, level=level, **told)
    taken_by = matter.complaint.steps[0].by
    if taken_by != matter.complaint.accused:
        await notices.tell(taken_by, code, at=now, level=level, **told)
