"""Once: a fact by its key, an agent's command by its id; and rows say what the facts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from drill.records import Fact, History, Violation
from drill.rules_owners import routed

ONCE_PER_CONTACT = ("contact.opened", "contact.ended", "contact.blocked", "contact.overflowed", "callback.promised")
BY_ROUTER = ("accept", "decline", "finish", "wrap_up_done", "transfer", "ready", "not_ready", "sign_in", "sign_out")


def facts_once(history: History) -> Iterator[Violation]:
    """No id twice, and no second fact of what can only happen once."""
    ids = Counter(fact.id for fact in history.facts)
    keys = Counter(key for fact in history.facts if (key := _key(fact)))
    for name, count in ids.items():
        if count > 1:
            yield Violation("fact twice", f"{count} facts have the id {name}")
    for key, count in keys.items():
        if count > 1:
            yield Violation("fact twice", f"{key} happened {count} times")


def _key(fact: Fact) -> str:
    if fact.kind in ONCE_PER_CONTACT:
        return f"{fact.kind} {fact.contact}"
    if fact.kind in ("offer.made", "offer.ended"):
        offer = fact.data.get("offer", "")
        return f"{fact.kind} {offer.get('id', '') if isinstance(offer, dict) else offer}"
    return ""


def commands_once(history: History) -> Iterator[Violation]:
    """An agent's command has its effect at most once; one that was answered `ok` has had it."""
    done = Counter(str(fact.data.get("command", "")) for fact in history.facts if fact.kind == "command.done")
    for command, count in done.items():
        if command and count > 1:
            yield Violation("command twice", f"{command} was carried out {count} times")
    said = Counter(message.text for message in history.messages if message.sender == "agent")
    for each in history.commanded:
        name = f"{each.agent}:{each.id}"
        if each.kind in BY_ROUTER and each.answer == "ok" and not done[name]:
            yield Violation("lost command", f"{each.kind} {name} was answered ok and had no effect")
        if each.kind == "say" and said[each.text] > 1:
            yield Violation("command twice", f"say {name} is stored {said[each.text]} times")
        if each.kind == "say" and each.answer == "ok" and not said[each.text]:
            yield Violation("lost command", f"say {name} was answered ok and is not stored")


def rows_follow_facts(history: History) -> Iterator[Violation]:
    """Where the facts leave a contact, its row has it; offers and assignments are the same in both."""
    states = _folded(history)
    for contact in history.contacts:
        told = states.get(contact.id, "new")
        if told != contact.state:
            yield Violation("row differs", f"{contact.id} is {contact.state}; by its facts it is {told}")
    assigned = Counter(fact.contact for fact in history.facts if fact.kind == "contact.assigned")
    rows = Counter(assignment.contact for assignment in history.assignments)
    for contact_id in assigned.keys() | rows.keys():
        if assigned[contact_id] != rows[contact_id]:
            yield Violation(
                "row differs",
                f"{contact_id}: {assigned[contact_id]} assignments by facts, {rows[contact_id]} rows",
            )
    ended = {str(fact.data.get("offer", "")) for fact in history.facts if fact.kind == "offer.ended"}
    for offer in history.offers:
        if offer.ended != (offer.id in ended):
            yield Violation("row differs", f"offer {offer.id}: its row and its facts differ on whether it ended")


def desks_follow(history: History) -> Iterator[Violation]:
    """Snapshot and events together say what a fetch would say: of what is over nobody sees anything."""
    over = {contact.id for contact in history.contacts if contact.state == "ended"}
    for desk in history.desks:
        stale = [name for name in (*desk.offers, *desk.contacts) if name.partition("/")[0] in over]
        if stale:
            yield Violation("stale desk", f"{desk.agent} still sees {', '.join(stale)}")
        if desk.shut_out:
            yield Violation("shut out", f"{desk.agent} has no fresh desk although everything runs")
            continue
        if desk.present and not desk.connected:
            yield Violation("ghost agent", f"{desk.agent} has gone, and his presence is connected")
        if desk.connected and not desk.present:
            yield Violation("unseen agent", f"{desk.agent} has a socket, and his presence is not connected")


def _folded(history: History) -> dict[str, str]:
    """The state of each contact after its last routing fact."""
    states: dict[str, str] = {}
    live: dict[str, set[str]] = {}
    for fact in routed(history):
        state = states.get(fact.contact, "new")
        match fact.kind:
            case "contact.queued":
                states[fact.contact] = "waiting"
            case "offer.made":
                live.setdefault(fact.contact, set()).add(fact.agent)
                states[fact.contact] = "offered"
            case "offer.ended":
                rings = live.setdefault(fact.contact, set())
                rings.discard(fact.agent)
                if state == "offered" and not rings:
                    states[fact.contact] = "waiting"
            case "contact.assigned":
                states[fact.contact] = "active"
            case "wrap_up.began":
                states[fact.contact] = "wrap_up"
            case "contact.ended" | "contact.blocked":
                states[fact.contact] = "ended"
            case _:
                pass
    return states
