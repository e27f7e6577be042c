"""An agent's part in a contact ends: it closes, or it goes back to its old place in the queue."""

from __future__ import annotations

from msgspec.structs import replace

from routing.at_hand import Released
from routing.capacity import give_back
from routing.desks import Desk, Work
from routing.members import ACTIVE, WAITING
from routing.model import Medium
from routing.turn import Turn


def let_go(turn: Turn, work: Work, reason: str) -> Desk:
    """Take the contact from its owner and give his capacity back; he is idle from now on."""
    state, desk = turn.state, turn.state.desks[work.owner]
    del desk.owned[work.arrival]
    give_back(desk, work)
    work.owner = ""
    desk.rest(turn.now)
    if desk.listed:
        turn.moved(desk)
    elif not desk.has_work():
        del state.desks[desk.id]
    turn.say(Released(work.id, desk.id, reason))
    return desk


def untransferable(work: Work) -> str:
    """A customer who is being called cannot wait in the queue as well: nobody else could call him."""
    if work.consult is not None:
        return "consult_running"
    return "already_dialled" if work.dialled else ""


def return_to_queue(turn: Turn, work: Work, *, released: str, queued: str) -> None:
    """Back to waiting at the old place. The customer's clock starts anew; his first answer stays recorded.

    Of a callback that nobody dialled nobody has answered its customer: its window goes on, and can be breached.
    """
    let_go(turn, work, released)
    if work.contact.medium is Medium.CALLBACK:
        work.answered_at = work.told_at = 0
    work.renew(replace(work.contact, clock_from=turn.now), turn.state)
    work.status = WAITING
    is_free = turn.changed(work)
    turn.queued(work, queued, is_free=is_free)


def return_owned(turn: Turn, desk: Desk, media: tuple[Medium, ...]) -> None:
    """An agent is lost: his active contacts of these media wait for somebody else, oldest first. Talks stay his."""
    for arrival in sorted(desk.owned):
        work = desk.owned[arrival]
        if work.status is ACTIVE and work.contact.medium in media and not work.dialled:
            return_to_queue(turn, work, released="agent_left", queued="agent_left")
