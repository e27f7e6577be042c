"""What the router of an empty service commits: a group of events, each with all the rows that a decision moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.floor_rows import (
    CLIENT,
    DOMAIN,
    EPOCH,
    HASH,
    SENT,
    SOURCE,
    STATE,
    Happened,
    Kind,
    Life,
    arrays,
    columns,
    encode,
    fact,
    ringing,
    work,
)
from contactcenter.storage.queries import Part


def decided(happened: Sequence[Happened], *, last_seq: int, now: int) -> list[Part]:
    """A group of decisions, numbered behind `last_seq`: the fence, the events' numbers, every row that moves, facts."""
    by_kind = {kind: [each.life for each in happened if each.kind is kind] for kind in Kind}
    new, accepted, finished, free = (by_kind[kind] for kind in Kind)
    numbered = list(enumerate(happened, last_seq + 1))
    # Of an agent who was freed and chosen again in one group the last row counts.
    presences = {each.life.agent: _presence(each, now) for each in happened}
    sendings = [_sending(each.life, SENT[each.kind], now) for each in happened if each.kind in SENT]
    moves = [
        *((life.contact, life.agent, "owner", now, None, "") for life in finished),
        *((life.contact, life.agent, "owner", None, now, "wrapped_up") for life in free),
    ]
    parts = [
        Part("advance_domain", [DOMAIN, EPOCH, last_seq, last_seq + len(happened), last_seq + len(happened)], 1),
        arrays("number_events", [(each.row, seq, now, HASH, "") for seq, each in numbered], DOMAIN, EPOCH),
        arrays("move_contacts", [_move(each, now) for each in happened], DOMAIN),
        arrays("close_offers", [(life.offer, now, "accepted", "") for life in accepted]),
        arrays("make_offers", [_offer(life, now) for life in new]),
        arrays("move_assignments", moves),
        arrays("begin_assignments", [_assignment(life, now) for life in accepted]),
        arrays("write_presences", list(presences.values()), DOMAIN),
        arrays("queue_outbox", sendings),
        arrays("log_facts", [one for seq, each in numbered for one in _facts(each, seq, now)]),
    ]
    return [part for part in parts if part.rows]


def finished_sendings(sent: Sequence[tuple[Life, str]], at: int) -> list[Any]:
    """The arguments that mark commands of these verbs as there for the platform to fetch."""
    return columns([(_sending_id(life, verb), f"kept for polling as {at}", at, False) for life, verb in sent])


def _move(happened: Happened, now: int) -> tuple[Any, ...]:
    """Its version counts the events before; `route` is null at the end."""
    life, state = happened.life, STATE[happened.kind]
    owner = "" if state == "offered" else life.agent
    answered, ended = life.answered_at or None, now if state == "ended" else None
    outcome, by = ("finished", "agent") if state == "ended" else ("", "")
    timed = life.at + 15_000_000, answered, ended
    moved = life.contact, list(Kind).index(happened.kind), state, owner, "voice", 2, False
    return *moved, *timed, outcome, by, None if ended else _route(life, state, now)


def _route(life: Life, state: str, now: int) -> str:
    told: dict[str, Any] = {"contact": work(life), "arrival": life.number, "status": state, "attempts": 1}
    if state == "offered":
        told["offers"] = [ringing(life, now)]
    else:
        told |= {"owner": life.agent, "answered_at": life.answered_at}
    return encode(told).decode()


def _offer(life: Life, now: int) -> tuple[Any, ...]:
    return life.offer, life.contact, life.agent, DOMAIN, CLIENT, 1, now, now + 20_000_000, None, "", ""


def _assignment(life: Life, now: int) -> tuple[Any, ...]:
    return f"{life.contact}/{life.number}", life.contact, life.agent, DOMAIN, CLIENT, "owner", now, None, None, ""


def _presence(happened: Happened, now: int) -> tuple[Any, ...]:
    agent, used = happened.life.agent, 0 if happened.kind is Kind.WRAPPED_UP else 60
    told = {"agent": agent, "state": "ready", "since": now, "idle_since": now, "connected": True}
    return DOMAIN, agent, "ready", "", used, 60, happened.row, now, encode(told).decode()


def _sending_id(life: Life, verb: str) -> str:
    return f"{life.offer}/bridge" if verb == "bridge" else f"{life.contact}/hang_up"


def _sending(life: Life, verb: str, now: int) -> tuple[Any, ...]:
    named = {"id": _sending_id(life, verb), "call": life.call, "type": "phone.command", "verb": verb}
    told = {**named, "agent": life.agent[1:], "offer": life.offer, "source": SOURCE, "not_after": now + 10_000_000}
    kept = (_sending_id(life, verb), "phone", DOMAIN, CLIENT, life.contact, encode(told).decode())
    return *kept, now, now + 10_000_000, now + 2_000_000


# --- facts ------------------------------------------------------------------------------------------------------


def _facts(happened: Happened, seq: int, now: int) -> list[tuple[Any, ...]]:
    """Two of a decision, one of the end of the talk, and one of the command that brought it."""
    life = happened.life
    of_contact = {"contact": life.contact, "agent": life.agent, "seq": seq}
    told = [(kind, data, of_contact) for kind, data in _told(happened.kind, life, now)]
    if happened.command:
        command = {"command": f"{life.agent}:{happened.command}"}
        told.append(("command.done", command, {"client": "", "agent": life.agent, "seq": seq}))
    return [fact(f"{DOMAIN}:{seq}:{at}", now, kind, data, **about) for at, (kind, data, about) in enumerate(told)]


def _told(kind: Kind, life: Life, now: int) -> list[tuple[str, dict[str, Any]]]:
    match kind:
        case Kind.ARRIVED:
            queued = {"arrival": life.number, "at_most": 81_000, "expected": 54_000, "position": 2}
            because = {"able": 52, "band": 2, "idle": 131_774, "rule": "longest_idle", "tier": 2, "ahead": 1}
            made = {"offer": ringing(life, now), "because": {**because, "waited": 21_000}}
            return [("contact.queued", queued), ("offer.made", made)]
        case Kind.ACCEPTED:
            ended = {"offer": life.offer, "outcome": "accepted"}
            return [("offer.ended", ended), ("contact.assigned", {"offer": life.offer, "waited": now - life.at})]
        case Kind.FINISHED:
            return [("wrap_up.began", {"by": "agent", "until": now + 20_000_000})]
        case Kind.WRAPPED_UP:
            return [("assignment.ended", {"reason": "wrapped_up"}), ("contact.ended", {"how": "finished"})]
