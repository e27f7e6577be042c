"""The oracle's consults: a second agent is asked, talks beside the owner, and leaves or takes the call over."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from property.reference_rules import READY, Rules

from routing import effects as fx
from routing import events as ev
from routing.model import Medium, Offer, Outcome, Record, Status


class Consults(Rules):
    def on_Consulted(self, event: ev.Consulted) -> None:
        record = self.records.get(event.contact)
        code = self.not_his(record, event.agent)
        if not code and record is not None and record.contact.medium is not Medium.VOICE:
            code = "not_a_call"
        if not code and record is not None and record.consult:
            code = "consult_running"
        if code or record is None:
            return self.refuse(event, code, event.contact, event.agent)
        why = self.unavailable(record, event.to_agent) if event.to_agent else ""
        asked = replace(record, relaxed=0, contact=replace(record.contact, needs=event.needs, preferred=""))
        able = [event.to_agent] if event.to_agent else self.consultable(asked, event.besides)
        if why or not able:
            command, detail = event.command, why or "nobody_free"
            self.out.append(fx.Refused(command, "agent_not_available", event.contact, event.agent, detail))
            return None
        name, rule = (event.to_agent, "named") if event.to_agent else self.choose(asked, able)
        self.ask_second(record, name, rule, len(able))
        return self.done(event, event.agent)

    def not_his(self, record: Record | None, name: str) -> str:
        if record is None:
            return "unknown_contact"
        if record.owner != name:
            return "not_owner"
        return "" if record.status is Status.ACTIVE else "contact_not_active"

    def unavailable(self, record: Record, name: str) -> str:
        agent = self.agent(name)
        if agent is None:
            return "unknown_agent"
        presence = self.presences[name]
        reasons = [
            ("owner", name == record.owner),
            ("lease", agent.lease not in self.pools(record)),
            ("lease_not_in_force", not self.in_force(agent.lease)),
            ("medium", Medium.VOICE not in agent.media),
            (str(presence.state), presence.state is not READY),
            ("disconnected", not presence.connected),
            ("back_off", presence.back_off_until > self.now),
            ("capacity", not self.free(name, Medium.VOICE)),
        ]
        return next((code for code, holds in reasons if holds), "")

    def consultable(self, asked: Record, besides: str) -> list[str]:
        home, never = asked.contact.lease, (asked.owner, besides)
        names = [agent.id for agent in self.config.agents if agent.lease == home and agent.id not in never]
        return [name for name in names if self.fits(asked, name) and self.free(name, Medium.VOICE)]

    def ask_second(self, record: Record, name: str, rule: str, able: int) -> None:
        contact, attempt = record.contact, record.attempts + 1
        until, device = self.now + self.plan(contact).offer_life, self.presences[name].device
        id = f"{contact.id}/{attempt}/{name}"
        offer = Offer(id, contact.id, name, attempt, self.now, until, device, "consult")
        idle = self.now - self.presences[name].idle_since
        because = fx.Because(rule, 2, int(contact.tier), able, idle=idle, step=record.relaxed)
        self.put(record, attempts=attempt, consult=offer)
        self.out.append(fx.ConsultAsked(contact.id, name, record.owner, id))
        self.out.append(fx.Offered(contact.id, name, offer, because))

    def second_answers(self, record: Record, offer: Offer) -> None:
        self.out.append(fx.OfferEnded(record.contact.id, offer.agent, offer.id, Outcome.ACCEPTED))
        self.put(record, consult_since=self.now)
        self.seat(offer.agent, misses=0)
        self.out.append(fx.ConsultBegan(record.contact.id, offer.agent, record.owner, offer.id))

    # --- its end ------------------------------------------------------------------------------------------

    def on_Joined(self, event: ev.Joined) -> None:
        record: Any = self.records.get(event.contact)
        code = self.not_his(record, event.agent)
        if not code and not record.consult_since:
            code = "no_consult"
        if code:
            return self.refuse(event, code, event.contact, event.agent)
        second = record.consult.agent
        self.say_end(record, "joined", by=event.agent)
        self.seat(event.agent, idle_since=self.now)
        self.out.append(fx.Released(event.contact, event.agent, "joined"))
        contact = replace(record.contact, clock_from=self.now)
        record = self.put(record, contact=contact, owner="", consult=None, consult_since=0)
        which: Any = self
        which.own(record, second, "", event.agent, "consult")
        which.leave_after_call(event.agent)
        return self.done(event, event.agent)

    def on_ConsultLeft(self, event: ev.ConsultLeft) -> None:
        record = self.records.get(event.contact)
        code = "unknown_contact" if record is None else ""
        if record and record.owner != event.agent and not self.consults(record, event.agent):
            code = "not_owner"
        elif record and record.consult is None:
            code = "no_consult"
        if code:
            return self.refuse(event, code, event.contact, event.agent)
        self.end_consult(event.contact, "left", by=event.agent)
        return self.done(event, event.agent)

    def end_consult(self, contact: str, reason: str, by: str = "") -> None:
        record = self.records[contact]
        if record.consult is None:
            return
        if not record.consult_since:
            outcome = Outcome.CUSTOMER_LEFT if reason == "customer_left" else Outcome.WITHDRAWN
            self.end_offer(contact, record.consult, outcome, reason)
            return
        second = record.consult.agent
        self.say_end(record, reason, by)
        self.put(record, consult=None, consult_since=0)
        self.seat(second, idle_since=self.now)
        which: Any = self
        which.leave_after_call(second)

    def say_end(self, record: Record, reason: str, by: str) -> None:
        assert record.consult
        offer = record.consult
        told = fx.ConsultEnded(record.contact.id, offer.agent, record.owner, offer.id, reason, talked=True, by=by)
        self.out.append(told)

    def end_consults_of(self, name: str) -> None:
        """He is removed from the configuration."""
        for record in self.by_age():
            if self.consults(record, name):
                self.end_consult(record.contact.id, "removed")
