"""Who got a contact and why, and for every other agent in its pool exactly one reason why not.

Two questions. `explain`: how does it stand at an instant, after what was decided until then? `explain_choice`: when
this offer was made, who else was there? An offer is a choice between agents as they were in the middle of a
decision: after its event and its timers, and after the offers it made before, but before this one. Matching is the
last thing that a decision does and it only makes offers, so that moment is the state after the decision with the
offer, and those that came after it, taken back (`before_offer`).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from routing.effects import AnyEffect, Offered
from routing.model import Agent, Contact, Medium, Micros, Needs, Offer, Record, Snapshot, Status
from routing.standing import LOOSE, LOST, Standing
from routing.state import State

CODES = (
    "chosen", "owner", "consulted", "ringing", "due", "able",
    "not_preferred", "home_first", *LOST,
    "held", "rings_enough", "too_early", "declined", "back_off", "capacity", "blocked", "owned",
    "disconnected", "not_responding", "not_ready", "offline", "skill", "medium", "lease_not_in_force", "lease",
)  # fmt: skip
"""Every reason, from the nearest to the furthest; docs/routing.md says what each means."""


class Reason(Struct, frozen=True):
    """One agent (id and public number) and the one code that holds for him."""

    agent: str
    number: str
    code: str


class Explained(Struct, frozen=True, kw_only=True):
    """A contact at one instant. `agents`: everyone in its pool, by public number, with one code each.

    `position` is its place in its view, 0 once somebody owns it and where it was not let in. `needs` and `second` (a
    lease) are those of the relaxation step in force, `phones` how many may ring at this step of the ring ladder.
    `chosen` is who was offered it, when an offer is explained.
    """

    contact: str
    at: Micros
    lease: str
    view: str
    medium: Medium
    status: Status
    tier: int
    complaint: bool
    band: int
    position: int
    waited: Micros
    step: int
    needs: Needs
    second: str
    ring_step: int
    phones: int
    offers: tuple[Offer, ...]
    owner: str
    chosen: str = ""
    agents: tuple[Reason, ...] = ()


def why_not(state: State, contact_id: str, agent_id: str, now: Micros) -> str:
    """The reason of one agent: a code of CODES, unknown_contact or unknown_agent.

    `able` only before a decision: nothing stands in the way, so the next one would offer it.
    """
    snapshot = state.snapshot(now)
    record = _record(snapshot, contact_id)
    if record is None:
        return "unknown_contact"
    agent = _agent(snapshot, agent_id)
    return "unknown_agent" if agent is None else Standing(snapshot, record, now).why_not(agent)


def explain(state: State, contact_id: str, now: Micros, *, everyone: bool = False) -> Explained | None:
    """How the contact stands at `now`, not before the last decision; None while or once the queue does not hold it.

    An agent whom a timer has freed since then, and whom the next decision will find, is `due`. With `everyone`
    the agents of all other leases are there too, with the code `lease`.
    """
    snapshot = state.snapshot(now)
    record = _record(snapshot, contact_id)
    if record is None:
        return None
    standing = Standing(snapshot, record, now)
    due = state.due()
    renamed = {"able": "due"} if due is not None and due <= now else {}
    codes = [(agent, standing.why_not(agent)) for agent in _asked(standing, everyone)]
    return _explained(standing, [(agent, renamed.get(code, code)) for agent, code in codes])


def explain_choice(after: Snapshot, effects: Sequence[AnyEffect], ordinal: int, *, everyone: bool = False) -> Explained:
    """The moment in which the offer `effects[ordinal]` was made. `after` is the domain right after that decision."""
    made = effects[ordinal]
    assert isinstance(made, Offered)
    before = before_offer(after, effects, ordinal)
    record, chosen = _record(before, made.contact), _agent(before, made.agent)
    assert record is not None
    assert chosen is not None
    standing = Standing(before, record, before.now)
    codes = [(agent, _chosen_or_lost(standing, agent, chosen)) for agent in _asked(standing, everyone)]
    return _explained(standing, codes, chosen=chosen.id)


def explain_blocked(after: Snapshot, contact: Contact, *, everyone: bool = False) -> Explained:
    """A contact that was not let in: as if it stood in the queue, but without a place. Who was free is `blocked`."""
    record = Record(contact=contact, arrival=after.arrivals + 1)
    standing = Standing(after, record, after.now)
    codes = [(agent, standing.why_not(agent)) for agent in _asked(standing, everyone)]
    explained = _explained(standing, [(agent, "blocked" if code == "able" else code) for agent, code in codes])
    return replace(explained, position=0)


def before_offer(after: Snapshot, effects: Sequence[AnyEffect], ordinal: int) -> Snapshot:
    """The domain just before an offer was made: this offer, and those that the same decision made later, undone."""
    undone: dict[str, list[str]] = {}
    for effect in effects[ordinal:]:
        if isinstance(effect, Offered):
            undone.setdefault(effect.contact, []).append(effect.offer.id)
    records = tuple(_without(record, undone.get(record.contact.id, ())) for record in after.records)
    return replace(after, records=records)


def _without(record: Record, undone: Sequence[str]) -> Record:
    if not undone:
        return record
    if record.consult is not None and record.consult.id in undone:
        return replace(record, consult=None, attempts=record.attempts - len(undone))
    offers = tuple(offer for offer in record.offers if offer.id not in undone)
    status = Status.OFFERED if offers else Status.WAITING
    return replace(record, offers=offers, attempts=record.attempts - len(undone), status=status)


def _chosen_or_lost(standing: Standing, agent: Agent, chosen: Agent) -> str:
    if agent.id == chosen.id:
        return "chosen"
    code = standing.why_not(agent)
    # Held for the preferred one, who was free and got it: then it is to him that the others lost.
    return standing.lost(agent, chosen) if code in ("able", "held") else code


def _asked(standing: Standing, everyone: bool) -> list[Agent]:
    return standing.everyone if everyone else standing.pool


def _explained(standing: Standing, codes: Sequence[tuple[Agent, str]], *, chosen: str = "") -> Explained:
    record, contact = standing.record, standing.contact
    loose = record.status in LOOSE
    return Explained(
        contact=contact.id,
        at=standing.now,
        lease=contact.lease,
        view=contact.view,
        medium=contact.medium,
        status=record.status,
        tier=int(contact.tier),
        complaint=contact.complaint,
        band=standing.band,
        position=1 + standing.ahead() if loose else 0,
        waited=standing.now - contact.enqueued_at,
        step=record.relaxed,
        needs=standing.needs,
        second=standing.second,
        ring_step=standing.ring_step,
        phones=standing.wanted,
        offers=record.offers,
        owner=record.owner,
        chosen=chosen,
        agents=tuple(Reason(agent.id, agent.number, code) for agent, code in codes),
    )


def _record(snapshot: Snapshot, contact: str) -> Record | None:
    return next((record for record in snapshot.records if record.contact.id == contact), None)


def _agent(snapshot: Snapshot, agent: str) -> Agent | None:
    return next((each for each in snapshot.config.agents if each.id == agent), None)
