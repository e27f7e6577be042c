"""What the oracle knows: who may take what, in which order, and the smallest changes. Full scans, no index.

Written from the rules and not from `routing/`; it shares nothing with it but the words (model, events, effects).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from routing import effects as fx
from routing.model import (
    Config,
    Contact,
    Medium,
    MediumRules,
    Micros,
    Needs,
    Offer,
    Outcome,
    Presence,
    PresenceState,
    QueueRule,
    Record,
    RingPlan,
    RingStep,
    Snapshot,
    Status,
)

LOOSE = (Status.WAITING, Status.OFFERED)
BOUNDED = (Medium.VOICE, Medium.CHAT)
OFFLINE, READY = PresenceState.OFFLINE, PresenceState.READY
HUGE = 1 << 61
STARVED, LATE = 0, 3


class Rules:
    """Records, presences and the configuration as they stand, and what follows from them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.config: Config = snapshot.config
        self.now = self.clock = snapshot.now
        self.arrivals = snapshot.arrivals
        self.records = {record.contact.id: record for record in snapshot.records}
        self.presences = {agent.id: Presence(agent=agent.id) for agent in snapshot.config.agents}
        self.presences |= {presence.agent: presence for presence in snapshot.presences}
        self.out: list[fx.AnyEffect] = []

    # --- configuration ------------------------------------------------------------------------------------

    def agent(self, name: str) -> Any:
        for agent in self.config.agents:
            if agent.id == name:
                return agent
        return None

    def lease(self, name: str) -> Any:
        return next((lease for lease in self.config.leases if lease.id == name), None)

    def in_force(self, name: str) -> bool:
        lease = self.lease(name)
        return lease is not None and lease.starts <= self.now < lease.ends

    def rules(self, medium: Medium) -> MediumRules:
        known = [rules for rules in self.config.media if rules.medium is medium]
        return known[-1] if known else MediumRules(medium, 1, 0, 0, (HUGE, HUGE, HUGE, HUGE))

    def plan(self, contact: Contact) -> RingPlan:
        for plan in self.config.plans:
            if plan.id == contact.plan:
                return plan
        return RingPlan("", 5_000_000, (RingStep(0, 1),), 20_000_000, 1)

    def bounds(self, contact: Contact) -> QueueRule:
        """The bounds of its view; mails and callbacks have none."""
        where = (contact.lease, contact.view)
        known = [rule for rule in self.config.queues if (rule.lease, rule.view) == where]
        return known[-1] if known and contact.medium in BOUNDED else QueueRule(*where)

    # --- agents -------------------------------------------------------------------------------------------

    def staffed(self, lease: str) -> int:
        here = [agent.id for agent in self.config.agents if agent.lease == lease]
        return sum(self.presences[name].state is not OFFLINE for name in here)

    def load(self, name: str) -> int:
        total = 0
        for record in self.records.values():
            asked = (*record.offers, record.consult) if record.consult else record.offers
            holds = record.owner == name or any(offer.agent == name for offer in asked)
            total += self.rules(record.contact.medium).units if holds else 0
        return total

    def room(self, record: Any, name: str, only: str | None = None) -> bool:
        """Is there room, if the agent's offers (or only the one for this contact) are given back?"""
        load = self.load(name)
        for other in self.records.values():
            mine = any(offer.agent == name for offer in self.rings(other))
            if mine and only in (None, other.contact.id):
                load -= self.rules(other.contact.medium).units
        return bool(load + self.rules(record.contact.medium).units <= self.agent(name).capacity)

    def rings(self, record: Record) -> tuple[Offer, ...]:
        """Every offer without an outcome; of an owned call that of the agent who is consulted."""
        asked = record.consult
        return (*record.offers, asked) if asked and not record.consult_since else record.offers

    def consults(self, record: Record, name: str) -> bool:
        """Does he talk on it beside its owner?"""
        return bool(record.consult and record.consult_since and record.consult.agent == name)

    def present(self, name: str) -> bool:
        presence = self.presences.get(name)
        return bool(presence and presence.state is READY and presence.connected)

    def free(self, name: str, medium: Medium) -> bool:
        agent = self.agent(name)
        return (
            medium in agent.media
            and self.present(name)
            and self.presences[name].back_off_until <= self.now
            and self.load(name) + self.rules(medium).units <= agent.capacity
        )

    def talking(self, name: str) -> bool:
        if any(self.consults(record, name) for record in self.records.values()):
            return True
        own = [record for record in self.records.values() if record.owner == name]
        return any(r.status is Status.ACTIVE and (r.dialled or r.contact.medium is Medium.VOICE) for r in own)

    # --- the order of the queue ---------------------------------------------------------------------------

    def key(self, record: Record) -> tuple[int, ...]:
        contact, band = record.contact, self.band(record)
        if band == STARVED:
            return (STARVED, contact.enqueued_at, record.arrival)
        where = (min(band, 2), contact.tier, not contact.complaint, band == LATE)
        return (*where, contact.deadline, contact.enqueued_at, record.arrival)

    def band(self, record: Record) -> int:
        """0 past the maximum wait, 1 at risk, 2 normal; 3 late where the medium says that lateness is not urgent."""
        contact, rules = record.contact, self.rules(record.contact.medium)
        if self.now > contact.enqueued_at + rules.max_wait[contact.tier]:
            return STARVED
        if self.now >= contact.deadline and not rules.late_is_urgent:
            return LATE
        return 1 if contact.deadline - self.now <= rules.urgent_before else 2

    def loose(self) -> list[Record]:
        return sorted((r for r in self.records.values() if r.status in LOOSE), key=self.key)

    def by_age(self) -> list[Record]:
        return sorted(self.records.values(), key=lambda record: record.arrival)

    def waiting(self, contact: Contact) -> list[Record]:
        """Whoever waits in the same view of the same lease while no phone rings for him."""
        where = (contact.lease, contact.view)
        mates = [r for r in self.records.values() if (r.contact.lease, r.contact.view) == where]
        return [record for record in mates if record.status is Status.WAITING]

    def place(self, record: Record) -> int:
        mine = self.key(record)
        return sum(self.key(other) < mine for other in self.waiting(record.contact))

    # --- who may take a contact ---------------------------------------------------------------------------

    def needs(self, record: Record) -> Needs:
        return record.contact.relax[record.relaxed - 1].needs if record.relaxed else record.contact.needs

    def pools(self, record: Record) -> list[str]:
        """Its own lease, and the second one of the relaxation step in force."""
        second = record.contact.relax[record.relaxed - 1].lease if record.relaxed else ""
        home = record.contact.lease
        return [home, second] if second not in ("", home) else [home]

    def served_by(self, record: Record, agent: Any) -> bool:
        return agent is not None and agent.lease in self.pools(record) and record.contact.medium in agent.media

    def meets(self, record: Record, agent: Any) -> bool:
        return all(dict(agent.skills).get(skill, 0) >= level for skill, level in self.needs(record))

    def fits(self, record: Record, name: str) -> bool:
        """Might he ever serve it, as it is now: its lease in force, its medium, its needs?"""
        agent = self.agent(name)
        return self.served_by(record, agent) and self.in_force(agent.lease) and self.meets(record, agent)

    def step(self, record: Record) -> int:
        elapsed = self.now - record.contact.clock_from
        steps = self.plan(record.contact).steps
        return max([0, *(at for at, step in enumerate(steps) if step.after <= elapsed)])

    def wanted(self, record: Record) -> int:
        plan = self.plan(record.contact)
        return max(1, min(plan.steps[self.step(record)].ring, plan.parallel_max))

    def able(self, record: Record) -> list[str]:
        """Everybody in the first pool that has somebody; nobody before a callback's window has begun."""
        if record.contact.medium is Medium.CALLBACK and record.contact.opens_at > self.now:
            return []
        names = [agent.id for agent in self.config.agents if self.fits(record, agent.id)]
        able = [name for name in names if self.free(name, record.contact.medium)]
        able = [name for name in able if name not in {offer.agent for offer in record.offers}]
        if any(self.present(name) and name not in record.declined for name in names):
            able = [name for name in able if name not in record.declined]
        if self.waits_for_preferred(record):
            able = [name for name in able if name == record.contact.preferred]
        for pool in self.pools(record):
            if mine := [name for name in able if self.agent(name).lease == pool]:
                return mine
        return []

    def waits_for_preferred(self, record: Record) -> bool:
        name = record.contact.preferred
        return (
            self.now < record.contact.preferred_until
            and self.present(name)
            and self.fits(record, name)
            and name not in record.declined
            and name not in [offer.agent for offer in record.offers]
        )

    def choose(self, record: Record, able: list[str]) -> tuple[str, str]:
        if record.contact.preferred in able and self.now < record.contact.preferred_until:
            return record.contact.preferred, "preferred"
        if len(able) == 1:
            return able[0], "only"
        ranked = sorted((self.rank(record, name), name) for name in able)
        best, second = ranked[0][0], ranked[1][0]
        names = ["spare_skills", "spare_skills", "level"] + 3 * ["longest_idle"]
        rule = next(name for name, one, two in zip(names, best, second, strict=True) if one != two)
        return ranked[0][1], rule

    def rank(self, record: Record, name: str) -> tuple[Any, ...]:
        agent, needs = self.agent(name), self.needs(record)
        levels = dict(agent.skills)
        # A need of level 0 compares levels but asks for nothing.
        medium, asked = record.contact.medium, {skill for skill, level in needs if level > 0}
        others = [
            other
            for other in self.config.agents
            if other.lease == agent.lease and other.id != name and self.free(other.id, medium)
        ]
        extra = {skill for skill, level in agent.skills if level > 0} - asked
        alone = any(all(dict(other.skills).get(skill, 0) <= 0 for other in others) for skill in extra)
        breadth = sum(level > 0 for _, level in agent.skills)
        proficiency = tuple(-levels.get(skill, 0) for skill, _ in needs)
        idle_since = self.presences[name].idle_since
        return (alone, breadth, proficiency, self.load(name), idle_since, agent.number)

    # --- the smallest changes, each with what it says -----------------------------------------------------

    def put(self, record: Record, **fields: Any) -> Record:
        self.records[record.contact.id] = fresh = replace(record, **fields)
        return fresh

    def seat(self, name: str, **fields: Any) -> None:
        if name in self.presences:
            self.presences[name] = replace(self.presences[name], **fields)

    def move(self, name: str, state: PresenceState, reason: str = "", until: Micros = 0) -> None:
        self.seat(name, state=state, reason=reason, until=until, since=self.now)
        device = self.presences[name].device
        self.out.append(fx.PresenceMoved(name, state, reason, until, device))

    def end_offer(self, contact: str, offer: Offer, outcome: Outcome, reason: str = "") -> None:
        record = self.records[contact]
        self.put(record, offers=tuple(other for other in record.offers if other != offer))
        self.out.append(fx.OfferEnded(contact, offer.agent, offer.id, outcome, reason))
        if offer == record.consult:
            self.put(record, consult=None)
            self.out.append(fx.ConsultEnded(contact, offer.agent, record.owner, offer.id, str(outcome)))

    def settle(self, contact: str, reason: str = "offer_ended") -> None:
        record = self.records[contact]
        if record.status is Status.OFFERED and not record.offers:
            self.queue(contact, reason)

    def queue(self, contact: str, reason: str) -> None:
        record = self.put(self.records[contact], status=Status.WAITING)
        self.out.append(fx.Queued(contact, record.arrival, 1 + self.place(record), reason=reason))

    def withdraw(self, name: str, reason: str, besides: str | None = None) -> None:
        for record in self.by_age():
            for offer in self.rings(record):
                if offer.agent == name and record.contact.id != besides:
                    self.end_offer(record.contact.id, offer, Outcome.WITHDRAWN, reason)
                    self.settle(record.contact.id)

    def refuse(self, event: Any, code: str, contact: str = "", agent: str = "") -> None:
        self.out.append(fx.Refused(getattr(event, "command", ""), code, contact, agent))

    def done(self, event: Any, agent: str) -> None:
        if event.command:
            self.out.append(fx.Done(event.command, agent))
