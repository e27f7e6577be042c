"""The books of a routing domain, kept from the outside: events in, effects out, and nothing of the router's memory.

Each promise of docs/routing.md that can be checked from the trace alone is checked here, at the very effect that
would break it. It knows neither the core nor the oracle.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from routing import effects as fx
from routing import events as ev
from routing.model import (
    Agent,
    Config,
    Contact,
    End,
    Medium,
    Micros,
    Offer,
    Outcome,
    PresenceState,
    QueueRule,
    Record,
    Snapshot,
    Status,
)

Place = tuple[str, str]
BOUNDED = (Medium.VOICE, Medium.CHAT)
ONE_PHONE = 1
CLIENTLESS = ""


@dataclass
class Story:
    """One open contact as the facts tell it."""

    contact: Contact
    arrival: int
    status: Status = Status.WAITING
    owner: str = ""
    offers: dict[str, Offer] = field(default_factory=dict)
    asked: Offer | None = None
    second: str = ""
    """Who is consulted: his offer, and his id once he talks."""
    relaxed: int = 0
    answered: bool = False
    breached: bool = False
    declined: set[str] = field(default_factory=set)
    dialled: bool = False
    absent: bool = False
    """Taken by somebody who was not at his desk: on a phone of the group."""

    def is_asked(self, agent: str) -> bool:
        return self.asked is not None and self.asked.agent == agent

    @property
    def place(self) -> Place:
        return (self.contact.lease, self.contact.view)


@dataclass
class Seat:
    state: PresenceState = PresenceState.OFFLINE
    connected: bool = False


def second(record: Record) -> str:
    """The agent who talks beside the owner."""
    return record.consult.agent if record.consult and record.consult_since else ""


def carriers(record: Record) -> set[str]:
    """Everybody whose units it takes."""
    asked = {record.consult.agent} if record.consult else set()
    return {record.owner, *(offer.agent for offer in record.offers), *asked}


class Ledger:
    def __init__(self, snapshot: Snapshot) -> None:
        assert not snapshot.records, "the books begin with an empty queue"
        self.config: Config = snapshot.config
        self.now: Micros = snapshot.now
        self.stories: dict[str, Story] = {}
        self.seats = {agent.id: Seat() for agent in snapshot.config.agents}
        self.tallies: dict[Place, Counter[str]] = {}
        self.staffing: dict[str, int] = {}
        self.overload: dict[str, int] = {}
        self.event: Any = ev.Ticked()

    # --- reading --------------------------------------------------------------------------------------------

    def read(self, event: ev.AnyEvent | None, now: Micros, effects: list[fx.AnyEffect]) -> None:
        self.event, self.now = event, now
        again = any(isinstance(effect, fx.Refused) and effect.code == "contact_exists" for effect in effects)
        if isinstance(event, ev.Arrived) and not again:
            self.tally((event.contact.lease, event.contact.view))["entered"] += 1
        if isinstance(event, ev.Dialled) and not any(isinstance(effect, fx.Refused) for effect in effects):
            self.dials(event)
        for at, effect in enumerate(effects):
            saw = getattr(self, "saw_" + type(effect).__name__, None)
            if saw is not None:
                saw(effect)
            if isinstance(effect, fx.Overflowed):
                assert effects[at + 1] == fx.Ended(effect.contact, End.OVERFLOWED, cause="max_wait")
        if isinstance(event, ev.Configured):
            self.seats = {agent.id: self.seats.get(agent.id, Seat()) for agent in self.config.agents}
            self.overload = {agent.id: self.load(agent.id) for agent in self.config.agents}

    def tally(self, place: Place) -> Counter[str]:
        return self.tallies.setdefault(place, Counter())

    # --- contacts -------------------------------------------------------------------------------------------

    def saw_Queued(self, effect: fx.Queued) -> None:
        assert effect.position >= 1
        assert 0 <= effect.expected <= effect.at_most
        if effect.reason == "":
            self.enter(effect)
            return
        story = self.stories[effect.contact]
        assert effect.arrival == story.arrival, "its arrival number is for ever"
        assert not story.offers
        assert not story.owner
        story.status = Status.WAITING
        if effect.reason in ("transfer", "agent_left"):
            story.contact = replace(story.contact, clock_from=self.now)
            assert not story.dialled, "its customer is being called"
            story.answered = story.answered and story.contact.medium is not Medium.CALLBACK
        if effect.reason == "transfer":
            self.redirect(story, self.event)

    def enter(self, effect: fx.Queued) -> None:
        contact: Contact = self.event.contact
        assert effect.contact == contact.id
        assert effect.contact not in self.stories, "queued twice"
        assert all(effect.arrival > story.arrival for story in self.stories.values())
        rule = self.rule(contact)
        waiting = sum(story.status is Status.WAITING for story in self.stories_at((contact.lease, contact.view)))
        story = self.stories[contact.id] = Story(contact, effect.arrival)
        if contact.medium in BOUNDED:
            assert contact.opens_at <= self.now, "came in outside of the hours"
            assert not rule.max_length or waiting < rule.max_length, "more wait than the view allows"
        if contact.medium is Medium.VOICE:
            calls = [other for other in self.stories.values() if other.contact.medium is Medium.VOICE]
            calls = [other for other in calls if other.contact.lease == contact.lease]
            held = [other for other in calls if other.status is not Status.WRAP_UP]
            lease = next(lease for lease in self.config.leases if lease.id == contact.lease)
            assert lease.starts <= self.now < lease.ends
            assert len(held) <= min(lease.lines, self.staffed(lease.id)), "more calls than staffed lines"
        assert story.status is Status.WAITING

    def redirect(self, story: Story, event: ev.Transferred) -> None:
        until = self.now + 20_000_000 if event.to_agent else 0
        story.contact = replace(story.contact, preferred=event.to_agent, preferred_until=until)
        if event.view or event.needs:
            self.tally(story.place)["moved_out"] += 1
            view = event.view or story.contact.view
            story.contact = replace(story.contact, view=view, needs=event.needs, relax=())
            story.relaxed = 0
            self.tally(story.place)["moved_in"] += 1
        story.declined = story.declined - {event.to_agent} | {event.agent}

    def saw_Blocked(self, effect: fx.Blocked) -> None:
        contact: Contact = self.event.contact
        assert effect.contact == contact.id
        assert effect.contact not in self.stories
        assert contact.medium in BOUNDED, "mails and callbacks always queue"
        self.tally((contact.lease, contact.view))["blocked"] += 1

    def saw_Overflowed(self, effect: fx.Overflowed) -> None:
        story = self.stories[effect.contact]
        rule = self.rule(story.contact)
        assert story.contact.medium in BOUNDED
        assert story.status is Status.WAITING, "its phone still rings"
        assert not story.answered, "an answered contact never overflows"
        assert 0 < rule.max_wait <= effect.waited == self.now - story.contact.enqueued_at
        assert effect.answer == (rule.answer or story.contact.treatment)

    def saw_Ended(self, effect: fx.Ended) -> None:
        story = self.stories.pop(effect.contact)
        assert not story.offers, "it ended while a phone rang"
        assert not story.owner, "it ended while somebody owned it"
        assert story.asked is None, "it ended while somebody was consulted"
        self.tally(story.place)[effect.how] += 1

    def saw_Breached(self, effect: fx.Breached) -> None:
        story = self.stories[effect.contact]
        assert not story.breached, "said twice"
        assert not story.answered
        assert story.contact.deadline == effect.deadline <= self.now
        story.breached = True

    def saw_Relaxed(self, effect: fx.Relaxed) -> None:
        story = self.stories[effect.contact]
        assert effect.step == story.relaxed + 1
        assert story.contact.enqueued_at + story.contact.relax[story.relaxed].after <= self.now
        story.relaxed = effect.step

    def saw_Amended(self, effect: fx.Amended) -> None:
        story = self.stories[effect.contact]
        fields = {"complaint": effect.complaint, "tier": self.event.tier, "deadline": effect.deadline}
        fields["tier"] = type(story.contact.tier)(effect.tier)
        if effect.clock_from:
            assert not story.answered, "who was answered has had his rings"
            fields["clock_from"] = effect.clock_from
        story.contact = replace(story.contact, **fields)

    def dials(self, event: ev.Dialled) -> None:
        story = self.stories[event.contact]
        assert story.contact.medium is Medium.CALLBACK
        assert (story.owner, story.status) == (event.agent, Status.ACTIVE)
        story.dialled = True

    # --- offers and owners ----------------------------------------------------------------------------------

    def saw_Offered(self, effect: fx.Offered) -> None:
        story, agent = self.stories[effect.contact], self.agent(effect.agent)
        if effect.offer.role:
            self.asks_a_second(story, effect)
            return
        assert story.status in (Status.WAITING, Status.OFFERED)
        assert effect.agent not in story.offers, "rings there already"
        assert self.now == effect.offer.made_at < effect.offer.expires_at
        assert self.is_ready(effect.agent)
        override = effect.because.rule == "override"
        if not override or self.client(agent.lease) != CLIENTLESS:
            assert self.client(agent.lease) == story.contact.client, "a leased seat serves its client only"
        if override:
            assert isinstance(self.event, ev.Assigned), "nobody gave it to him"
            assert story.contact.medium is Medium.VOICE
        else:
            assert len(story.offers) < self.wanted(story), "more phones than the plan says"
            assert not self.is_too_early(story), "called back before the promised window"
            assert self.suits(story, agent)
            self.keeps_the_order(story, agent)
        story.status = Status.OFFERED
        story.offers[effect.agent] = effect.offer
        assert self.load(agent.id) <= agent.capacity, "more than he can carry"

    def asks_a_second(self, story: Story, effect: fx.Offered) -> None:
        agent = self.agent(effect.agent)
        assert story.status is Status.ACTIVE
        assert story.contact.medium is Medium.VOICE
        assert effect.agent != story.owner
        assert story.asked is None, "two are consulted"
        assert effect.offer.role == "consult"
        assert self.is_ready(effect.agent)
        assert Medium.VOICE in agent.media
        assert self.client(agent.lease) == story.contact.client, "a leased seat serves its client only"
        story.asked = effect.offer
        assert self.load(agent.id) <= agent.capacity, "more than he can carry"

    def saw_ConsultBegan(self, effect: fx.ConsultBegan) -> None:
        story = self.stories[effect.contact]
        assert story.asked is not None
        assert (story.asked.agent, story.asked.id) == (effect.agent, effect.offer)
        assert story.owner == effect.owner, "the call stays with its owner"
        assert not story.second
        story.second = effect.agent

    def saw_ConsultEnded(self, effect: fx.ConsultEnded) -> None:
        story = self.stories[effect.contact]
        assert story.owner == effect.owner
        assert story.asked is not None
        assert story.asked.id == effect.offer
        assert (story.second == effect.agent) is effect.talked
        story.asked, story.second = None, ""

    def saw_OfferEnded(self, effect: fx.OfferEnded) -> None:
        story = self.stories[effect.contact]
        if effect.agent not in story.offers:
            assert story.asked is not None
            assert story.asked.id == effect.offer
            return
        offer = story.offers.pop(effect.agent)
        assert offer.id == effect.offer
        if effect.outcome is Outcome.NO_ANSWER:
            assert offer.expires_at <= self.now
        if effect.outcome in (Outcome.NO_ANSWER, Outcome.DECLINED):
            story.declined.add(effect.agent)

    def saw_Owned(self, effect: fx.Owned) -> None:
        story, agent = self.stories[effect.contact], self.agent(effect.agent)
        assert not story.owner, "a second owner"
        assert self.client(agent.lease) in (story.contact.client, CLIENTLESS), "a leased seat serves its client only"
        if not effect.offer and effect.reason != "consult":
            # Somebody whose phone rang may be past his capacity by a new configuration alone.
            held = 0 if effect.agent in story.offers else self.units(story)
            assert self.load(agent.id) + held <= agent.capacity, "more than he can carry"
        story.owner, story.status, story.answered = effect.agent, Status.ACTIVE, True
        seat = self.seats[effect.agent]
        story.absent = seat.state is PresenceState.OFFLINE or not seat.connected

    def saw_WrapUpBegan(self, effect: fx.WrapUpBegan) -> None:
        story = self.stories[effect.contact]
        assert story.owner == effect.agent
        assert story.status is Status.ACTIVE
        story.status = Status.WRAP_UP

    def saw_Released(self, effect: fx.Released) -> None:
        story = self.stories[effect.contact]
        assert story.owner == effect.agent
        story.owner = ""

    # --- agents and configuration ---------------------------------------------------------------------------

    def saw_PresenceMoved(self, effect: fx.PresenceMoved) -> None:
        self.seats[effect.agent].state = effect.state
        assert effect.until == 0 or effect.until > self.now

    def saw_Connection(self, effect: fx.Connection) -> None:
        assert self.seats[effect.agent].connected is not effect.connected
        self.seats[effect.agent].connected = effect.connected

    def saw_Staffing(self, effect: fx.Staffing) -> None:
        assert self.staffing.get(effect.lease, 0) != effect.staffed
        self.staffing[effect.lease] = effect.staffed

    def saw_ConfigTaken(self, effect: fx.ConfigTaken) -> None:
        """Those who vanish are signed out under the new number, and keep their seat until all is said."""
        self.config = self.event.config
        leases = {lease.id for lease in self.config.leases}
        self.staffing = {lease: staffed for lease, staffed in self.staffing.items() if lease in leases}

    # --- what follows ---------------------------------------------------------------------------------------

    def agent(self, name: str) -> Agent:
        return next(agent for agent in self.config.agents if agent.id == name)

    def client(self, lease: str) -> str:
        """Whose people sit there; a lease that is gone from the configuration still has its last contacts."""
        return next((each.client for each in self.config.leases if each.id == lease), CLIENTLESS)

    def in_force(self, lease: str) -> bool:
        return any(each.id == lease and each.starts <= self.now < each.ends for each in self.config.leases)

    def rule(self, contact: Contact) -> QueueRule:
        found = QueueRule(contact.lease, contact.view)
        for rule in self.config.queues:
            if (rule.lease, rule.view) == (contact.lease, contact.view) and contact.medium in BOUNDED:
                found = rule
        return found

    def stories_at(self, place: Place) -> list[Story]:
        return [story for story in self.stories.values() if story.place == place]

    def is_ready(self, agent: str) -> bool:
        return self.seats[agent].state is PresenceState.READY and self.seats[agent].connected

    def staffed(self, lease: str) -> int:
        names = [agent.id for agent in self.config.agents if agent.lease == lease]
        return sum(self.seats[name].state is not PresenceState.OFFLINE for name in names if name in self.seats)

    def units(self, story: Story) -> int:
        return next((rules.units for rules in self.config.media if rules.medium is story.contact.medium), 1)

    def load(self, agent: str) -> int:
        return sum(
            self.units(s) for s in self.stories.values() if agent == s.owner or agent in s.offers or s.is_asked(agent)
        )

    def suits(self, story: Story, agent: Agent) -> bool:
        """Lease, second lease, medium and needs."""
        contact, needs, leases = story.contact, story.contact.needs, {story.contact.lease}
        if story.relaxed:
            step = contact.relax[story.relaxed - 1]
            needs, leases = step.needs, leases | {step.lease}
        if agent.lease not in leases or not self.in_force(agent.lease) or contact.medium not in agent.media:
            return False
        return all(level <= max([own for name, own in agent.skills if name == skill] + [0]) for skill, level in needs)

    def is_second_pool(self, effect: fx.Offered) -> bool:
        return self.agent(effect.agent).lease != self.stories[effect.contact].contact.lease

    def wanted(self, story: Story) -> int:
        plan = next((plan for plan in self.config.plans if plan.id == story.contact.plan), None)
        if plan is None:
            return ONE_PHONE
        elapsed = self.now - story.contact.clock_from
        rings = [plan.steps[0].ring, *(step.ring for step in plan.steps if step.after <= elapsed)]
        return max(ONE_PHONE, min(rings[-1], plan.parallel_max))

    def order(self, story: Story) -> tuple[Any, ...]:
        contact = story.contact
        if self.starves(story):
            return (0, contact.enqueued_at, story.arrival)
        known = [rules for rules in self.config.media if rules.medium is contact.medium]
        margin, late_is_urgent = (known[-1].urgent_before, known[-1].late_is_urgent) if known else (0, True)
        too_late = self.now >= contact.deadline and not late_is_urgent
        band = 1 if self.now >= contact.deadline - margin and not too_late else 2
        where = (band, contact.tier, not contact.complaint, too_late)
        return (*where, contact.deadline, contact.enqueued_at, story.arrival)

    def starves(self, story: Story) -> bool:
        bounds = [rules.max_wait for rules in self.config.media if rules.medium is story.contact.medium]
        return bool(bounds) and self.now - story.contact.enqueued_at > bounds[-1][story.contact.tier]

    # --- promises about pairs -------------------------------------------------------------------------------

    def could_take(self, story: Story, agent: Agent) -> bool:
        """It wants a phone and nothing but a decline or a preferred agent keeps it from his."""
        return (
            story.status in (Status.WAITING, Status.OFFERED)
            and agent.id not in story.offers
            and self.suits(story, agent)
            and len(story.offers) < self.wanted(story)
            and self.load(agent.id) + self.units(story) <= agent.capacity
        )

    def is_held(self, story: Story, agent: Agent) -> bool:
        """He declined it, or it may be waiting for somebody whom it prefers, or for the window that was promised."""
        contact = story.contact
        prefers = contact.preferred not in ("", agent.id) and self.now < contact.preferred_until
        return agent.id in story.declined or prefers or self.is_too_early(story)

    def is_too_early(self, story: Story) -> bool:
        return story.contact.medium is Medium.CALLBACK and self.now < story.contact.opens_at

    def keeps_the_order(self, story: Story, agent: Agent) -> None:
        """Of two contacts that this agent could take, the one offered is first; the starved are never overtaken."""
        for other in self.stories.values():
            if other is story or not self.could_take(other, agent) or self.is_held(other, agent):
                continue
            if self.starves(other):
                mine, theirs = story.contact.enqueued_at, other.contact.enqueued_at
                assert (mine, story.arrival) < (theirs, other.arrival), ("a later arrival overtook", other)
            assert self.order(story) < self.order(other), ("passed over", other)

    def nobody_keeps_what_he_left(self) -> None:
        """Who is gone past his grace has no chat and no undialled callback; the end of a call is waited for."""
        for story in self.stories.values():
            if story.status is Status.ACTIVE and not story.absent:
                gone = self.seats.get(story.owner, Seat()).state is PresenceState.OFFLINE
                stays = story.dialled or story.contact.medium in (Medium.VOICE, Medium.MAIL)
                assert stays or not gone, ("left with somebody who is gone", story)

    # --- promises about the whole, after each decision ------------------------------------------------------

    def balance(self, records: dict[str, Record]) -> None:
        """The rows tell the same story, and whoever entered is in exactly one place."""
        told = {id: (s.status, s.owner, set(s.offers), s.asked, s.second) for id, s in self.stories.items()}
        kept = {id: (r.status, r.owner, {o.agent for o in r.offers}, r.consult, second(r)) for id, r in records.items()}
        assert told == kept
        for place, tally in self.tallies.items():
            here = [record for record in records.values() if (record.contact.lease, record.contact.view) == place]
            gone = sum(tally[how] for how in (*End, "moved_out"))
            by_status = [sum(record.status is status for record in here) for status in Status]
            assert tally["entered"] + tally["moved_in"] == sum(by_status) + gone, (place, tally)
        assert len({record.arrival for record in records.values()}) == len(records)

    def nobody_carries_too_much(self, records: dict[str, Record]) -> None:
        """Counted from the rows. A new configuration may leave somebody with too much, but nobody adds to it."""
        for agent in self.config.agents:
            held = [r for r in records.values() if agent.id in carriers(r)]
            load = sum(self.units(self.stories[record.contact.id]) for record in held)
            assert load <= max(agent.capacity, self.overload.get(agent.id, 0)), agent
            self.overload[agent.id] = load

    def nobody_waits_too_long(self) -> None:
        for story in self.stories.values():
            bound = self.rule(story.contact).max_wait
            late = bound and self.now >= story.contact.enqueued_at + bound
            assert not late or story.answered or story.status is not Status.WAITING, story

    def staffing_is_as_said(self) -> None:
        for lease in self.config.leases:
            assert self.staffing.get(lease.id, 0) == self.staffed(lease.id), lease
