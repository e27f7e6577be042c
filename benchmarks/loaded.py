"""A loaded centre in a closed loop, for measuring decisions: all rules at once, and as many waiting as wanted.

Agents sit on several leases; three in ten take calls only, the others chats (two units of six), mails (one) and
callbacks (all six). Calls ring by China's ladder and are answered by the platform; their wrap-up is timed and ends
by itself or by a click. Everybody is busy, so a freed agent picks among all who wait for his skills. Calls wait too,
up to the staffed lines of their lease; the bulk of what waits is text, because a call beyond the lines is blocked.
"""

from __future__ import annotations

import random
import time

from routing import events as ev
from routing.decide import decide
from routing.effects import Blocked, Ended, Offered, Owned, WrapUpBegan
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    PresenceState,
    QueueRule,
    RingPlan,
    RingStep,
    Snapshot,
    Status,
    Tier,
)
from routing.restoring import restore

S = 1_000_000
START = 1_700_000_000 * S
HOUR = 3600 * S
SKILLS = [f"skill{at:02}" for at in range(50)]
CHINA = RingPlan("china", 5 * S, (RingStep(0, 1), RingStep(6 * S, 2), RingStep(10 * S, 5)), 20 * S)
TEXT = RingPlan("text", 5 * S, (RingStep(0, 1),), 60 * S)
WAITS = {Medium.VOICE: 60 * S, Medium.CHAT: 600 * S, Medium.MAIL: 24 * HOUR, Medium.CALLBACK: 2 * HOUR}
SPAN = {Medium.VOICE: 15 * S, Medium.CHAT: 60 * S, Medium.MAIL: 24 * HOUR, Medium.CALLBACK: HOUR}
TEXTS = (Medium.CHAT, Medium.MAIL, Medium.MAIL, Medium.CALLBACK)

Needs = tuple[tuple[str, int], ...]
Held = list[tuple[str, str]]


def rules(medium: Medium, units: int, wrap_up: int, urgent: int) -> MediumRules:
    wait = WAITS[medium]
    return MediumRules(medium, units, wrap_up, urgent, (wait, 2 * wait, 3 * wait, 4 * wait))


def a_config(agents: int, leases: int, rng: random.Random) -> Config:
    def member(at: int) -> Agent:
        skills = tuple(sorted((skill, rng.randint(1, 5)) for skill in rng.sample(SKILLS, 5)))
        media = (Medium.VOICE,) if at % 10 < 3 else (Medium.CHAT, Medium.MAIL, Medium.CALLBACK)
        return Agent(f"ag_{at:05}", f"{at:05}", f"lease{at // 10 % leases}", skills, 6, media)

    each = agents // leases + 10
    return Config(
        version=1,
        leases=tuple(Lease(f"lease{at}", f"client{at}", each, each, 0, START * 2) for at in range(leases)),
        plans=(CHINA, TEXT),
        agents=tuple(member(at) for at in range(agents)),
        media=(
            rules(Medium.VOICE, 6, 10 * S, 5 * S),
            rules(Medium.CHAT, 2, 0, 30 * S),
            rules(Medium.MAIL, 1, 0, HOUR),
            rules(Medium.CALLBACK, 6, 0, 600 * S),
        ),
        queues=tuple(QueueRule(f"lease{at}", "calls", 10_000, 24 * HOUR, "voicemail") for at in range(leases)),
    )


def signatures(count: int, config: Config, rng: random.Random) -> list[tuple[str, Needs]]:
    """Leases and what is asked of them: one or two skills, at levels that somebody there has."""
    made: dict[tuple[str, Needs], None] = {}
    while len(made) < count:
        member = rng.choice(config.agents)
        asked = sorted(rng.sample(member.skills, rng.choice([1, 1, 2])))
        made[member.lease, tuple((skill, rng.randint(1, level)) for skill, level in asked)] = None
    return list(made)


class Centre:
    """A state under load, and what the driver knows of it. `took` has the seconds of every decision, `kinds` its event.

    They are two lists, because a pair for each would have the garbage collection come again and again, in a decision.
    """

    def __init__(self, agents: int, leases: int, kinds: int, *, seed: int) -> None:
        self.rng = random.Random(seed)
        self.now = START
        config = a_config(agents, leases, self.rng)
        self.asked = signatures(kinds, config, self.rng)
        self.state = restore(Snapshot(config, self.now, 0))
        self.took: list[float] = []
        self.kinds: list[str] = []
        self.offers: list[tuple[str, str, str, str]] = []
        self.active: Held = []
        self.wrapping: Held = []
        self.queued: list[str] = []
        self.arrived = self.open = self.wanted = 0
        self.staff = [member.id for member in config.agents]
        for member in config.agents:
            self.do(ev.SignedIn(member.id, "phone" if Medium.VOICE in member.media else ""))
            self.do(ev.PresenceSet(member.id, PresenceState.READY))

    def waiting(self) -> int:
        return self.open - len(self.active) - len(self.wrapping)

    def do(self, event: ev.AnyEvent) -> None:
        self.now += 200
        begin = time.perf_counter()
        effects = decide(self.state, event, self.now)
        self.took.append(time.perf_counter() - begin)
        self.kinds.append(type(event).__name__)
        self.state.take_touched()
        for effect in effects:
            match effect:
                case Offered(contact, agent, offer):
                    self.offers.append((contact, agent, offer.id, offer.device))
                case Owned(contact, agent):
                    self.active.append((contact, agent))
                case WrapUpBegan(contact, agent):
                    self.wrapping.append((contact, agent))
                case Blocked() | Ended():
                    self.open -= 1

    def arrive(self) -> None:
        rng, now = self.rng, self.now
        self.arrived += 1
        self.open += 1
        lease, needs = rng.choice(self.asked)
        medium = Medium.VOICE if rng.random() < 0.12 else rng.choice(TEXTS)
        call = medium is Medium.VOICE
        name = f"ct_{self.arrived:08}"
        self.queued.append(name)
        self.do(
            ev.Arrived(
                Contact(
                    id=name,
                    client=lease,
                    lease=lease,
                    medium=medium,
                    tier=Tier(rng.choices((0, 1, 2, 3), (5, 15, 50, 30))[0]),
                    enqueued_at=now,
                    clock_from=now,
                    deadline=now + SPAN[medium],
                    plan="china" if call else "text",
                    view="calls" if call else "texts",
                    complaint=rng.random() < 0.05,
                    needs=needs,
                )
            )
        )

    def answer_all(self) -> None:
        """Whatever rings is answered, but now and then it is declined or the device cannot be reached."""
        while self.offers:
            contact, agent, offer, device = self.offers.pop()
            chance = self.rng.random()
            if chance < 0.02:
                self.do(ev.OfferDeclined(offer, agent))
            elif chance < 0.03:
                self.do(ev.OfferFailed(offer, agent))
            elif device:
                self.do(ev.Answered(contact, agent))
            else:
                self.do(ev.OfferAccepted(offer, agent))

    def finish(self, held: Held, event: type[ev.Finished] | type[ev.WrappedUp]) -> None:
        at = self.rng.randrange(len(held))
        held[at], held[-1] = held[-1], held[at]
        self.do(event(*held.pop()))

    def leave(self) -> None:
        """Somebody who waits loses patience."""
        while True:
            at = self.rng.randrange(len(self.queued))
            self.queued[at], self.queued[-1] = self.queued[-1], self.queued[at]
            contact = self.queued.pop()
            record = self.state.record(contact)
            if record is not None and record.status is Status.WAITING:
                self.do(ev.Left(contact))
                return

    def forget_times(self) -> None:
        self.took.clear()
        self.kinds.clear()

    def one_round(self) -> None:
        """One arrives, one finishes and wraps up, some leave or take a break; timers fire when they are due."""
        self.arrive()
        self.answer_all()
        self.finish(self.active, ev.Finished)
        if self.wrapping:
            self.finish(self.wrapping, ev.WrappedUp)
        self.answer_all()
        if self.waiting() > self.wanted:
            self.leave()
        if self.rng.random() < 0.02:
            agent = self.rng.choice(self.staff)
            self.do(ev.PresenceSet(agent, PresenceState.NOT_READY, "break"))
            self.do(ev.PresenceSet(agent, PresenceState.READY))
        self.answer_all()
        due = self.state.due()
        if due is not None and due <= self.now:
            self.do(ev.Ticked())

    def grow(self, waiting: int) -> None:
        """Contacts arrive until so many wait; the loop keeps their number from then on."""
        self.wanted = waiting
        while self.waiting() < waiting:
            self.arrive()
            self.answer_all()

    def warm_up(self) -> None:
        """Every agent finishes once: the first time he looks up which needs he meets, and that is remembered."""
        for _ in range(len(self.active)):
            self.one_round()
