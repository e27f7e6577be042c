"""A world shaped for scarcity, and every move that can be made in it.

Six agents on three leases of two clients, room for one call or a few texts each, bursts, bounds of one or two waiting
contacts, terms that begin and end while contacts wait and talk. A queue that is never short of agents tests nothing.

A move draws its choices through `pick`, so that Hypothesis and a seeded walk play the same game.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec.structs import replace
from property.routing_world import CHINA, START, TEXT, S, agent

from routing import events as ev
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    Micros,
    Offer,
    PresenceState,
    QueueRule,
    Record,
    RelaxStep,
    RingPlan,
    RingStep,
    Status,
    Tier,
)

if TYPE_CHECKING:
    from property.routing_scene import Scene

T = TypeVar("T")


class Pick(Protocol):
    def __call__(self, options: Sequence[T], /) -> T: ...


Move = Callable[["Scene", Pick], None]

# --- the world -----------------------------------------------------------------------------------------------

BRIEF = RingPlan("brief", 3 * S, (RingStep(0, 1), RingStep(4 * S, 3)), 8 * S, parallel_max=2)
WAITS = (20 * S, 30 * S, 40 * S, 60 * S)
MEDIA = (
    MediumRules(Medium.VOICE, 3, 4 * S, 5 * S, WAITS),
    MediumRules(Medium.CHAT, 1, 0, 10 * S, WAITS),
    MediumRules(Medium.MAIL, 2, 2 * S, 10 * S, (60 * S, 60 * S, 60 * S, 60 * S)),
    MediumRules(Medium.CALLBACK, 2, 0, 20 * S, WAITS, late_is_urgent=False),
)
YUE, TV = ("yue", 2), ("tv", 1)
TEXTS = (Medium.CHAT, Medium.MAIL)
NO_CALLBACKS = (Medium.VOICE, *TEXTS)
TEAM = (
    agent("ag_1", number="9", lease="k", skills=(YUE, ("tv", 2))),
    agent("ag_2", number="3", lease="k", skills=(("fax", 1), ("tv", 3))),
    agent("ag_3", number="2", lease="k", skills=(("tv", 1),), capacity=4, media=NO_CALLBACKS),
    agent("ag_4", number="5", lease="k2", skills=(("tv", 2), ("yue", 3)), capacity=4),
    agent("ag_5", number="1", lease="k2", skills=(TV,), media=NO_CALLBACKS),
    agent("ag_6", number="4", lease="o", skills=(("tv", 2), ("yue", 1))),
)
QUEUES = (
    QueueRule("k", "", max_length=2, max_wait=12 * S, answer="callback"),
    QueueRule("k2", "", max_length=1),
    QueueRule("o", "", max_length=3, max_wait=30 * S),
    QueueRule("o", "", max_wait=9 * S, answer="message"),
)
LEASES = {"k": "k", "k2": "k", "o": "o", "none": "none"}
"""Whose each lease is; nobody has configured the last one."""

AGENTS = [*(member.id for member in TEAM), "ag_none"]
FOREVER = START * 2


def terms(*, lines: int = 2, ends: Micros = FOREVER, second: tuple[Micros, Micros] = (0, FOREVER)) -> Any:
    return (
        Lease("k", "k", lines, 3, 0, ends),
        Lease("k2", "k", 1, 2, *second),
        Lease("o", "o", 1, 1, 0, FOREVER),
    )


def configuration(version: int = 1, **more: Any) -> Config:
    standing = {
        "leases": terms(),
        "plans": (CHINA, BRIEF, TEXT),
        "agents": TEAM,
        "media": MEDIA,
        "queues": QUEUES,
        "not_responding_for": 15 * S,
        "back_off": 2 * S,
        "grace": 5 * S,
    }
    return Config(version=version, **(standing | more))


def moved_team() -> tuple[Agent, ...]:
    """Two change seats, one loses his skills, one medium is taken away, and one is new."""
    return (
        replace(TEAM[0], lease="k2"),
        replace(TEAM[1], skills=()),
        replace(TEAM[2], media=TEXTS),
        replace(TEAM[3], lease="k", skills=(YUE,)),
        agent("ag_7", number="8", lease="k", skills=(TV,)),
        TEAM[5],
    )


def other_units() -> tuple[MediumRules, ...]:
    waits = (5 * S, 5 * S, 50 * S, 50 * S)
    return (
        MediumRules(Medium.VOICE, 2, 0, 8 * S, waits),
        MediumRules(Medium.CHAT, 2, 3 * S, 5 * S, waits, late_is_urgent=False),
        MediumRules(Medium.MAIL, 1, 0, 0, waits),
    )


CHANGES: list[Callable[[Micros], dict[str, Any]]] = [
    lambda now: {},
    lambda now: {},
    lambda now: {"queues": ()},
    lambda now: {"agents": TEAM[1:5]},
    lambda now: {"agents": moved_team()},
    lambda now: {"leases": terms(lines=1, ends=now + 15 * S)},
    lambda now: {"leases": terms(second=(now + 7 * S, now + 40 * S))},
    lambda now: {"leases": terms(second=(now + 3 * S, FOREVER))},
    lambda now: {"leases": terms(ends=now + 9 * S)},
    lambda now: {"leases": terms()[:2]},
    lambda now: {"media": other_units()},
    lambda now: {"agents": tuple(replace(member, capacity=member.capacity - 1) for member in TEAM)},
    lambda now: {"queues": (QueueRule("k", "", max_length=1, max_wait=4 * S, answer="ivr"),)},
    lambda now: {"plans": (replace(BRIEF, offer_life=3 * S), TEXT)},
]

# --- what can be asked for -----------------------------------------------------------------------------------

PAUSES = [0, 1, S, 2 * S - 1, 2 * S, 4 * S, 6 * S, 10 * S, 20 * S, 61 * S]
NEEDS = [(), (TV,), (TV,), (YUE,), (TV, YUE), (("tv", 3),), (("tv", 0),)]
RELAX = [(), (RelaxStep(4 * S, (TV,)), RelaxStep(9 * S, ()))]
WIDEN = [
    *RELAX,
    (RelaxStep(0, (), "k2"),),
    (RelaxStep(2 * S, (TV,), "k2"),),
    (RelaxStep(3 * S, (), "k2"), RelaxStep(8 * S, (TV,))),
    (RelaxStep(3 * S, (YUE,)), RelaxStep(6 * S, (TV,), "k"), RelaxStep(9 * S, (), "none")),
]
PLANS = {Medium.VOICE: ["china", "brief", "brief"], Medium.CHAT: ["text", "brief"]}


def a_contact(scene: Scene, pick: Pick) -> Contact:
    medium = pick([Medium.VOICE, Medium.CHAT, Medium.CHAT, Medium.VOICE, Medium.MAIL, Medium.CALLBACK])
    lease = pick(["k", "k", "k", "k", "k2", "o", "o", "none"])
    view = pick(["", "", "", "vip"])
    preferred = pick(["", "", "", "ag_1", "ag_1", "ag_2", "ag_4"])
    now = scene.now
    return Contact(
        id=scene.fresh("ct"),
        client=LEASES[lease],
        lease=lease,
        medium=medium,
        tier=pick(list(Tier)),
        enqueued_at=now - pick([0, 0, 0, 10 * S]),
        clock_from=now,
        deadline=now + pick([15 * S, 15 * S, 3 * S, 0]),
        plan=pick(PLANS.get(medium, ["text"])),
        view=view,
        complaint=pick([False, False, True]),
        needs=tuple(sorted(pick(NEEDS))),
        relax=pick(WIDEN if LEASES[lease] == "k" else RELAX),
        preferred=preferred,
        preferred_until=now + 8 * S if preferred else 0,
        opens_at=pick([0, 0, 0, 0, 0, 0, 0, now, now + S]),
    )


# --- the moves -----------------------------------------------------------------------------------------------


def burst(scene: Scene, pick: Pick) -> None:
    """Several at once or one after the other; some differ in nothing but their places."""
    apart = pick([0, 1, S])
    contact = a_contact(scene, pick)
    for _ in range(pick([1, 2, 3, 4])):
        scene.happen(ev.Arrived(contact))
        scene.now += apart
        if pick([True, True, False]):
            contact = a_contact(scene, pick)
        else:
            contact = replace(contact, id=scene.fresh("ct"), enqueued_at=contact.enqueued_at + pick([-S, S]))


def tick_late(scene: Scene, pick: Pick) -> None:
    scene.now += pick(PAUSES)
    scene.happen(ev.Ticked())


def tick_at_each_timer(scene: Scene, pick: Pick) -> None:
    scene.later(pick(PAUSES))


def sit(scene: Scene, pick: Pick) -> None:
    name = pick(AGENTS)
    scene.happen(ev.SignedIn(name, pick(["", "phone"]), "k1"))
    scene.happen(ev.PresenceSet(name, PresenceState.READY, "", "k2"))


def set_presence(scene: Scene, pick: Pick) -> None:
    state = pick([PresenceState.READY, PresenceState.READY, *PresenceState])
    scene.happen(ev.PresenceSet(pick(AGENTS), state, pick(["", "lunch"]), "k"))


def come_and_go(scene: Scene, pick: Pick) -> None:
    kind: Any = pick([ev.Connected, ev.Connected, ev.Disconnected, ev.SignedOut])
    scene.happen(kind(pick(AGENTS)))


def walk_away(scene: Scene, pick: Pick) -> None:
    """Somebody's last socket is gone in the middle of his work, for longer than the grace time or not."""
    if owned := scene.owned():
        scene.happen(ev.Disconnected(pick(owned).owner))
        scene.later(pick([6 * S, 2 * S]))


def respond(scene: Scene, pick: Pick) -> None:
    if ringing := scene.ringing():
        offer = pick(ringing)
        if pick([True] * 7 + [False]):
            answer_to(scene, offer, pick(["accept", "accept", "accept", "decline", "fail", "answer"]))
        else:  # Somebody else takes it from the group, whatever rings at his own desk.
            scene.happen(ev.Answered(offer.contact, pick(AGENTS)))


def answer_to(scene: Scene, offer: Offer, what: str) -> None:
    if what == "accept":
        scene.happen(ev.OfferAccepted(offer.id, offer.agent, "k"))
    elif what == "decline":
        scene.happen(ev.OfferDeclined(offer.id, offer.agent, "busy", "k"))
    elif what == "fail":
        scene.happen(ev.OfferFailed(offer.id, offer.agent, "unreachable"))
    if what == "answer" or (what == "accept" and offer.device):
        scene.happen(ev.Answered(offer.contact, offer.agent))


def let_it_ring(scene: Scene, pick: Pick) -> None:
    """Nobody stirs until the last of somebody's offers has run out."""
    if ringing := scene.ringing():
        scene.later(max(0, pick(ringing).expires_at - scene.now))


def work(scene: Scene, pick: Pick) -> None:
    if owned := scene.owned():
        record = pick(owned)
        contact = record.contact.id
        if record.status is Status.WRAP_UP:
            scene.happen(ev.WrappedUp(contact, record.owner, "k"))
            return
        result = ev.Finished(contact, record.owner, "solved", "k")
        scene.happen(pick([result, result, ev.Left(contact), ev.Answered(contact, pick(AGENTS))]))


def transfer(scene: Scene, pick: Pick) -> None:
    if owned := scene.owned():
        record = pick(owned)
        needs = tuple(sorted(pick(NEEDS)))
        to, view = pick(["", *AGENTS]), pick(["", "vip"])
        scene.happen(ev.Transferred(record.contact.id, record.owner, view, needs, to, "", "k"))


def consult(scene: Scene, pick: Pick) -> None:
    """The owner asks a second agent, joins the two or calls it off; the second one leaves, or his leg ends."""
    calls = [record for record in scene.calls() if record.status is Status.ACTIVE]
    if not calls and pick([True] * 4 + [False]):
        calls = a_call(scene, pick)
    calls = calls or (scene.owned() if pick([True, False, False]) else [])
    if calls := [each for each in calls if each.consult] or calls:
        record = pick(calls)
        if record.consult is None:
            ask_a_second(scene, record, pick)
        else:
            scene.happen(pick(in_a_consult(scene, record, record.consult.agent, pick)))


def dial(scene: Scene, pick: Pick) -> None:
    """The owner of a callback has its customer called, perhaps; then he is lost, hands it on, or the call ends."""
    callbacks = [each for each in scene.owned() if each.contact.medium is Medium.CALLBACK]
    if not callbacks:
        name = pick(["ag_1", "ag_2"])
        hurry(scene, name, pick)
        fields = {"medium": Medium.CALLBACK, "plan": "text", "lease": "k", "client": "k", "needs": (), "opens_at": 0}
        contact = replace(a_contact(scene, pick), **fields)
        scene.happen(ev.Arrived(contact))
        scene.happen(ev.Answered(contact.id, name))
        callbacks = [each for each in scene.owned() if each.contact.id == contact.id]
    if callbacks:
        record = pick(callbacks)
        contact_id, owner = record.contact.id, record.owner
        if pick([True, True, False]):
            scene.happen(ev.Dialled(contact_id, pick([owner, owner, owner, "ag_2"])))
            if pick([True, False, False]):
                scene.take_over(0)
        for event in pick(after_dialling(scene, contact_id, owner)):
            scene.happen(event)
            scene.later(pick([0, 6 * S]))


def after_dialling(scene: Scene, contact: str, owner: str) -> list[list[ev.AnyEvent]]:
    scene.versions += 1
    gone = tuple(member for member in TEAM if member.id != owner)
    ended = ev.Left(contact, by="platform")
    return [
        [],
        [ended],
        [ev.Disconnected(owner), ended],
        [ev.SignedOut(owner), ended],
        [ev.Transferred(contact, owner, "vip", (), "", "", "k")],
        [ev.Transferred(contact, owner, to_agent="ag_4", command="k"), ended],
        [ev.Configured(configuration(scene.versions, agents=gone)), ended],
        [ev.Dialled(contact, owner), ev.Finished(contact, owner, "reached", "k")],
    ]


def a_call(scene: Scene, pick: Pick) -> list[Record]:
    """Somebody becomes ready, and answers the call that then comes, if no other work was first."""
    name = pick(["ag_1", "ag_2", "ag_3"])
    hurry(scene, name, pick)
    contact = replace(
        a_contact(scene, pick), medium=Medium.VOICE, plan="china", lease="k", client="k", needs=(), opens_at=0
    )
    scene.happen(ev.Arrived(contact))
    scene.happen(ev.Answered(contact.id, name))
    return [each for each in scene.calls() if each.contact.id == contact.id and each.status is Status.ACTIVE]


def ask_a_second(scene: Scene, record: Record, pick: Pick) -> None:
    contact, owner = record.contact.id, record.owner
    mates = [each.id for each in TEAM if each.lease == record.contact.lease and each.id != owner]
    to = pick(["", *mates, *mates, pick(AGENTS)])
    if mates and pick([True, True, False]):
        hurry(scene, to if to in mates else pick(mates), pick)
    scene.happen(ev.Consulted(contact, owner, to, tuple(sorted(pick(NEEDS))), "k", pick(["", "", *mates])))
    asked = scene.records.get(contact)
    if asked and asked.consult and pick([True, False]):
        answer_to(scene, asked.consult, pick(["accept", "accept", "answer", "decline", "fail"]))
        scene.now += pick(PAUSES[:5])
    elif asked and asked.consult and pick([True, False, False]):
        scene.later(max(0, asked.consult.expires_at - scene.now))
    if (asked := scene.records.get(contact)) and asked.consult and pick([True, True, True, False]):
        scene.happen(pick(in_a_consult(scene, asked, asked.consult.agent, pick)))


def in_a_consult(scene: Scene, record: Record, second: str, pick: Pick) -> list[ev.AnyEvent]:
    contact, owner = record.contact.id, record.owner
    ends: list[ev.AnyEvent] = [
        ev.ConsultLeft(contact, owner, "k"),
        ev.Finished(contact, owner, "", "k"),
        ev.Left(contact),
        ev.Closed(contact, "spam", "boss", "k"),
    ]
    if not record.consult_since:
        return [*ends, ev.Left(contact), ev.Joined(contact, owner, "k")]
    gone = tuple(member for member in TEAM if member.id != second)
    scene.versions += 1
    return [
        ev.Joined(contact, owner, "k"),
        ev.Joined(contact, owner, "k"),
        ev.ConsultLeft(contact, pick([owner, second, "ag_2"]), "k"),
        ev.Left(contact, by="agent", agent=pick([second, second, owner, "ag_2"])),
        ev.Consulted(contact, owner, pick(AGENTS), command="k"),
        ev.Transferred(contact, owner, "vip", (), "", "", "k"),
        ev.Answered(contact, second),
        *ends[2:],
        pick([ev.SignedOut(second), ev.Disconnected(second)]),
        ev.Configured(configuration(scene.versions, agents=gone)),
    ]


def hurry(scene: Scene, name: str, pick: Pick) -> None:
    """Somebody drops what he does and says that he is ready; perhaps just when nobody else wants him."""
    for record in scene.owned():
        if record.owner == name:
            scene.happen(ev.Finished(record.contact.id, name, "", "k"))
            scene.happen(ev.WrappedUp(record.contact.id, name, "k"))
    if pick([True, False]):
        for record in scene.loose():
            scene.happen(ev.Left(record.contact.id))
    if name not in scene.ledger.seats or not scene.ledger.is_ready(name):
        scene.happen(ev.SignedIn(name, pick(["", "phone"]), "k1"))
        scene.happen(ev.PresenceSet(name, PresenceState.READY, "", "k2"))


def supervise(scene: Scene, pick: Pick) -> None:
    ringing = [offer.contact for offer in scene.ringing()]
    owned = [record.contact.id for record in scene.owned()]
    if contacts := pick([ringing, ringing, owned, sorted(scene.records)]):
        contact = pick(contacts)
        closed = ev.Closed(contact, "solved elsewhere", "boss", "k")
        assigned = ev.Assigned(contact, pick(AGENTS), "boss", "because", "k")
        scene.happen(pick([assigned, assigned, assigned, closed]))


def give_a_call(scene: Scene, pick: Pick) -> None:
    """A supervisor gives a call that waits or rings to an agent at a desk with a phone, who was not asked."""
    if calls := [record.contact.id for record in scene.loose() if record.contact.medium is Medium.VOICE]:
        name, contact = pick(AGENTS), pick(calls)
        scene.happen(ev.SignedIn(name, "phone", "k1"))
        scene.happen(ev.PresenceSet(name, PresenceState.READY, "", "k2"))
        scene.happen(ev.Assigned(contact, name, "boss", "because", "k"))


def amend(scene: Scene, pick: Pick) -> None:
    if scene.records:
        contact = pick(sorted(scene.records))
        changes: list[dict[str, Any]] = [
            {"complaint": True, "tier": Tier.PLATINUM},
            {"tier": Tier.LEAD},
            {"deadline": scene.now + 3 * S, "clock_from": scene.now},
            {},
        ]
        scene.happen(ev.Changed(contact, **pick(changes), command="k"))


def lose_patience(scene: Scene, pick: Pick) -> None:
    """A waiting customer leaves, or prefers to be called: a new contact at his old place."""
    if waiting := scene.loose():
        old = pick(waiting).contact
        if pick([True, False, False]):
            scene.happen(ev.Left(old.id))
            return
        scene.happen(ev.Left(old.id, to_callback=True))
        fields = {"medium": Medium.CALLBACK, "plan": "text", "clock_from": scene.now, "origin": old.id}
        deadline = scene.now + 30 * S
        scene.happen(ev.Arrived(replace(old, id=scene.fresh("cb"), deadline=deadline, **fields)))


def late_or_senseless(scene: Scene, pick: Pick) -> None:
    """Ended contacts, wrong agents, gone offers, everything a second time."""
    contact = pick([f"ct_{number}" for number in range(1, scene.count + 1)] + sorted(scene.records) or ["ct_1"])
    name = pick(AGENTS)
    record = scene.records.get(contact)
    events: list[ev.AnyEvent] = [
        ev.Left(contact),
        ev.Answered(contact, name),
        ev.Finished(contact, name, "", "k"),
        ev.Dialled(contact, record.owner if record else name),
        ev.WrappedUp(contact, name, "k"),
        ev.Closed(contact, "spam", "boss", "k"),
        ev.Joined(contact, name, "k"),
        ev.ConsultLeft(contact, name, "k"),
        ev.Consulted(contact, name, "ag_1", command="k"),
        ev.Changed(contact, complaint=False, command="k", agent=name),
        ev.OfferAccepted(f"{contact}/1/{name}", name, "k"),
        ev.OfferDeclined(f"{contact}/1/{name}", name, "", "k"),
        ev.OfferFailed(f"{contact}/1/{name}", name),
        ev.Arrived(record.contact) if record else ev.Assigned(contact, name, "boss", "late", "k"),
    ]
    scene.happen(pick(events))


def configure(scene: Scene, pick: Pick) -> None:
    scene.versions += 1
    scene.happen(ev.Configured(configuration(scene.versions, **pick(CHANGES)(scene.now))))


def take_over(scene: Scene, pick: Pick) -> None:
    """At once, or after a while: in which the old router decided nothing, or in which there was none."""
    scene.now += pick([0, 0, 2 * S])
    scene.take_over(pick([0, 0, 0, 3 * S, 30 * S]))


MOVES: dict[Move, int] = {
    burst: 5,
    tick_late: 3,
    tick_at_each_timer: 2,
    sit: 4,
    set_presence: 2,
    come_and_go: 2,
    walk_away: 1,
    respond: 7,
    let_it_ring: 2,
    work: 4,
    transfer: 2,
    consult: 6,
    dial: 3,
    supervise: 2,
    give_a_call: 2,
    amend: 1,
    lose_patience: 2,
    late_or_senseless: 2,
    configure: 2,
    take_over: 1,
}
"""Each with how often a walk makes it."""
