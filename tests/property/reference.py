"""The oracle: the same rules once more, slowly. Only Records and Presences, no index, no timer heap, full scans.

What happens at each event and each timer; what it needs to know for that stands in reference_rules.py.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from property.reference_rules import BOUNDED, LOOSE, READY
from property.reference_seats import Seats

from routing import effects as fx
from routing import events as ev
from routing.model import Contact, End, Medium, Micros, Offer, Outcome, PresenceState, Record, Status

NOT_RESPONDING = PresenceState.NOT_RESPONDING


class Reference(Seats):
    def decide(self, event: ev.AnyEvent, now: Micros) -> list[fx.AnyEffect]:
        before = self.begin(now)
        self.fire()
        self.clock = now
        getattr(self, "on_" + type(event).__name__)(event)
        return self.conclude(before)

    def recover(self, now: Micros) -> list[fx.AnyEffect]:
        """A router takes over: offers that ran out while nobody routed blame no agent."""
        before = self.begin(now)
        self.clock = now
        for record in self.by_age():
            late = [offer for offer in self.rings(record) if offer.expires_at <= now]
            for offer in late:
                self.end_offer(record.contact.id, offer, Outcome.WITHDRAWN, "recovered")
            if late:
                self.settle(record.contact.id, "recovered")
        self.fire()
        return self.conclude(before)

    def begin(self, now: Micros) -> dict[str, int]:
        self.now, self.out = now, []
        return {lease.id: self.staffed(lease.id) for lease in self.config.leases}

    def conclude(self, before: dict[str, int]) -> list[fx.AnyEffect]:
        self.clock = self.now
        self.fire()
        self.say_staffing(before)
        self.match()
        return self.out

    def say_staffing(self, before: dict[str, int]) -> None:
        for lease in sorted(self.config.leases, key=lambda lease: lease.id):
            staffed = self.staffed(lease.id)
            if staffed != before.get(lease.id, 0):
                self.out.append(fx.Staffing(lease.id, staffed, lease.lines))

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

    def offer(self, record: Record, name: str, rule: str, able: int, **said: str) -> None:
        contact, attempt = record.contact, record.attempts + 1
        device = self.presences[name].device if contact.medium is Medium.VOICE else ""
        life = self.plan(contact).offer_life
        offer_id = f"{contact.id}/{attempt}/{name}"
        offer = Offer(offer_id, contact.id, name, attempt, self.now, self.now + life, device)
        levels = dict(self.agent(name).skills)
        because = fx.Because(
            rule=rule,
            band=self.band(record),
            tier=int(contact.tier),
            able=able,
            level=min([levels.get(skill, 0) for skill, _ in self.needs(record)], default=0),
            idle=self.now - self.presences[name].idle_since,
            waited=self.now - contact.enqueued_at,
            step=record.relaxed,
            ring_step=self.step(record),
            ahead=self.place(record),
            **said,
        )
        self.put(record, attempts=attempt, offers=(*record.offers, offer), status=Status.OFFERED)
        self.out.append(fx.Offered(contact.id, name, offer, because))

    # --- timers -------------------------------------------------------------------------------------------

    def fire(self) -> None:
        while due := [entry for entry in self.pending() if entry[0] <= self.now]:
            at, *who, _, _ = min(due, key=lambda entry: entry[:5])
            self.clock = max(self.clock, at)
            # Whoever wakes does all that is due for him by then, in the order of the kinds.
            while mine := [entry for entry in self.pending() if entry[0] <= at and list(entry[1:4]) == who]:
                _, _, _, _, kind, subject = min(mine, key=lambda entry: entry[4])
                getattr(self, "time_" + "".join(c for c in kind if c.isalpha()))(subject)

    def pending(self) -> list[Any]:
        """Whatever will happen by itself and be seen: (due, contacts first, arrival, number, kind, subject)."""
        due: list[Any] = []
        for record in self.records.values():
            place, contact = (0, record.arrival, ""), record.contact
            if record.status is Status.WRAP_UP:
                due.append((record.wrap_until, *place, "0wrap", record))
            for at, offer in enumerate(self.rings(record)):
                due.append((offer.expires_at, *place, f"1{at}offer", (record, offer)))
            if record.status not in LOOSE:
                continue
            if not record.breached and not record.answered_at:
                due.append((contact.deadline, *place, "2breach", record))
            for step in contact.relax[record.relaxed :][:1]:
                due.append((contact.enqueued_at + step.after, *place, "3relax", record))
            if (bound := self.bounds(contact).max_wait) and not record.answered_at and not record.offers:
                # Whoever comes back from a phone after his time leaves then, not in the past.
                due.append((max(contact.enqueued_at + bound, self.clock), *place, "4overflow", record))
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

    def time_overflow(self, record: Record) -> None:
        contact = record.contact
        answer = self.bounds(contact).answer or contact.treatment
        del self.records[contact.id]
        self.out.append(fx.Overflowed(contact.id, answer, self.now - contact.enqueued_at))
        self.out.append(fx.Ended(contact.id, End.OVERFLOWED, cause="max_wait"))

    def time_offer(self, subject: tuple[Record, Offer]) -> None:
        record, offer = subject
        contact, name = record.contact, offer.agent
        until = self.now + self.config.back_off
        rang = offer.expires_at - offer.made_at
        if contact.medium is Medium.VOICE and rang < 3 * self.plan(contact).cycle:
            self.end_offer(contact.id, offer, Outcome.WITHDRAWN, "expired")
            self.seat(name, back_off_until=until)
        else:
            self.refused(record, offer)
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
        self.give_up(name, [Medium.CHAT, Medium.CALLBACK])

    # --- events about contacts ----------------------------------------------------------------------------

    def on_Ticked(self, event: ev.Ticked) -> None:
        pass

    def on_Arrived(self, event: ev.Arrived) -> None:
        contact = event.contact
        if contact.id in self.records:
            return self.refuse(event, "contact_exists", contact.id)
        reason, used, limit = self.barred(contact)
        if reason:
            answer = self.bounds(contact).answer or contact.treatment
            self.out.append(fx.Blocked(contact.id, contact.lease, answer, reason, used, limit))
            return None
        self.arrivals += 1
        self.records[contact.id] = Record(contact, self.arrivals)
        return self.queue(contact.id, "")

    def barred(self, contact: Contact) -> tuple[str, int, int]:
        """Why it may not queue, with what is used and how much there is."""
        if contact.medium in BOUNDED and contact.opens_at > self.now:
            return "closed", 0, 0
        if contact.medium is Medium.VOICE:
            lease, staffed = self.lease(contact.lease), self.staffed(contact.lease)
            calls = [r for r in self.records.values() if r.contact.medium is Medium.VOICE]
            calls = [r for r in calls if r.contact.lease == contact.lease and r.status is not Status.WRAP_UP]
            limit = min(lease.lines, staffed) if lease else 0
            if lease is None:
                return "unknown_lease", len(calls), limit
            if not self.in_force(lease.id):
                return "lease_not_in_force", len(calls), limit
            if not staffed:
                return "unstaffed", len(calls), limit
            if len(calls) >= limit:
                return "lines_busy", len(calls), limit
        waiting, most = len(self.waiting(contact)), self.bounds(contact).max_length
        return ("queue_full", waiting, most) if 0 < most <= waiting else ("", 0, 0)

    def on_Changed(self, event: ev.Changed) -> None:
        record = self.records.get(event.contact)
        if record is None:
            return self.refuse(event, "unknown_contact", event.contact, event.agent)
        clock_from = None if record.answered_at else event.clock_from
        asked = {"complaint": event.complaint, "tier": event.tier, "deadline": event.deadline, "clock_from": clock_from}
        new = replace(record.contact, **{k: v for k, v in asked.items() if v is not None})
        if new != record.contact:
            self.put(record, contact=new)
            moved = 0 if new.clock_from == record.contact.clock_from else new.clock_from
            self.out.append(fx.Amended(new.id, new.complaint, int(new.tier), new.deadline, moved))
        return self.done(event, event.agent)

    def on_Left(self, event: ev.Left) -> None:
        record = self.records.get(event.contact)
        if record is None:
            return self.refuse(event, "unknown_contact", event.contact)
        if event.agent not in ("", record.owner):
            ends = self.consults(record, event.agent)
            return self.end_consult(event.contact, "left", by=event.agent) if ends else None
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

    def on_Dialled(self, event: ev.Dialled) -> None:
        record = self.theirs(event, Status.ACTIVE)
        if record and record.contact.medium is not Medium.CALLBACK:
            self.refuse(event, "medium", event.contact, event.agent)
        elif record:
            self.put(record, dialled=True)

    def on_WrappedUp(self, event: ev.WrappedUp) -> None:
        if record := self.theirs(event, Status.WRAP_UP):
            self.finish(record, "wrapped_up")
            self.done(event, event.agent)

    def end_active(self, record: Record, by: str, cause: str) -> None:
        self.end_consult(record.contact.id, "finished" if by == "agent" else "customer_left")
        record = self.records[record.contact.id]
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
        if record.consult:
            self.refuse(event, "consult_running", event.contact, event.agent)
            return
        if record.dialled:
            self.refuse(event, "already_dialled", event.contact, event.agent)
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
        answered = 0 if record.contact.medium is Medium.CALLBACK else record.answered_at
        contact_now = replace(record.contact, clock_from=self.now)
        self.put(record, owner="", contact=contact_now, answered_at=answered)
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
        if record.contact.medium is not Medium.VOICE or not self.presences[event.agent].device:
            self.own(record, event.agent, "supervisor", event.by, event.reason)
        elif event.agent not in [offer.agent for offer in record.offers]:
            self.offer(record, event.agent, "override", 1, by=event.by, reason=event.reason)
        return self.done(event, event.agent)

    def on_Answered(self, event: ev.Answered) -> None:
        record, agent = self.records.get(event.contact), self.agent(event.agent)
        if record and (record.owner == event.agent or self.consults(record, event.agent)):
            return None
        if record and record.consult and record.consult.agent == event.agent:
            return self.second_answers(record, record.consult)
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
        if agent.lease not in self.pools(record):
            return "lease"
        return "" if record.contact.medium in agent.media else "medium"

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
        self.end_consult(event.contact, "closed")
        if record.owner:
            self.seat(record.owner, idle_since=self.now)
            self.out.append(fx.Released(event.contact, record.owner, "closed"))
        del self.records[event.contact]
        self.out.append(fx.Ended(event.contact, End.CLOSED, event.by, event.reason, record.owner))
        self.leave_after_call(record.owner)
        return self.done(event, event.by)

    def refused(self, record: Record, offer: Offer) -> None:
        """Asked last from now on; but not for a consult."""
        if offer != record.consult:
            self.put(record, declined=tuple(sorted({*record.declined, offer.agent})))

    # --- events about offers ------------------------------------------------------------------------------

    def live(self, event: Any) -> tuple[Record, Offer] | None:
        for record in self.records.values():
            for offer in self.rings(record):
                if offer.id == event.offer and offer.agent == event.agent:
                    return record, offer
        self.refuse(event, "offer_gone", "", event.agent)
        return None

    def on_OfferAccepted(self, event: ev.OfferAccepted) -> None:
        if live := self.live(event):
            if live[0].consult == live[1]:
                _ = live[1].device or self.second_answers(*live)
            elif not live[1].device:
                self.own(live[0], event.agent, "answered_elsewhere")
            self.done(event, event.agent)

    def on_OfferDeclined(self, event: ev.OfferDeclined) -> None:
        if live := self.live(event):
            record, offer = live
            self.refused(record, offer)
            self.fail(record.contact.id, offer, Outcome.DECLINED, event.reason)
            self.done(event, event.agent)

    def on_OfferFailed(self, event: ev.OfferFailed) -> None:
        if live := self.live(event):
            self.fail(live[0].contact.id, live[1], Outcome.UNREACHABLE, event.cause)

    def fail(self, contact: str, offer: Offer, outcome: Outcome, reason: str) -> None:
        self.end_offer(contact, offer, outcome, reason)
        self.seat(offer.agent, back_off_until=self.now + self.config.back_off)
        self.settle(contact)
