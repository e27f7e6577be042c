"""A complainant whom an agent holds by his phone's own key is seen like one who is held from the desk (B09).

The platform tells of every hold. One that the desk has just ordered is on record and told already (talk.py); while a
colleague is consulted the customer is held for that, which is how a complaint is handed on.
"""

from __future__ import annotations

from typing import Final

from contactcenter.clock import SECOND, Ids, Micros
from contactcenter.domain.facts import Fact
from contactcenter.services.directories import Directories
from contactcenter.services.intake import Plan
from contactcenter.services.notices import NoticePush, supervisors_of
from contactcenter.services.ports import DoorReads
from contactcenter.services.seats import public_number
from contactcenter.services.views import ContactView, Scope

ORDERED: Final = 15 * SECOND
"""How long after its order a hold may begin: a command is of use for ten seconds."""


class OwnHolds:
    def __init__(self, reads: DoorReads, directories: Directories, ids: Ids) -> None:
        self._reads = reads
        self._directories = directories
        self._ids = ids

    async def held(self, call: ContactView, now: Micros, plan: Plan) -> None:
        """Add the fact and the supervisors' notices, where this hold is the agent's own of a complaint."""
        if not call.complaint or call.state != "active" or await self._is_known(call, now):
            return
        plan.changes.facts.append(_fact(self._ids.new("ft"), call, now))
        directory = self._directories.of(call.provider)
        told: dict[str, str | int] = {"number": public_number(directory, call.owner)}
        plan.notices += [
            NoticePush(agent=each, notice="complaint_held", at=now, contact=call.id, params=told)
            for each in supervisors_of(directory, call.client)
        ]

    async def _is_known(self, call: ContactView, now: Micros) -> bool:
        desk = await self._reads.desk(call.provider, call.owner)
        if desk is not None and any(each.contact == call.id for each in desk.consults):
            return True
        facts = await self._reads.facts_of_contact(Scope(call.provider, call.client), call.id)
        return any(fact.kind == "call.held" and fact.at >= now - ORDERED for fact in facts)


def _fact(name: str, call: ContactView, now: Micros) -> Fact:
    return Fact(
        id=name,
        at=now,
        kind="call.held",
        provider=call.provider,
        client=call.client,
        contact=call.id,
        case=call.case,
        customer=call.customer,
        agent=call.owner,
        data={"complaint": True, "by": "device"},
    )
