"""Any history keeps the promises of the queue, and decides like the slow reference.

Shaped for scarcity: arrivals in bursts, four agents with room for one call or two chats, two skills, two leases with
two and one lines. A queue that is never short of agents tests nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from property.reference import Reference
from property.routing_world import CHINA, START, TEXT, S, agent

from routing import effects as fx
from routing import events as ev
from routing.decide import decide
from routing.explain import why_not
from routing.model import (
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    Presence,
    PresenceState,
    Record,
    RelaxStep,
    RingPlan,
    RingStep,
    Snapshot,
    Status,
    Tier,
)
from routing.state import State

BRIEF = RingPlan("brief", 5 * S, (RingStep(0, 1), RingStep(4 * S, 3)), 8 * S, parallel_max=2)
MEDIA = (
    MediumRules(Medium.VOICE, 2, 4 * S, 5 * S, (20 * S, 30 * S, 40 * S, 60 * S)),
    MediumRules(Medium.CHAT, 1, 0, 10 * S, (20 * S, 30 * S, 40 * S, 60 * S)),
    MediumRules(Medium.MAIL, 1, 2 * S, 10 * S, (60 * S, 60 * S, 60 * S, 60 * S)),
)
YUE, TV = ("yue", 2), ("tv", 1)
TEAM = (
    agent("ag_1", lease="k", skills=(YUE, TV), capacity=2),
    agent("ag_2", lease="k", skills=(("tv", 3),), capacity=2),
    agent("ag_3", lease="k", skills=(("tv", 1),), capacity=2),
    agent("ag_4", lease="o", skills=(("tv", 2), ("yue", 1)), capacity=2),
)
AGENTS = [*(member.id for member in TEAM), "ag_none"]
NEEDS = st.sampled_from([(), (), (TV,), (YUE,), (TV, YUE), (("tv", 3),)])
RELAX = st.sampled_from([(), (), (RelaxStep(4 * S, (TV,)), RelaxStep(9 * S, ()))])
PAUSES = st.sampled_from([0, 1, S, 2 * S - 1, 2 * S, 4 * S, 6 * S, 10 * S, 20 * S, 61 * S])


def configuration(version: int = 1, *, team: Any = TEAM, lines: int = 2, ends: int = START * 2) -> Config:
    leases = (Lease("k", "k", lines, 3, 0, ends), Lease("o", "o", 1, 1, 0, START * 2))
    plans = (CHINA, BRIEF, TEXT)
    return Config(version, leases, plans, team, MEDIA, not_responding_for=15 * S, back_off=2 * S, grace=5 * S)


MOVED = (agent("ag_4", lease="k", skills=(YUE,), capacity=2), agent("ag_3", lease="k", capacity=2))
CONFIGS = [
    configuration(2),
    configuration(3, team=TEAM[1:]),
    configuration(4, team=(*TEAM[:2], *MOVED)),
    configuration(5, lines=1, ends=START + 100 * S),
]


class QueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.count = 0
        self.lines_fell = False
        start = Snapshot(configuration(), START, 0)
        self.state = State.restore(start)
        self.reference = Reference(start)
        self.records: dict[str, Record] = {}
        self.presences: dict[str, Presence] = {p.agent: p for p in self.state.snapshot(START).presences}
        self.tally: Counter[str] = Counter()
        self.owners: dict[str, str] = {}
        self.last: list[fx.AnyEffect] = []

    # --- one event, decided twice ---------------------------------------------------------------------------

    def happen(self, event: ev.AnyEvent) -> None:
        expected = self.reference.decide(event, self.now)
        self.last = decide(self.state, event, self.now)
        assert msgspec.json.encode(self.last) == msgspec.json.encode(expected), event
        self.keep_rows()
        self.keep_books(event)
        answers = [e for e in self.last if isinstance(e, fx.Done | fx.Refused)]
        assert len(answers) == 1 or not getattr(event, "command", "")

    def keep_rows(self) -> None:
        """A twin of the tables, written from what was touched and nothing else."""
        contacts, agents = self.state.take_touched()
        for contact in contacts:
            record = self.state.record(contact)
            self.records.pop(contact, None)
            if record:
                self.records[contact] = record
        for name in agents:
            presence = self.state.presence(name)
            self.presences.pop(name, None)
            if presence:
                self.presences[name] = presence

    def keep_books(self, event: ev.AnyEvent) -> None:
        for effect in self.last:
            if isinstance(effect, fx.Queued) and not effect.reason:
                self.tally["in"] += 1
            if isinstance(effect, fx.Ended | fx.Blocked):
                self.tally["blocked" if isinstance(effect, fx.Blocked) else effect.how] += 1
            if isinstance(effect, fx.Owned):
                assert effect.contact not in self.owners, "a second owner"
                self.owners[effect.contact] = effect.agent
            if isinstance(effect, fx.Released):
                assert self.owners.pop(effect.contact) == effect.agent

    # --- what can happen ------------------------------------------------------------------------------------

    @initialize(team=st.sets(st.sampled_from(AGENTS[:4]), min_size=2))
    def morning(self, team: set[str]) -> None:
        for name in sorted(team):
            self.sit(name, "")

    @rule(
        specs=st.lists(
            st.tuples(
                st.sampled_from([Medium.VOICE, Medium.VOICE, Medium.CHAT, Medium.CHAT, Medium.MAIL]),
                st.sampled_from(["k", "k", "k", "o", "none"]),
                st.sampled_from(list(Tier)),
                NEEDS,
                RELAX,
                st.booleans(),
                st.sampled_from(["", "", "ag_1", "ag_2"]),
            ),
            min_size=1,
            max_size=5,
        ),
        apart=st.sampled_from([0, 1, S]),
    )
    def arrive(self, specs: list[Any], apart: int) -> None:
        for medium, lease, tier, needs, relax, complaint, preferred in specs:
            self.count += 1
            contact = Contact(
                id=f"ct_{self.count}",
                client=lease,
                lease=lease,
                medium=medium,
                tier=tier,
                enqueued_at=self.now,
                clock_from=self.now,
                deadline=self.now + 15 * S,
                plan=["text", "china", "brief"][(medium is Medium.VOICE) * (1 + self.count % 2)],
                view="complaints" if complaint else "",
                complaint=complaint,
                needs=tuple(sorted(needs)),
                relax=relax,
                preferred=preferred,
                preferred_until=self.now + 8 * S if preferred else 0,
            )
            self.happen(ev.Arrived(contact))
            self.now += apart

    @rule(pause=PAUSES)
    def tick_late(self, pause: int) -> None:
        self.now += pause
        self.happen(ev.Ticked())

    @rule(pause=PAUSES)
    def tick_at_each_timer(self, pause: int) -> None:
        until = self.now + pause
        while (due := self.state.due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.happen(ev.Ticked())
        self.now = until

    @rule(name=st.sampled_from(AGENTS), device=st.sampled_from(["", "phone"]))
    def sit(self, name: str, device: str) -> None:
        self.happen(ev.SignedIn(name, device, "k1"))
        self.happen(ev.PresenceSet(name, PresenceState.READY, "", "k2"))

    @rule(
        name=st.sampled_from(AGENTS),
        state=st.sampled_from(list(PresenceState)),
        reason=st.sampled_from(["", "lunch"]),
    )
    def set_presence(self, name: str, state: PresenceState, reason: str) -> None:
        self.happen(ev.PresenceSet(name, state, reason, "k"))

    @rule(name=st.sampled_from(AGENTS), kind=st.sampled_from([ev.Connected, ev.Disconnected, ev.SignedOut]))
    def come_and_go(self, name: str, kind: Any) -> None:
        self.happen(kind(name))

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data(), what=st.sampled_from(["accept", "accept", "accept", "decline", "fail", "answer"]))
    def respond(self, data: st.DataObject, what: str) -> None:
        ringing = [offer for record in self.reference.by_age() for offer in record.offers]
        if not ringing:
            return
        offer = data.draw(st.sampled_from(ringing))
        if what == "accept":
            self.happen(ev.OfferAccepted(offer.id, offer.agent, "k"))
        elif what == "decline":
            self.happen(ev.OfferDeclined(offer.id, offer.agent, "busy", "k"))
        elif what == "fail":
            self.happen(ev.OfferFailed(offer.id, offer.agent, "unreachable"))
        if what == "answer" or (what == "accept" and offer.device):
            self.happen(ev.Answered(offer.contact, offer.agent))

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), what=st.sampled_from(["finish", "finish", "wrapped", "left"]))
    def work(self, data: st.DataObject, what: str) -> None:
        contact = data.draw(st.sampled_from(sorted(self.owners)))
        name = self.owners[contact]
        events: dict[str, ev.AnyEvent] = {
            "finish": ev.Finished(contact, name, "", "k"),
            "wrapped": ev.WrappedUp(contact, name, "k"),
            "left": ev.Left(contact),
        }
        self.happen(events[what])

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), to=st.sampled_from(["", *AGENTS]), view=st.sampled_from(["", "vip"]), needs=NEEDS)
    def transfer(self, data: st.DataObject, to: str, view: str, needs: Any) -> None:
        contact = data.draw(st.sampled_from(sorted(self.owners)))
        needs = tuple(sorted(needs))
        self.happen(ev.Transferred(contact, self.owners[contact], view, needs, to, "", "k"))

    @precondition(lambda self: self.count)
    @rule(data=st.data(), name=st.sampled_from(AGENTS), what=st.integers(0, 9))
    def anything_about_any_contact(self, data: st.DataObject, name: str, what: int) -> None:
        """Late, double and senseless events included: ended contacts, wrong agents, gone offers."""
        contact = f"ct_{data.draw(st.integers(1, self.count))}"
        record = self.reference.records.get(contact)
        again = record.contact if record else None
        events: list[ev.AnyEvent] = [
            ev.Left(contact, to_callback=True),
            ev.Left(contact),
            ev.Answered(contact, name),
            ev.Finished(contact, name, "", "k"),
            ev.WrappedUp(contact, name, "k"),
            ev.Assigned(contact, name, "boss", "because", "k"),
            ev.Closed(contact, "spam", "boss", "k"),
            ev.Changed(contact, complaint=True, tier=Tier.PLATINUM, command="k"),
            ev.Changed(contact, deadline=self.now + 3 * S, command="k"),
            ev.Arrived(again) if again else ev.OfferAccepted(f"{contact}/1/{name}", name, "k"),
        ]
        self.happen(events[what])

    @rule(at=st.integers(0, len(CONFIGS) - 1))
    def configure(self, at: int) -> None:
        self.happen(ev.Configured(CONFIGS[at]))

    @rule()
    def another_router_takes_over(self) -> None:
        """A restored state goes on as if nothing had happened: every later event is compared as well."""
        self.state = State.restore(self.state.snapshot(self.now))
        self.happen(ev.Ticked())

    # --- promises -------------------------------------------------------------------------------------------

    @invariant()
    def rows_written_from_touches_are_the_whole_truth(self) -> None:
        snapshot = self.state.snapshot(self.now)
        assert snapshot.records == tuple(self.records[id] for id in sorted(self.records))
        assert snapshot.presences == tuple(self.presences[id] for id in sorted(self.presences))
        assert self.records == self.reference.records
        assert self.presences == self.reference.presences

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        ended = sum(self.tally[how] for how in ("finished", "abandoned", "to_callback", "closed"))
        assert self.tally["in"] == len(self.records) + ended
        arrivals = [record.arrival for record in self.records.values()]
        assert len(set(arrivals)) == len(arrivals)

    @invariant()
    def nobody_carries_more_than_they_can(self) -> None:
        for member in self.state.config.agents:
            held = self.reference.load(member.id)
            assert held <= member.capacity, member

    @invariant()
    def no_free_agent_stands_beside_work_they_could_do(self) -> None:
        for contact in self.records:
            for member in self.state.config.agents:
                reason = why_not(self.state, contact, member.id, self.state.now)
                assert reason != "able", (contact, member.id)

    @invariant()
    def nobody_is_offered_work_while_better_ranked_work_they_could_do_waits(self) -> None:
        for effect in self.last:
            if isinstance(effect, fx.Offered) and effect.contact in self.records:
                mine = self.reference.key(self.records[effect.contact])
                for other in self.records.values():
                    passed_over = (
                        other.status in (Status.WAITING, Status.OFFERED)
                        and self.reference.key(other) < mine
                        and len(other.offers) < self.reference.wanted(other)
                        and self.reference.fits(other, effect.agent)
                        and not other.declined
                        and not self.reference.waits_for_preferred(other)
                        and effect.agent not in [offer.agent for offer in other.offers]
                        and self.needed_room(other) <= self.needed_room(self.records[effect.contact])
                    )
                    assert not passed_over, (effect, other)

    def needed_room(self, record: Record) -> int:
        return self.reference.rules(record.contact.medium).units

    @invariant()
    def every_offer_ends_and_rings_where_somebody_is(self) -> None:
        for record in self.records.values():
            assert bool(record.offers) is (record.status is Status.OFFERED)
            for offer in record.offers:
                assert self.state.now < offer.expires_at <= self.state.now + 20 * S
                assert self.reference.present(offer.agent)

    @invariant()
    def an_active_contact_has_one_owner_and_others_have_none(self) -> None:
        owned = {id: record.owner for id, record in self.records.items() if record.owner}
        assert owned == self.owners
        for record in self.records.values():
            assert bool(record.owner) is (record.status in (Status.ACTIVE, Status.WRAP_UP))

    @invariant()
    def calls_enter_only_while_a_staffed_line_is_free(self) -> None:
        for effect in self.last:
            record = self.records.get(effect.contact) if isinstance(effect, fx.Queued) else None
            if record and not effect.reason and record.contact.medium is Medium.VOICE:
                lease = record.contact.lease
                open_calls = [
                    other
                    for other in self.records.values()
                    if other.contact.medium is Medium.VOICE
                    and other.contact.lease == lease
                    and other.status is not Status.WRAP_UP
                ]
                lines = self.reference.lease(lease).lines
                assert len(open_calls) <= min(lines, self.reference.staffed(lease))


QueueMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestQueue = QueueMachine.TestCase
