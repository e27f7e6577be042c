"""One contact at one instant: what it asks for, who could serve it, and for each agent the one reason why not.

Made from values alone (a Snapshot), with full scans and no index: it answers a person's question, and it checks the
core, because it does not share the indexes that the core matches by.
"""

from __future__ import annotations

from collections import Counter

from routing.leases import in_force
from routing.model import Agent, Contact, Medium, Micros, Presence, PresenceState, Record, Snapshot, Status
from routing.order import Key, key_of
from routing.rings import FALLBACK, ladders_by_plan
from routing.skills import held, meets, needs_of
from routing.terms import rules_by_medium, terms_by_medium

LOOSE = (Status.WAITING, Status.OFFERED)
LOST = ("spared", "more_skills", "less_proficient", "carries_more", "less_idle", "higher_number")
"""The rules by which one of several able agents is chosen, in their order, as the loser sees them."""


class Standing:
    """`now` may be later than the snapshot: what was decided is the snapshot's, clocks run on to `now`."""

    def __init__(self, snapshot: Snapshot, record: Record, now: Micros) -> None:
        config, contact = snapshot.config, record.contact
        self.now = now
        self.record = record
        self.contact = contact
        self._snapshot = snapshot
        self._rules = rules_by_medium(config)
        self._terms = terms_by_medium(config)
        self._leases = {lease.id: lease for lease in config.leases}
        self._presences = {presence.agent: presence for presence in snapshot.presences}
        self._loads = self._count_loads()
        self._holders: dict[str, Counter[str]] = {}
        self.needs = needs_of(contact, record.relaxed)
        second = contact.relax[record.relaxed - 1].lease if record.relaxed else ""
        self.second = "" if second == contact.lease else second
        ladder = ladders_by_plan(config).get(contact.plan, FALLBACK)
        self.ring_step = ladder.step_at(now - contact.clock_from)
        self.wanted = ladder.phones[self.ring_step]
        self.band = self._band(contact)
        self.everyone = sorted(config.agents, key=lambda agent: (agent.number, agent.id))
        self.pool = [agent for agent in self.everyone if self.serves(agent)]
        self._ringing = frozenset(offer.agent for offer in record.offers)
        self._others_remain = self._do_others_remain()
        self._held_for = self._agent_held_for()

    def _count_loads(self) -> dict[str, int]:
        """Units by agent: offers, active contacts and wrap-up hold those of their medium."""
        loads: dict[str, int] = {}
        for record in self._snapshot.records:
            units = self._rules[record.contact.medium].units
            second = record.consult.agent if record.consult is not None else ""
            for agent in (*(offer.agent for offer in record.offers), record.owner, second):
                loads[agent] = loads.get(agent, 0) + units
        return loads

    # --- the queue ----------------------------------------------------------------------------------------

    def ahead(self) -> int:
        """How many wait before it in its view without a ringing phone. Other clients never count (I7)."""
        here, mine = (self.contact.lease, self.contact.view), self._key(self.record)
        waiting = (record for record in self._snapshot.records if record.status is Status.WAITING)
        return sum(self._key(other) < mine for other in waiting if (other.contact.lease, other.contact.view) == here)

    def _key(self, record: Record) -> Key:
        return key_of(record.contact, record.arrival, self._band(record.contact))

    def _band(self, contact: Contact) -> int:
        terms = self._terms[contact.medium][contact.tier]
        band, _ = terms.band_at(self.now, enqueued_at=contact.enqueued_at, deadline=contact.deadline)
        return band

    # --- the agents ---------------------------------------------------------------------------------------

    def serves(self, agent: Agent) -> bool:
        """On its own lease, or on the second one of the relaxation step in force."""
        return agent.lease == self.contact.lease or agent.lease == self.second != ""

    def presence(self, agent: Agent) -> Presence:
        return self._presences.get(agent.id) or Presence(agent=agent.id)

    def is_present(self, agent: Agent) -> bool:
        """Could be offered work, were he not busy."""
        presence = self.presence(agent)
        return presence.state is PresenceState.READY and presence.connected

    def is_free(self, agent: Agent, medium: Medium) -> bool:
        """Could be offered this medium now, whatever a contact asks for."""
        willing = self.is_present(agent) and self.presence(agent).back_off_until <= self.now
        return willing and medium in agent.media and self._has_room(agent, medium)

    def _has_room(self, agent: Agent, medium: Medium) -> bool:
        return self._loads.get(agent.id, 0) + self._rules[medium].units <= agent.capacity

    def fits(self, agent: Agent) -> bool:
        """Might ever serve it, as it is now."""
        return self._unfit(agent) == ""

    def _do_others_remain(self) -> bool:
        """Is anybody left who could ever serve it and has not declined it?"""
        rest = (agent for agent in self.pool if agent.id not in self.record.declined)
        return any(self.is_present(agent) and self.fits(agent) for agent in rest)

    def _agent_held_for(self) -> str:
        """The preferred agent, while he is ready but perhaps busy, could serve it and its wait is not over."""
        name, record = self.contact.preferred, self.record
        if not name or self.now >= self.contact.preferred_until or name in record.declined or name in self._ringing:
            return ""
        found = next((agent for agent in self.pool if agent.id == name), None)
        return name if found is not None and self.is_present(found) and self.fits(found) else ""

    # --- why not ------------------------------------------------------------------------------------------

    def why_not(self, agent: Agent) -> str:
        """The first reason why this agent is not offered it; `able` if nothing stands in the way."""
        return self._settled(agent) or self._unfit(agent) or self._away(agent) or self._unready(agent)

    def _settled(self, agent: Agent) -> str:
        owner = self.record.owner
        if owner:
            return "owner" if owner == agent.id else self._second(agent)
        return "ringing" if agent.id in self._ringing else ""

    def _second(self, agent: Agent) -> str:
        """Somebody else owns it, and perhaps consults this agent: his phone rings, or they talk."""
        record = self.record
        if record.consult is None or record.consult.agent != agent.id:
            return "owned"
        return "consulted" if record.consult_since else "ringing"

    def _unfit(self, agent: Agent) -> str:
        """What no waiting changes."""
        if not self.serves(agent):
            return "lease"
        if not in_force(self._leases.get(agent.lease), self.now):
            return "lease_not_in_force"
        if self.contact.medium not in agent.media:
            return "medium"
        return "" if meets(held(agent.skills), self.needs) else "skill"

    def _away(self, agent: Agent) -> str:
        presence = self.presence(agent)
        if presence.state is not PresenceState.READY:
            return presence.state.value
        return "" if presence.connected else "disconnected"

    def _unready(self, agent: Agent) -> str:
        """What may change from one moment to the next."""
        if agent.id in self.record.declined and self._others_remain:
            return "declined"
        if self.presence(agent).back_off_until > self.now:
            return "back_off"
        if not self._has_room(agent, self.contact.medium):
            return "capacity"
        if self.contact.medium is Medium.CALLBACK and self.now < self.contact.opens_at:
            return "too_early"
        if self._held_for not in ("", agent.id):
            return "held"
        return "rings_enough" if len(self._ringing) >= self.wanted else "able"

    # --- of several, one ----------------------------------------------------------------------------------

    def lost(self, agent: Agent, chosen: Agent) -> str:
        """Why the chosen one came before this agent, who could have been offered it as well."""
        if chosen.id == self.contact.preferred and self.now < self.contact.preferred_until:
            return "not_preferred"
        if agent.lease != chosen.lease:
            return "home_first"
        mine, his = self._rank(agent), self._rank(chosen)
        return next(code for code, one, other in zip(LOST, mine, his, strict=True) if one != other)

    def _rank(self, agent: Agent) -> tuple[object, ...]:
        """What is compared, in the order of LOST."""
        skills = held(agent.skills)
        levels = tuple(-skills.get(skill, 0) for skill, _ in self.needs)
        idle_since = self.presence(agent).idle_since
        return (self._is_lone(agent), len(skills), levels, self._loads.get(agent.id, 0), idle_since, agent.number)

    def _is_lone(self, agent: Agent) -> bool:
        """Is he the only free one of his lease with some skill that this contact does not need?"""
        free = self._free_holders(agent.lease)
        own = int(self.is_free(agent, self.contact.medium))
        asked = {skill for skill, level in self.needs if level > 0}
        return any(free[skill] == own for skill in held(agent.skills) if skill not in asked)

    def _free_holders(self, lease: str) -> Counter[str]:
        """How many free agents of a lease have each skill."""
        if lease not in self._holders:
            free = (each for each in self.pool if each.lease == lease and self.is_free(each, self.contact.medium))
            self._holders[lease] = Counter(skill for each in free for skill in held(each.skills))
        return self._holders[lease]
