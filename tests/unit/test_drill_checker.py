"""The drill's checker finds what it promises to find: a good history passes, and each way to break it is named.

A rule without a mutation here would be a rule that nobody has seen fail.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from drill import records as r
from drill.checker import check
from drill.records import History
from msgspec.structs import replace

DOMAIN = "ruixun"
UNITS = {"voice": 60, "chat": 20, "mail": 12, "callback": 60}


class Story:
    """Writes a history as a service without a fault would: every decision has its event, facts and rows."""

    def __init__(self) -> None:
        self.history = History(seed=7, units=UNITS, capacity={"a1": 60, "a2": 60, "a3": 60})
        self.seq, self.epoch = 0, 1

    def decide(self, kind: str, contact: str, *effects: tuple[str, str, dict[str, object]], dedupe: str = "") -> None:
        self.seq += 1
        history = self.history
        history.events.append(
            r.Event(
                row=self.seq, domain=DOMAIN, seq=self.seq, epoch=self.epoch, kind=kind, contact=contact, dedupe=dedupe
            )
        )
        for ordinal, (what, agent, data) in enumerate(effects):
            name = f"{DOMAIN}:{self.seq}:{ordinal}"
            history.facts.append(
                r.Fact(id=name, at=self.seq, kind=what, contact=contact, agent=agent, seq=self.seq, data=data)
            )
        history.last_seq[DOMAIN] = self.seq

    def arrive(self, contact: str, medium: str, call: str) -> None:
        """A webhook is acknowledged, twice; the contact is stored and queued."""
        history, event = self.history, f"e-{call}"
        for _ in range(2):
            history.acknowledged.append(
                r.Acknowledged(
                    kind="call.offered", id=event, at=self.seq, source="pbx-1", subject=call, contact=contact
                )
            )
        history.receipts.append(r.Receipt("pbx-1", event, contact))
        history.contacts.append(
            r.Contact(id=contact, medium=medium, view=medium, state="ended", domain=DOMAIN, external_id=call)
        )
        history.facts.append(r.Fact(id=f"ft-{contact}", at=self.seq, kind="contact.opened", contact=contact))
        self.decide("arrived", contact, ("contact.queued", "", {}))

    def serve(self, contact: str, agent: str, call: str) -> None:
        """Offered by phone, accepted by a click, released, written up."""
        history, offer = self.history, f"{contact}/1/{agent}"
        self.decide("ticked", contact, ("offer.made", agent, {"offer": {"id": offer}}))
        history.outbox.append(r.Sending(id=f"{offer}/ring", kind="phone", contact=contact))
        history.ordered.append(r.Ordered(id=f"{offer}/ring", kind="phone.ring", at=5, offer=offer, not_after=9))
        history.offers.append(r.Offer(id=offer, contact=contact, agent=agent, ended=True, outcome="accepted"))
        history.commanded.append(r.Commanded(agent=agent, id=f"k-{contact}", kind="accept", answer="ok"))
        self.decide(
            "offer_accepted",
            contact,
            ("offer.ended", agent, {"offer": offer, "outcome": "accepted"}),
            ("contact.assigned", agent, {"offer": offer}),
            ("command.done", agent, {"command": f"{agent}:k-{contact}"}),
        )
        history.assignments.append(r.Assignment(id=f"{contact}/1", contact=contact, agent=agent, ended=True))
        history.acknowledged.append(
            r.Acknowledged(kind="call.released", id=f"r-{call}", at=9, source="pbx-1", subject=call, contact=contact)
        )
        history.receipts.append(r.Receipt("pbx-1", f"r-{call}", contact))
        self.decide("left", contact, ("wrap_up.began", agent, {}), dedupe=f"pbx-1:r-{call}:customer_gone:")
        self.decide(
            "wrapped_up", contact, ("assignment.ended", agent, {}), ("contact.ended", agent, {"how": "finished"})
        )

    def write(self, contact: str) -> None:
        """A mail and a chat: what was acknowledged is stored."""
        history = self.history
        history.acknowledged += [
            r.Acknowledged(kind="mail", id="<m1>", at=1),
            r.Acknowledged(kind="chat", id="s1", at=1, subject="s1"),
            r.Acknowledged(kind="word", id="第一句", at=1, subject="s1"),
        ]
        history.contacts += [
            r.Contact(id=name, medium=medium, view=medium, state="ended", external_id=external)
            for name, medium, external in ((f"{contact}m", "mail", "mx"), (f"{contact}s", "chat", "s1"))
        ]
        history.messages += [
            r.Message(conversation="v1", seq=1, contact=f"{contact}m", sender="customer", text="x", message_id="<m1>"),
            r.Message(conversation="v2", seq=1, contact=f"{contact}s", sender="customer", text="第一句"),
            r.Message(conversation="v2", seq=2, contact=f"{contact}s", sender="agent", text="答"),
        ]
        history.commanded.append(r.Commanded(agent="a1", id="k-say", kind="say", answer="ok", text="答"))
        for name in (f"{contact}m", f"{contact}s"):
            history.facts.append(r.Fact(id=f"ft-{name}", at=1, kind="contact.opened", contact=name))
            self.decide("arrived", name, ("contact.queued", "", {}))
            self.decide("closed", name, ("contact.ended", "", {"how": "closed"}))


def good() -> History:
    story = Story()
    story.arrive("c1", "voice", "call-1")
    story.serve("c1", "a1", "call-1")
    story.epoch = 2
    story.history.sightings += [r.Sighting(1, DOMAIN, 1, 0), r.Sighting(9, DOMAIN, 2, story.seq)]
    story.arrive("c2", "voice", "call-2")
    story.serve("c2", "a2", "call-2")
    story.write("c3")
    return story.history


def test_a_good_history_has_no_violation() -> None:
    assert check(good()) == []


# --- one way to break it per kind ------------------------------------------------------------------------------


def _without(kind: str) -> Callable[[History], None]:
    def mutate(history: History) -> None:
        history.facts.remove(next(fact for fact in history.facts if fact.kind == kind))

    return mutate


def _fact(history: History, kind: str, contact: str = "c2", agent: str = "a3", **data: object) -> None:
    """One more fact, of the decision that came first of that contact's epoch."""
    seq = next(fact.seq for fact in history.facts if fact.kind == "contact.assigned" and fact.contact == "c2")
    name = f"{DOMAIN}:{seq}:9"
    history.facts.append(r.Fact(id=name, at=9, kind=kind, contact=contact, agent=agent, seq=seq, data=data))


def _two_owners(history: History) -> None:
    _fact(history, "contact.assigned")
    history.assignments.append(r.Assignment(id="c2/9", contact="c2", agent="a3", ended=True))


def _two_live_rows(history: History) -> None:
    history.assignments = [replace(row, ended=False) for row in history.assignments]
    history.assignments.append(r.Assignment(id="c2/9", contact="c2", agent="a3", ended=False))


def _event(history: History, number: int, **changes: object) -> None:
    history.events[number] = replace(history.events[number], **changes)


def _gap(history: History) -> None:
    _event(history, 3, seq=None)


def _twice(history: History) -> None:
    _event(history, 3, seq=3)


def _old_epoch(history: History) -> None:
    _event(history, len(history.events) - 1, epoch=1)


def _seen_before(history: History) -> None:
    """Its numbers are in order, but the new epoch had been seen when there were fewer."""
    history.sightings[1] = r.Sighting(9, DOMAIN, 2, 2)


def _offer_without_fact(history: History) -> None:
    history.offers.append(r.Offer(id="c1/2/a3", contact="c1", agent="a3", ended=True))


def _fact_without_event(history: History) -> None:
    history.facts.append(r.Fact(id=f"{DOMAIN}:99:0", at=9, kind="contact.relaxed", contact="c1", seq=99))


def _late_offer(history: History) -> None:
    seq = history.last_seq[DOMAIN]
    made = {"offer": {"id": "c1/3/a3"}}
    history.facts.append(
        r.Fact(id=f"{DOMAIN}:{seq}:8", at=9, kind="offer.made", contact="c1", agent="a3", seq=seq, data=made)
    )


def _live_offer(history: History) -> None:
    history.offers[0] = replace(history.offers[0], ended=False)


def _small_agent(history: History) -> None:
    history.capacity["a2"] = 59


def _order(history: History) -> None:
    history.ordered.append(r.Ordered(id="c9/1/a1/ring", kind="phone.ring", at=5, offer="c9/1/a1"))


def _late_order(history: History) -> None:
    history.ordered[0] = replace(history.ordered[0], at=9 + 3_000_000)


def _contact(history: History, number: int, **changes: object) -> None:
    history.contacts[number] = replace(history.contacts[number], **changes)


def _forget_contact(history: History) -> None:
    """With everything that belongs to it, as if it had never been stored."""
    history.contacts = [contact for contact in history.contacts if contact.id != "c2"]
    history.facts = [fact for fact in history.facts if fact.contact != "c2"]
    history.assignments = [row for row in history.assignments if row.contact != "c2"]
    history.offers = [row for row in history.offers if row.contact != "c2"]
    history.ordered = [order for order in history.ordered if not order.id.startswith("c2")]
    history.commanded = [each for each in history.commanded if each.id != "k-c2"]


def _forget_mail(history: History) -> None:
    history.messages = [message for message in history.messages if message.message_id != "<m1>"]


def _forget_release(history: History) -> None:
    """The webhook was acknowledged and has a receipt; the router never heard of it, so the call goes on."""
    history.events = [replace(each, kind="ticked") if each.kind == "left" else each for each in history.events]
    _contact(history, 0, state="active")


def _receipt(history: History) -> None:
    history.receipts[0] = replace(history.receipts[0], contact="c9")


def _no_receipt(history: History) -> None:
    del history.receipts[0]


def _same_arrival(history: History) -> None:
    _contact(history, 1, external_id="call-1")


def _done_twice(history: History) -> None:
    _fact(history, "command.done", agent="a1", command="a1:k-c1")


def _say_twice(history: History) -> None:
    history.messages.append(r.Message(conversation="v2", seq=3, contact="c3s", sender="agent", text="答"))


def _say_lost(history: History) -> None:
    history.messages = [message for message in history.messages if message.sender != "agent"]


def _word_twice(history: History) -> None:
    history.messages.append(r.Message(conversation="v2", seq=3, contact="c3s", sender="customer", text="第一句"))


def _number_gap(history: History) -> None:
    history.messages[2] = replace(history.messages[2], seq=5)


def _fact_copied(history: History) -> None:
    history.facts.append(replace(next(fact for fact in history.facts if fact.kind == "wrap_up.began"), at=99))


def _ended_twice(history: History) -> None:
    _fact(history, "contact.ended", how="finished")


def _replayed(history: History) -> None:
    history.replay = "3 differences"


def _set_aside(history: History) -> None:
    _event(history, 2, problem="KeyError")


def _assignment_gone(history: History) -> None:
    del history.assignments[0]


MUTATIONS: list[tuple[str, Callable[[History], None]]] = [
    ("lost contact", _forget_contact),
    ("lost contact", _forget_mail),
    ("lost contact", _without("contact.opened")),
    ("contact twice", _same_arrival),
    ("lost event", _no_receipt),
    ("lost event", _forget_release),
    ("undecided event", _gap),
    ("event set aside", _set_aside),
    ("lost word", _forget_mail),
    ("word twice", _word_twice),
    ("gap in a conversation", _number_gap),
    ("receipts disagree", _receipt),
    ("imbalance", _without("contact.ended")),
    ("stuck contact", lambda history: _contact(history, 1, state="new")),
    ("stuck contact", lambda history: _contact(history, 1, state="waiting")),
    ("double assignment", _two_owners),
    ("double assignment", _two_live_rows),
    ("over capacity", _small_agent),
    ("offer after the end", _late_offer),
    ("offer outlives contact", _live_offer),
    ("write after fence", _old_epoch),
    ("write after fence", _seen_before),
    ("write after fence", _offer_without_fact),
    ("write after fence", _fact_without_event),
    ("gap in the log", _gap),
    ("number twice", _twice),
    ("order without decision", _order),
    ("order too late", _late_order),
    ("replay differs", _replayed),
    ("fact twice", _fact_copied),
    ("fact twice", _ended_twice),
    ("command twice", _done_twice),
    ("command twice", _say_twice),
    ("lost command", _say_lost),
    ("lost command", _without("command.done")),
    ("stale desk", lambda history: history.desks.append(r.Desk(agent="a1", contacts=("c1",)))),
    ("stale desk", lambda history: history.desks.append(r.Desk(agent="a1", offers=("c2/1/a1",)))),
    ("ghost agent", lambda history: history.desks.append(r.Desk(agent="a1", connected=False))),
    ("shut out", lambda history: history.desks.append(r.Desk(agent="a1", connected=False, shut_out=True))),
    ("unseen agent", lambda history: history.desks.append(r.Desk(agent="a1", present=False))),
    ("row differs", _assignment_gone),
    ("row differs", _live_offer),
    ("row differs", lambda history: _contact(history, 0, state="waiting")),
]


@pytest.mark.parametrize(
    ("kind", "mutate"), MUTATIONS, ids=[f"{number}-{kind}" for number, (kind, _) in enumerate(MUTATIONS)]
)
def test_each_broken_promise_is_found(kind: str, mutate: Callable[[History], None]) -> None:
    history = copy.deepcopy(good())
    mutate(history)
    found = check(history)
    assert kind in {violation.kind for violation in found}
    assert {violation.kind for violation in found} <= set(r.KINDS)
    assert all(violation.evidence for violation in found)


def test_every_kind_of_violation_is_broken_here_at_least_once() -> None:
    assert {kind for kind, _ in MUTATIONS} == set(r.KINDS)
