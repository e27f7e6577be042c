"""The agents' side of the script, and its waiting: what is done at the desks, and what must follow before going on."""

from __future__ import annotations

import asyncio

from contactcenter.client.errors import DeskError
from contactcenter.demo import script as s
from contactcenter.demo.customers import CUSTOMERS, over
from contactcenter.demo.floor import Ring, Seat
from contactcenter.demo.lane import Act, Gone, Ref, Stage

OFFER_GONE = ("offer_gone", "unknown_offer", "not_found")
NO_LONGER_HIS = ("contact_not_active", "unknown_contact", "not_owner", "not_yours", "not_active")
"""Somebody else, or a timer, was quicker: what was wanted is done already."""

# --- the agent -----------------------------------------------------------------------------------------------------


async def take(stage: Stage, step: s.Take) -> None:
    """Until somebody owns it: a withdrawn offer rings again elsewhere."""
    ref = stage.ref(step.label)
    while stage.floor.owner(ref.contact) is None:
        await stage.see(ref, lambda: bool(stage.floor.rings(ref.contact) or stage.floor.owner(ref.contact)), "it rings")
        rings = stage.floor.rings(ref.contact)
        if rings:
            await _answer(stage, ref, rings[-1] if step.last else rings[0])


async def _answer(stage: Stage, ref: Ref, ring: Ring) -> None:
    try:
        if ring.seat.device and ref.medium == "voice":
            await stage.doors.phone.answered(ref.call, ring.offer.offer)
        else:
            await ring.seat.client.accept(ring.offer.offer)
    except DeskError as refusal:
        if refusal.code not in OFFER_GONE:
            raise

    def answered() -> bool:
        ringing = any(one.offer.offer == ring.offer.offer for one in stage.floor.rings(ref.contact))
        return stage.floor.owner(ref.contact) is not None or not ringing

    await stage.see(ref, answered, "it is answered")


async def decline(stage: Stage, step: s.Decline) -> None:
    """It rings elsewhere then."""
    ref = stage.ref(step.label)
    rings = stage.floor.rings(ref.contact)
    if not rings:
        return
    declined = rings[0]
    await declined.seat.client.decline(declined.offer.offer, "other")
    await stage.see(ref, lambda: _elsewhere(stage, ref, declined.offer.offer), "it rings elsewhere")


def _elsewhere(stage: Stage, ref: Ref, offer: str) -> bool:
    rings = stage.floor.rings(ref.contact)
    return bool(rings) and all(ring.offer.offer != offer for ring in rings)


async def say(stage: Stage, step: s.Say) -> None:
    ref = stage.ref(step.label)
    await stage.owner(ref).client.say(ref.contact, step.text)
    if ref.visitor is not None and not ref.visitor.ended:
        await _visitor_reads(ref, step.text)


async def _visitor_reads(ref: Ref, text: str) -> None:
    assert ref.visitor is not None
    try:
        async with asyncio.timeout(20):
            await ref.visitor.hear(lambda message: message.text == text)
    except TimeoutError:
        raise Gone("the visitor never read it") from None


async def dial(stage: Stage, step: s.Dial) -> None:
    ref = stage.ref(step.label)
    await stage.owner(ref).client.dial(ref.contact)


async def finish(stage: Stage, step: s.Finish) -> None:
    ref = stage.ref(step.label)
    seat = stage.owner(ref)
    try:
        await seat.client.finish(ref.contact, result=step.result)
    except DeskError as refusal:
        if refusal.code not in NO_LONGER_HIS:
            raise
    await stage.see(ref, lambda: over(stage, ref), "wrap-up")
    if ref.medium == "voice":
        await stage.doors.phone.released(ref.call, by="agent")
    if ref.visitor is not None:
        await ref.visitor.__aexit__(None, None, None)


async def wrap_up(stage: Stage, step: s.WrapUp) -> None:
    ref = stage.ref(step.label)
    seat = stage.floor.owner(ref.contact)
    if seat is not None:
        await _ready_again(stage, ref, seat)


async def free(stage: Stage, step: s.Free) -> None:
    seat = stage.floor.seat_of(step.agent)
    if seat is None:
        raise Gone(f"agent {step.agent} is not at work")
    for contact in [name for name in seat.client.desk.contacts if seat.client.desk.wraps_up(name)]:
        await _ready_again(stage, _ref_of(stage, contact), seat)


def _ref_of(stage: Stage, contact: str) -> Ref:
    return next((ref for ref in stage.refs.values() if ref.contact == contact), Ref(label="", contact=contact))


async def _ready_again(stage: Stage, ref: Ref, seat: Seat) -> None:
    try:
        await seat.client.wrap_up_done(ref.contact)
    except DeskError as refusal:
        if refusal.code not in NO_LONGER_HIS:
            raise
    await stage.see(ref, lambda: not seat.client.desk.owns(ref.contact), "it is done")


async def transfer(stage: Stage, step: s.Transfer) -> None:
    """Over to somebody else: it rings there."""
    ref = stage.ref(step.label)
    seat = stage.owner(ref)
    target = step.agent
    if target == seat.agent.number:
        target = stage.floor.seats[0].agent.number
    await seat.client.transfer(ref.contact, view=step.view, agent=target, reason="colleague")
    await stage.see(ref, lambda: _handed(stage, ref, seat), "it rings at a colleague")


def _handed(stage: Stage, ref: Ref, before: Seat) -> bool:
    return bool(stage.floor.rings(ref.contact)) and not before.client.desk.owns(ref.contact)


# --- cases ---------------------------------------------------------------------------------------------------------


async def open_case(stage: Stage, step: s.OpenCase) -> None:
    ref = stage.ref(step.label)
    answer = await stage.owner(ref).client.open_case(ref.contact, step.kind, step.subject)
    ref.case = answer.get("case", "")


async def complain(stage: Stage, step: s.Complain) -> None:
    ref = stage.ref(step.label)
    answer = await stage.owner(ref).client.complain(ref.contact, step.summary)
    ref.case, ref.level = answer.get("case", ""), int(answer.get("level", 0))


async def escalate(stage: Stage, step: s.Escalate) -> None:
    """Nothing to do where it was raised as high already: a supervisor's own complaints begin at his level."""
    ref = stage.ref(step.label)
    seat = stage.floor.supervisor() if step.supervisor else stage.owner(ref)
    if seat is not None and ref.level < step.to:
        answer = await seat.client.escalate(ref.case, step.reason)
        ref.level = int(answer.get("level", step.to))


# --- waiting -------------------------------------------------------------------------------------------------------


async def ringing(stage: Stage, step: s.Ringing) -> None:
    ref = stage.ref(step.label)

    def enough() -> bool:
        return len(stage.floor.rings(ref.contact)) >= step.desks or stage.floor.owner(ref.contact) is not None

    await stage.see(ref, enough, f"{step.desks} desks ring")


async def breach(stage: Stage, step: s.Breach) -> None:
    ref = stage.ref(step.label)
    for _ in range(120):
        if any(fact["kind"] == "contact.breached" for fact in await stage.facts(ref)):
            return
        await asyncio.sleep(0.25)
    raise Gone("no breach within thirty seconds")


async def apart(stage: Stage, step: s.Apart) -> None:
    """Other clients' people, however idle, see nothing of this house's contacts."""
    client = stage.floor.house.client
    strays = [contact for other in stage.others for contact in other.holds(client)]
    if strays:
        stage.notes.append(f"{client}: {len(strays)} contacts were seen by another client's people: {strays[:3]}")
    idle = sum(not seat.client.desk.contacts for other in stage.others for seat in other.seats)
    stage.notes.append(f"{client}: all lines taken, {idle} idle people of other clients heard nothing")


async def pause(stage: Stage, step: s.Pause) -> None:
    await asyncio.sleep(step.seconds)


async def pace(stage: Stage, step: s.Pace) -> None:
    ahead = stage.run.began + step.at * stage.run.lasts_s - stage.run.clock()
    if ahead > 0:
        await asyncio.sleep(ahead)


ACTS: dict[type[s.Step], Act] = {
    **CUSTOMERS,
    s.Take: take,
    s.Decline: decline,
    s.Say: say,
    s.Dial: dial,
    s.Finish: finish,
    s.WrapUp: wrap_up,
    s.Free: free,
    s.Transfer: transfer,
    s.OpenCase: open_case,
    s.Complain: complain,
    s.Escalate: escalate,
    s.Ringing: ringing,
    s.Breach: breach,
    s.Apart: apart,
    s.Pause: pause,
    s.Pace: pace,
}
