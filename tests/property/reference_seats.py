"""The oracle's agents: seats, presence, sockets, and what a new configuration does to them."""

from __future__ import annotations

from typing import Any

from property.reference_consult import Consults
from property.reference_rules import OFFLINE, READY

from routing import effects as fx
from routing import events as ev
from routing.model import Medium, Outcome, Presence, PresenceState, Status

NOT_READY = PresenceState.NOT_READY


class Seats(Consults):
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
            if active and record.contact.medium in media and not record.dialled:
                self.back(record.contact.id, "agent_left", "agent_left")

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
                self.end_consults_of(agent.id)
                del self.presences[agent.id]
        for agent in sorted(new.values(), key=lambda agent: agent.number):
            self.presences.setdefault(agent.id, Presence(agent=agent.id))
            if agent.id in old and old[agent.id] != agent:
                self.withdraw_unfit(agent)
        self.config = event.config

    def withdraw_unfit(self, agent: Any) -> None:
        for record in self.by_age():
            # Who is consulted may lack the skills.
            fits = self.served_by(record, agent) and (record.owner or self.meets(record, agent))
            for offer in self.rings(record):
                if offer.agent == agent.id and not fits:
                    self.end_offer(record.contact.id, offer, Outcome.WITHDRAWN, "configuration")
                    self.settle(record.contact.id)
