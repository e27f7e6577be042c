"""The oracle: the same rules once more, slowly. Only Records and Presences, no index, no timer heap, full scans.

Written from the rules and not from `routing/`; it shares nothing with it but the words (model, events, effects).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from routing import effects as fx
from routing import events as ev
from routing.model import (
    Config,
    Contact,
    End,
    Medium,
    MediumRules,
    Micros,
    Needs,
    Offer,
    Outcome,
    Presence,
    PresenceState,
    Record,
    RingPlan,
    RingStep,
    Snapshot,
    Status,
)

LOOSE = (Status.WAITING, Status.OFFERED)
OFFLINE, READY = PresenceState.OFFLINE, PresenceState.READY
NOT_READY, NOT_RESPONDING = PresenceState.NOT_READY, PresenceState.NOT_RESPONDING
HUGE = 1 << 61


class Reference:
    def __init__(self, snapshot: Snapshot) -> None:
        self.config: Config = snapshot.config
        self.now = snapshot.now
        self.arrivals = snapshot.arrivals
        self.records = {record.contact.id: record for record in snapshot.records}
        self.presences = {agent.id: Presence(agent=agent.id) for agent in snapshot.config.agents}
        self.presences |= {presence.agent: presence for presence in snapshot.presences}
        self.out: list[fx.AnyEffect] = []

    def decide(self, event: ev.AnyEvent, now: Micros) -> list[fx.AnyEffect]:
        self.now, self.out = now, []
        leases = {lease.id for lease in self.config.leases}
        before = {lease: self.staffed(lease) for lease in leases}
        self.fire()
        getattr(self, "on_" + type(event).__name__)(event)
        self.fire()
        self.say_staffing(before)
        self.match()
        return self.out

    # --- looking ------------------------------------------------------------------------------------------

    def agent(self, name: str) -> Any:
        return next((agent for agent in self.config.agents if agent.id == name), None)

    def lease(self, name: str) -> Any:
        return next((lease for lease in self.config.leases if lease.id == name), None)

    def rules(self, medium: Medium) -> MediumRules:
        known = [rules for rules in self.config.media if rules.medium is medium]
        return known[-1] if known else MediumRules(medium, 1, 0, 0, (HUGE, HUGE, HUGE, HUGE))

    def plan(self, contact: Contact) -> RingPlan:
        for plan in self.config.plans:
            if plan.id == contact.plan:
                return plan
        return RingPlan("", 5_000_000, (RingStep(0, 1),), 20_000_000, 1)

    def staffed(self, lease: str) -> int:
        here = [agent.id for agent in self.config.agents if agent.lease == lease]
        return sum(self.presences[name].state is not OFFLINE for name in here)

    def load(self, name: str) -> int:
        total = 0
        for record in self.records.values():
            holds = record.owner == name or any(offer.agent == name for offer in record.offers)
            total += self.rules(record.contact.medium).units if holds else 0
        return total

    def present(self, name: str) -> bool:
        presence = self.presences.get(name)
        return bool(presence and presence.state is READY and presence.connected)

    def key(self, record: Record) -> tuple[int, ...]:
        contact, rules = record.contact, self.rules(record.contact.medium)
        if self.now > contact.enqueued_at + rules.max_wait[contact.tier]:
            return (0, 0, 0, 0, contact.enqueued_at, record.arrival)
        band = 1 if contact.deadline - self.now <= rules.urgent_before else 2
        first = not contact.complaint
        return (band, contact.tier, first, contact.deadline, contact.enqueued_at, record.arrival)

    def loose(self) -> list[Record]:
        return sorted((r for r in self.records.values() if r.status in LOOSE), key=self.key)

    def place(self, record: Record) -> int:
        """How many contacts of the same lease and view wait before this one."""
        where = (record.contact.lease, record.contact.view)
        return sum(
            (other.contact.lease, other.contact.view) == where
            and other.status is Status.WAITING
            and self.key(other) < self.key(record)
            for other in self.records.values()
        )

    def needs(self, record: Record) -> Needs:
        return record.contact.relax[record.relaxed - 1].needs if record.relaxed else record.contact.needs

    def fits(self, record: Record, name: str) -> bool:
        agent, contact = self.agent(name), record.contact
        if agent is None or agent.lease != contact.lease or contact.medium not in agent.media:
            return False
        return all(dict(agent.skills).get(skill, 0) >= level for skill, level in self.needs(record))

    def step(self, record: Record) -> int:
        elapsed = self.now - record.contact.clock_from
        steps = self.plan(record.contact).steps
        return max([0, *(at for at, step in enumerate(steps) if step.after <= elapsed)])

    def wanted(self, record: Record) -> int:
        plan = self.plan(record.contact)
        return max(1, min(plan.steps[self.step(record)].ring, plan.parallel_max))

    def free(self, name: str, medium: Medium) -> bool:
        agent = self.agent(name)
        return (
            medium in agent.media
            and self.present(name)
            and self.presences[name].back_off_until <= self.now
            and self.load(name) + self.rules(medium).units <= agent.capacity
        )

    def able(self, record: Record) -> list[str]:
        lease = self.lease(record.contact.lease)
        if lease is None or not lease.starts <= self.now < lease.ends:
            return []
        names = [agent.id for agent in self.config.agents]
        able = [n for n in names if self.fits(record, n) and self.free(n, record.contact.medium)]
        able = [n for n in able if n not in {offer.agent for offer in record.offers}]
        could = [n for n in names if self.fits(record, n) and self.present(n)]
        if any(name not in record.declined for name in could):
            able = [name for name in able if name not in record.declined]
        preferred = record.contact.preferred
        if self.waits_for_preferred(record):
            able = [name for name in able if name == preferred]
        return able

    def waits_for_preferred(self, record: Record) -> bool:
        name = record.contact.preferred
        return (
            self.now < record.contact.preferred_until
            and self.present(name)
            and self.fits(record, name)
            and name not in record.declined
            and name not in [offer.agent for offer in record.offers]
        )

    # --- matching -----------------------------------------------------------------------------------------

    def match(self) -> None:
        while True:
            for record in self.loose():
                able = self.able(record) if len(record.offers) < self.wanted(record) else []
                if able:
                    self.offer(record, *self.choose(record, able), len(able))
                    break
            else:
                return

    def choose(self, record: Record, able: list[str]) -> tuple[str, str]:
        if record.contact.preferred in able and self.now < record.contact.preferred_until:
            return record.contact.preferred, "preferred"
        if len(able) == 1:
            return able[0], "only"
        ranked = sorted((self.rank(record, name), name) for name in able)
        best, second = ranked[0][0], ranked[1][0]
        names = ["spare_skills", "level", "spare_skills"] + 3 * ["longest_idle"]
        rule = next(name for name, one, two in zip(names, best, second, strict=True) if one != two)
        return ranked[0][1], rule

    def rank(self, record: Record, name: str) -> tuple[Any, ...]:
        agent, needs = self.agent(name), self.needs(record)
        levels = dict(agent.skills)
        medium, asked = record.contact.medium, {skill for skill, _ in needs}
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
        return (alone, proficiency, breadth, self.load(name), idle_since, agent.number)

    def offer(self, record: Record, name: str, rule: str, able: int) -> None:
        contact, attempt = record.contact, record.attempts + 1
        device = self.presences[name].device if contact.medium is Medium.VOICE else ""
        life = self.plan(contact).offer_life
        offer_id = f"{contact.id}/{attempt}/{name}"
        offer = Offer(offer_id, contact.id, name, attempt, self.now, self.now + life, device)
        levels = dict(self.agent(name).skills)
        because = fx.Because(
            rule=rule,
            band=self.key(record)[0],
            tier=int(contact.tier),
            able=able,
            level=min([levels.get(skill, 0) for skill, _ in self.needs(record)], default=0),
            idle=self.now - self.presences[name].idle_since,
            waited=self.now - contact.enqueued_at,
            step=record.relaxed,
            ring_step=self.step(record),
            ahead=self.place(record),
        )
        self.put(record, attempts=attempt, offers=(*record.offers, offer), status=Status.OFFERED)
        self.out.append(fx.Offered(contact.id, name, offer, because))

    # --- changing -----------------------------------------------------------------------------------------

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

    def settle(self, contact: str) -> None:
        record = self.records[contact]
        if record.status is Status.OFFERED and not record.offers:
            self.queue(contact, "offer_ended")

    def queue(self, contact: str, reason: str) -> None:
        record = self.put(self.records[contact], status=Status.WAITING)
        self.out.append(fx.Queued(contact, record.arrival, 1 + self.place(record), reason))

    def by_age(self) -> list[Record]:
        return sorted(self.records.values(), key=lambda record: record.arrival)

    def withdraw(self, name: str, reason: str, besides: str = "") -> None:
        for record in self.by_age():
            for offer in record.offers:
                if offer.agent == name and record.contact.id != besides:
                    self.end_offer(record.contact.id, offer, Outcome.WITHDRAWN, reason)
                    self.settle(record.contact.id)

    def refuse(self, event: Any, code: str, contact: str = "", agent: str = "") -> None:
        self.out.append(fx.Refused(getattr(event, "command", ""), code, contact, agent))

    def done(self, event: Any, agent: str) -> None:
        if event.command:
            self.out.append(fx.Done(event.command, agent))

    def say_staffing(self, before: dict[str, int]) -> None:
        for lease in sorted(self.config.leases, key=lambda lease: lease.id):
            staffed = self.staffed(lease.id)
            if staffed != before.get(lease.id, 0):
                self.out.append(fx.Staffing(lease.id, staffed, lease.lines))

    # --- timers -------------------------------------------------------------------------------------------

    def fire(self) -> None:
        while due := [entry for entry in self.pending() if entry[0] <= self.now]:
            _, _, _, _, kind, subject = min(due, key=lambda entry: entry[:5])
            getattr(self, "time_" + "".join(c for c in kind if c.isalpha()))(subject)

    def pending(self) -> list[Any]:
        """Whatever will happen by itself and be seen: (due, contacts first, arrival, number, kind, subject)."""
        due: list[Any] = []
        for record in self.records.values():
            place, contact = (0, record.arrival, ""), record.contact
            if record.status is Status.WRAP_UP:
                due.append((record.wrap_until, *place, "0wrap", record))
            if record.status not in LOOSE:
                continue
            for at, offer in enumerate(record.offers):
                due.append((offer.expires_at, *place, f"1{at}offer", (record, offer)))
            if not record.breached and not record.answered_at:
                due.append((contact.deadline, *place, "2breach", record))
            for step in contact.relax[record.relaxed :][:1]:
                due.append((contact.enqueued_at + step.after, *place, "3relax", record))
        for name, presence in self.presences.items():
            place = (1, 0, self.agent(name).number)
            if presence.grace_until:
                due.append((presence.grace_until, *place, "0grace", name))
            if presence.state is NOT_RESPONDING:
                due.append((presence.until, *place, "1return", name))
        return due

    def time_wrap(self, record: Record) -> None:
        self.finish(record, "wrap_up_over")

    def time_breach(self, record: Record) -> None:
        what = {"voice": "rings", "callback": "window"}.get(record.contact.medium, "first_reply")
        self.put(record, breached=True)
        self.out.append(fx.Breached(record.contact.id, record.contact.deadline, what))

    def time_relax(self, record: Record) -> None:
        self.put(record, relaxed=record.relaxed + 1)
        self.out.append(fx.Relaxed(record.contact.id, record.relaxed + 1))

    def time_offer(self, subject: tuple[Record, Offer]) -> None:
        record, offer = subject
        contact, name = record.contact, offer.agent
        until = self.now + self.config.back_off
        rang = offer.expires_at - offer.made_at
        if contact.medium is Medium.VOICE and rang < 3 * self.plan(contact).cycle:
            self.end_offer(contact.id, offer, Outcome.WITHDRAWN, "expired")
            self.seat(name, back_off_until=until)
        else:
            self.put(record, declined=tuple(sorted({*record.declined, name})))
            self.end_offer(contact.id, offer, Outcome.NO_ANSWER)
            misses = self.presences[name].misses + 1
            self.seat(name, back_off_until=until, misses=misses, idle_since=self.now)
            self.withdraw(name, "agent_left")
            self.move(name, NOT_RESPONDING, "no_answer", self.now + self.config.not_responding_for)
            if misses >= 2:
                self.out.append(fx.Missed(name, misses))
        self.settle(contact.id)

    def time_return(self, name: str) -> None:
        self.seat(name, idle_since=self.now)
        self.move(name, READY, "returned")

    def time_grace(self, name: str) -> None:
        self.seat(name, grace_until=0)
        if not self.talking(name):
            self.go_offline(name, "disconnected")
        self.give_up(name, [Medium.CHAT])

    # --- events about contacts ----------------------------------------------------------------------------

    def on_Ticked(self, event: ev.Ticked) -> None:
        pass

    def on_Arrived(self, event: ev.Arrived) -> None:
        contact = event.contact
        if contact.id in self.records:
            return self.refuse(event, "contact_exists", contact.id)
        if contact.medium is Medium.VOICE and self.blocked(contact):
            return None
        self.arrivals += 1
        self.records[contact.id] = Record(contact, self.arrivals)
        return self.queue(contact.id, "")

    def blocked(self, contact: Contact) -> bool:
        lease, staffed = self.lease(contact.lease), self.staffed(contact.lease)
        calls = [r for r in self.records.values() if r.contact.medium is Medium.VOICE]
        calls = [r for r in calls if r.contact.lease == contact.lease and r.status is not Status.WRAP_UP]
        limit = min(lease.lines, staffed) if lease else 0
        reason = ""
        if lease is None:
            reason = "unknown_lease"
        elif not lease.starts <= self.now < lease.ends:
            reason = "lease_not_in_force"
        elif not staffed:
            reason = "unstaffed"
        elif len(calls) >= limit:
            reason = "lines_busy"
        if reason:
            fields = (contact.id, contact.lease, contact.treatment, reason, len(calls), limit)
            self.out.append(fx.Blocked(*fields))
        return bool(reason)

    def on_Changed(self, event: ev.Changed) -> None:
        record = self.records.get(event.contact)
        if record is None:
            return self.refuse(event, "unknown_contact", event.contact, event.agent)
        asked = {"complaint": event.complaint, "tier": event.tier, "deadline": event.deadline}
        new = replace(record.contact, **{k: v for k, v in asked.items() if v is not None})
        if new != record.contact:
            self.put(record, contact=new)
            self.out.append(fx.Amended(new.id, new.complaint, int(new.tier), new.deadline))
        return self.done(event, event.agent)

    def on_Left(self, event: ev.Left) -> None:
        record = self.records.get(event.contact)
        if record is None:
            return self.refuse(event, "unknown_contact", event.contact)
        if record.status is Status.ACTIVE:
            return self.end_active(record, event.by, event.cause)
        if record.status in LOOSE:
            for offer in record.offers:
                self.end_offer(event.contact, offer, Outcome.CUSTOMER_LEFT)
            how = End.TO_CALLBACK if event.to_callback else End.ABANDONED
            del self.records[event.contact]
            self.out.append(fx.Ended(event.contact, how, event.by, event.cause))
        return None

    def theirs(self, event: Any, status: Status) -> Record | None:
        record = self.records.get(event.contact)
        code = ""
        if record is None:
            code = "unknown_contact"
        elif record.owner != event.agent:
            code = "not_owner"
        elif record.status is not status:
            code = "contact_not_active"
        if code:
            self.refuse(event, code, event.contact, event.agent)
            return None
        return record

    def on_Finished(self, event: ev.Finished) -> None:
        if record := self.theirs(event, Status.ACTIVE):
            self.end_active(record, "agent", event.result)
            self.done(event, event.agent)

    def on_WrappedUp(self, event: ev.WrappedUp) -> None:
        if record := self.theirs(event, Status.WRAP_UP):
            self.finish(record, "wrapped_up")
            self.done(event, event.agent)

    def end_active(self, record: Record, by: str, cause: str) -> None:
        wrap_up = self.rules(record.contact.medium).wrap_up
        if wrap_up:
            until = self.now + wrap_up
            self.put(record, status=Status.WRAP_UP, wrap_until=until)
            self.out.append(fx.WrapUpBegan(record.contact.id, record.owner, until, by, cause))
        else:
            self.finish(record, "finished", by, cause)
        self.leave_after_call(record.owner)

    def finish(self, record: Record, reason: str, by: str = "", cause: str = "") -> None:
        del self.records[record.contact.id]
        self.seat(record.owner, idle_since=self.now)
        self.out.append(fx.Released(record.contact.id, record.owner, reason))
        self.out.append(fx.Ended(record.contact.id, End.FINISHED, by, cause, record.owner))

    def on_Transferred(self, event: ev.Transferred) -> None:
        record = self.theirs(event, Status.ACTIVE)
        if record is None:
            return
        contact = record.contact
        until = self.now + 20_000_000 if event.to_agent else 0
        contact = replace(contact, preferred=event.to_agent, preferred_until=until)
        if event.view or event.needs:
            contact = replace(contact, view=event.view or contact.view, needs=event.needs, relax=())
            record = replace(record, relaxed=0)
        declined = tuple(sorted({*record.declined} - {event.to_agent} | {event.agent}))
        self.put(record, contact=contact, declined=declined)
        self.back(contact.id, "transfer", "transfer")
        self.done(event, event.agent)

    def back(self, contact: str, released: str, queued: str) -> None:
        record = self.records[contact]
        self.seat(record.owner, idle_since=self.now)
        self.out.append(fx.Released(contact, record.owner, released))
        self.put(record, owner="", contact=replace(record.contact, clock_from=self.now))
        self.queue(contact, queued)

    def on_Assigned(self, event: ev.Assigned) -> None:
        record, agent = self.records.get(event.contact), self.agent(event.agent)
        code = self.unfit(record, agent)
        if not code and not self.present(event.agent):
            code = "presence"
        if not code and not self.room(record, event.agent, only=event.contact):
            code = "capacity"
        if code:
            return self.refuse(event, code, event.contact, event.agent)
        self.own(record, event.agent, "supervisor", event.by, event.reason)
        return self.done(event, event.agent)

    def on_Answered(self, event: ev.Answered) -> None:
        record, agent = self.records.get(event.contact), self.agent(event.agent)
        if record and record.owner == event.agent:
            return None
        code = self.unfit(record, agent)
        if not code and not self.room(record, event.agent):
            code = "capacity"
        if code:
            return self.refuse(event, code, event.contact, event.agent)
        if not self.room(record, event.agent, only=event.contact):
            self.withdraw(event.agent, "agent_busy", besides=event.contact)
        return self.own(self.records[event.contact], event.agent, "answered_elsewhere")

    def unfit(self, record: Record | None, agent: Any) -> str:
        if record is None:
            return "unknown_contact"
        if agent is None:
            return "unknown_agent"
        if record.owner:
            return "already_owned"
        if agent.lease != record.contact.lease:
            return "lease"
        return "" if record.contact.medium in agent.media else "medium"

    def room(self, record: Any, name: str, only: str = "") -> bool:
        """Is there room, if the agent's offers (or only the one for this contact) are given back?"""
        load = self.load(name)
        for other in self.records.values():
            mine = any(offer.agent == name for offer in other.offers)
            if mine and only in ("", other.contact.id):
                load -= self.rules(other.contact.medium).units
        return bool(load + self.rules(record.contact.medium).units <= self.agent(name).capacity)

    def own(self, record: Any, name: str, loser: str, by: str = "", reason: str = "") -> None:
        contact = record.contact.id
        mine = [offer for offer in record.offers if offer.agent == name]
        for offer in mine:
            self.end_offer(contact, offer, Outcome.ACCEPTED)
        answered = record.answered_at or self.now
        fields = {"status": Status.ACTIVE, "owner": name, "answered_at": answered}
        record = self.put(self.records[contact], **fields)
        self.seat(name, misses=0)
        waited = self.now - record.contact.clock_from
        self.out.append(fx.Owned(contact, name, mine[0].id if mine else "", waited, by, reason))
        for offer in record.offers:
            self.end_offer(contact, offer, Outcome.WITHDRAWN, loser)

    def on_Closed(self, event: ev.Closed) -> None:
        record = self.records.get(event.contact)
        if record is None:
            return self.refuse(event, "unknown_contact", event.contact)
        for offer in record.offers:
            self.end_offer(event.contact, offer, Outcome.WITHDRAWN, "closed")
        if record.owner:
            self.seat(record.owner, idle_since=self.now)
            self.out.append(fx.Released(event.contact, record.owner, "closed"))
        del self.records[event.contact]
        self.out.append(fx.Ended(event.contact, End.CLOSED, event.by, event.reason, record.owner))
        self.leave_after_call(record.owner)
        return self.done(event, event.by)

    # --- events about offers ------------------------------------------------------------------------------

    def live(self, event: Any) -> tuple[Record, Offer] | None:
        for record in self.records.values():
            for offer in record.offers:
                if offer.id == event.offer and offer.agent == event.agent:
                    return record, offer
        self.refuse(event, "offer_gone", "", event.agent)
        return None

    def on_OfferAccepted(self, event: ev.OfferAccepted) -> None:
        if live := self.live(event):
            if not live[1].device:
                self.own(live[0], event.agent, "answered_elsewhere")
            self.done(event, event.agent)

    def on_OfferDeclined(self, event: ev.OfferDeclined) -> None:
        if live := self.live(event):
            record, offer = live
            self.put(record, declined=tuple(sorted({*record.declined, event.agent})))
            self.fail(record.contact.id, offer, Outcome.DECLINED, event.reason)
            self.done(event, event.agent)

    def on_OfferFailed(self, event: ev.OfferFailed) -> None:
        if live := self.live(event):
            self.fail(live[0].contact.id, live[1], Outcome.UNREACHABLE, event.cause)

    def fail(self, contact: str, offer: Offer, outcome: Outcome, reason: str) -> None:
        self.end_offer(contact, offer, outcome, reason)
        self.seat(offer.agent, back_off_until=self.now + self.config.back_off)
        self.settle(contact)

    # --- events about agents ------------------------------------------------------------------------------

    def known(self, event: Any) -> bool:
        if self.agent(event.agent) is None:
            self.refuse(event, "unknown_agent", "", event.agent)
            return False
        return True

    def connect(self, name: str, connected: bool) -> None:
        if self.presences[name].connected is not connected:
            self.seat(name, connected=connected)
            if connected:
                self.seat(name, grace_until=0)
            self.out.append(fx.Connection(name, connected))

    def on_SignedIn(self, event: ev.SignedIn) -> None:
        if self.known(event):
            self.withdraw(event.agent, "agent_left")
            fields = {"device": event.device, "misses": 0, "idle_since": self.now, "grace_until": 0}
            self.seat(event.agent, **fields)
            self.connect(event.agent, True)
            self.move(event.agent, NOT_READY, "signed_in")
            self.done(event, event.agent)

    def on_SignedOut(self, event: ev.SignedOut) -> None:
        if self.known(event):
            self.sign_out(event.agent, "signed_out")
            self.done(event, event.agent)

    def sign_out(self, name: str, reason: str) -> None:
        self.withdraw(name, "agent_left")
        self.go_offline(name, reason)
        self.give_up(name, [Medium.CHAT, Medium.MAIL, Medium.CALLBACK])

    def go_offline(self, name: str, reason: str) -> None:
        self.seat(name, grace_until=0)
        if self.presences[name].state is not OFFLINE:
            self.seat(name, device="", misses=0)
            self.move(name, OFFLINE, reason)

    def give_up(self, name: str, media: list[Medium]) -> None:
        for record in self.by_age():
            active = record.owner == name and record.status is Status.ACTIVE
            if active and record.contact.medium in media:
                self.back(record.contact.id, "agent_left", "agent_left")

    def talking(self, name: str) -> bool:
        own = [record for record in self.records.values() if record.owner == name]
        return any(r.status is Status.ACTIVE and r.contact.medium is Medium.VOICE for r in own)

    def leave_after_call(self, name: str) -> None:
        presence = self.presences.get(name)
        if presence and not presence.connected and not presence.grace_until and not self.talking(name):
            self.go_offline(name, "disconnected")

    def on_PresenceSet(self, event: ev.PresenceSet) -> None:
        if not self.known(event):
            return None
        presence = self.presences[event.agent]
        if event.state not in (READY, NOT_READY):
            return self.refuse(event, "bad_state", "", event.agent)
        if presence.state is OFFLINE:
            return self.refuse(event, "not_signed_in", "", event.agent)
        same = presence.state is event.state
        if event.state is READY and not same:
            self.seat(event.agent, idle_since=self.now)
            self.move(event.agent, READY, event.reason)
        if event.state is NOT_READY and (not same or presence.reason != event.reason):
            self.withdraw(event.agent, "agent_left")
            self.move(event.agent, NOT_READY, event.reason)
        return self.done(event, event.agent)

    def on_Connected(self, event: ev.Connected) -> None:
        if self.known(event):
            self.connect(event.agent, True)

    def on_Disconnected(self, event: ev.Disconnected) -> None:
        if self.known(event) and self.presences[event.agent].connected:
            if self.presences[event.agent].state is not OFFLINE:
                self.seat(event.agent, grace_until=self.now + self.config.grace)
            self.connect(event.agent, False)
            self.withdraw(event.agent, "agent_left")

    # --- configuration ------------------------------------------------------------------------------------

    def on_Configured(self, event: ev.Configured) -> None:
        self.out.append(fx.ConfigTaken(event.config.version))
        old = {agent.id: agent for agent in self.config.agents}
        new = {agent.id: agent for agent in event.config.agents}
        for agent in sorted(old.values(), key=lambda agent: agent.number):
            if agent.id not in new:
                self.sign_out(agent.id, "removed")
                del self.presences[agent.id]
        for agent in sorted(new.values(), key=lambda agent: agent.number):
            self.presences.setdefault(agent.id, Presence(agent=agent.id))
            if agent.id in old and old[agent.id] != agent:
                self.withdraw_unfit(agent)
        self.config = event.config

    def withdraw_unfit(self, agent: Any) -> None:
        levels = dict(agent.skills)
        for record in self.by_age():
            contact = record.contact
            fits = contact.lease == agent.lease and contact.medium in agent.media
            fits = fits and all(levels.get(skill, 0) >= least for skill, least in self.needs(record))
            for offer in record.offers:
                if offer.agent == agent.id and not fits:
                    self.end_offer(contact.id, offer, Outcome.WITHDRAWN, "configuration")
                    self.settle(contact.id)
