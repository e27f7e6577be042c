"""The planted bugs: a name, a file of routing/, a piece of its text that stands there once, and what replaces it."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    name: str
    file: str
    right: str
    wrong: str
    asked_first: str = ""
    """A test file that knows about it, to spare the time of all others."""


CHOICES = "property/test_routing_choices.py"
TERMS = "property/test_routing_terms.py"
ORDERS = "unit/test_routing_order.py"
CONSULT = "unit/test_routing_consults.py"
ESTIMATE = "unit/test_routing_estimate.py"

ORDER = [
    Bug("tier ignored", "order.py", "<< 4 | tier << 2 | mark", "<< 4 | mark"),
    Bug("complaints last", "order.py", "0 if complaint else 2", "2 if complaint else 0"),
    Bug(
        "the starved ordered by tier",
        "order.py",
        "        return STARVED\n",
        "        return tier << 2\n",
    ),
    Bug(
        "starving a microsecond early",
        "terms.py",
        "enqueued_at + self.max_wait + 1",
        "enqueued_at + self.max_wait",
        ORDERS,
    ),
    Bug(
        "at risk a microsecond late",
        "terms.py",
        "urgent = deadline - self.urgent_before\n",
        "urgent = deadline - self.urgent_before + 1\n",
    ),
    Bug(
        "last in, first out",
        "order.py",
        "write_i64_be(writer, enqueued_at + ZERO)",
        "write_i64_be(writer, ZERO - enqueued_at)",
    ),
    Bug("positions forget who is in other chunks", "views.py", "count += lengths[each]", "pass", ORDERS),
    Bug("positions forget better tiers", "views.py", "count += self._steps[each]", "pass", ORDERS),
    Bug("who has gone is counted", "views.py", "self._count(kind, -1)", "self._count(kind, 0)", ORDERS),
    Bug(
        "a part that is split counts twice",
        "views.py",
        "        lengths[at] = index\n",
        "",
        ORDERS,
    ),
    Bug(
        "a place is remembered when its part is split",
        "views.py",
        "lengths[after:])\n        self._sought = NOTHING",
        "lengths[after:])",
        ORDERS,
    ),
    Bug("one deadline for many is no order", "views.py", "return bisect_left(keys, key, at)", "return at", ORDERS),
    Bug("parts with one deadline are one", "views.py", "if self._parts[middle].floor <= key:", "if True:", ORDERS),
    Bug(
        "the last of one deadline is not looked at",
        "views.py",
        "instants[last] == instant and keys[last] < key",
        "instants[last] == instant",
        ORDERS,
    ),
    Bug("a line takes all as the last", "order.py", "return one.deadline < other.deadline", "return True", ORDERS),
    Bug("nobody leads who comes", "order.py", "if not at and self._chunks[0][0] is work:", "if False:", ORDERS),
    Bug(
        "the head of a queue stays who he was",
        "views.py",
        "self.first, self._first_kind, self._head = LAST, KINDS, NEVER",
        "self.first, self._first_kind = LAST, KINDS",
        ORDERS,
    ),
    Bug("an emptied chunk stays", "order.py", "del self._chunks[at], self._classes[at]", "del self._classes[at]"),
    Bug("the late stay where they are", "terms.py", "return LATE, starving", "return NORMAL, starving"),
    Bug(
        "the pool keeps an old head",
        "order.py",
        "self._lead(LAST, None)",
        "self.first = LAST",
    ),
    Bug("bands never change", "places.py", "due = _due(work, due,", "due = _due(work, NEVER,"),
    Bug(
        "a transfer loses its place", "release.py", "clock_from=turn.now)", "clock_from=turn.now, enqueued_at=turn.now)"
    ),
]
CAPACITY = [
    Bug(
        "room for one unit too many",
        "capacity.py",
        "desk.capacity - desk.load",
        "desk.capacity - desk.load + 1",
    ),
    Bug(
        "offers hold no capacity",
        "offers.py",
        "    take(desk, work)\n    turn.changed(work)\n    weigh",
        "    turn.changed(work)\n    weigh",
    ),
    Bug(
        "changed units are not noticed",
        "restoring.py",
        "        work.renew(work.contact, state)\n",
        "",
    ),
    Bug("loads that changed are not counted", "pools.py", "        self._count_loads()\n        for", "        for"),
    Bug("a key that moved keeps its class", "order.py", "return CLASSES[to] + key[1:]", "return key"),
    Bug(
        "a newcomer in the middle comes first",
        "order.py",
        "low = middle + 1",
        "low = middle + 1 if low else high",
        ORDERS,
    ),
    Bug("media that fit are guessed", "terms.py", "if needed <= spare)", "if needed < spare)"),
]
LEASES = [
    Bug(
        "wrap-up holds a line",
        "seats.py",
        "HOLDS_LINE: Final = (WAITING, OFFERED, ACTIVE)",
        "HOLDS_LINE: Final = tuple(type(WAITING))",
    ),
    Bug("one call too many", "seats.py", "pool.lines_used >= limit(pool)", "pool.lines_used > limit(pool)"),
    Bug("blocked by leased lines alone", "seats.py", "min(pool.lease.lines, pool.staffed)", "pool.lease.lines"),
    Bug("a lease in force at its end", "leases.py", "starts <= now < ends", "starts <= now <= ends"),
    Bug(
        "a lease begins unnoticed",
        "leases.py",
        "return lease.starts if now < lease.starts else lease.ends",
        "return lease.ends",
        TERMS,
    ),
    Bug(
        "a lease ends unnoticed",
        "leases.py",
        "if now < lease.starts else lease.ends",
        "if now < lease.starts else NEVER",
        TERMS,
    ),
]
OFFERS = [
    Bug(
        "a lost offer forgets the contact",
        "offers.py",
        "        work.status = WAITING\n    is_free",
        "        work.status = ACTIVE\n    is_free",
    ),
    Bug(
        "losers keep ringing",
        "offers.py",
        "        end_all(turn, work, outcome=Outcome.WITHDRAWN, reason=loser)\n",
        "        pass\n",
    ),
    Bug("a second owner", "offers.py", '    if work.owner:\n        return "already_owned"\n', ""),
    Bug("a click owns although a phone rings", "offers.py", "if not offer.device:", "if True:"),
    Bug("every miss forgotten", "offers.py", "desk.misses += 1", "desk.misses = 1"),
    Bug("two rings are three", "rings.py", "UNBROKEN_CYCLES: Final = 3", "UNBROKEN_CYCLES: Final = 2"),
    Bug("the second phone never rings", "rings.py", "max(1, min(step.ring, plan.parallel_max))", "1"),
    Bug("the parallel set has no cap", "rings.py", "max(1, min(step.ring, plan.parallel_max))", "max(1, step.ring)"),
    Bug(
        "offers without end",
        "places.py",
        "in work.offers:\n        due = min(due, offer.expires_at)",
        "in work.offers:\n        pass",
    ),
    Bug("no back-off", "readiness.py", " and desk.back_off_until <= state.now:", ":"),
    Bug("decliners are asked again", "match.py", "if work.declined and not exhausted(state, work):", "if False:"),
    Bug(
        "decliners are never asked again",
        "match.py",
        "not in work.declined or exhausted(state, work)",
        "not in work.declined",
    ),
    Bug(
        "nobody hears that the others left",
        "readiness.py",
        '        state.dirty_works.update(cast("dict[int, Work]", pool.refused_by_some))',
        "        pass",
    ),
]
AGENTS = [
    Bug(
        "a leaving agent keeps ringing",
        "agents.py",
        '    _set_connected(turn, desk, connected=False)\n    withdraw_from(turn, desk, "agent_left")',
        "    _set_connected(turn, desk, connected=False)",
    ),
    Bug("the grace time ends nothing", "agents.py", "    return_owned(turn, desk, AWAITED)", "    return"),
    Bug("an undialled callback stays with who is gone", "agents.py", "desk, AWAITED)", "desk, (Medium.CHAT,))"),
    Bug("a dialled callback is taken from its agent", "release.py", " and not work.dialled:", ":"),
    Bug("a dialled callback keeps no seat", "desks.py", "(self.is_call or self.dialled)", "self.is_call"),
    Bug("a dialled callback is handed on", "release.py", '"already_dialled" if work.dialled else ""', '""'),
    Bug("a takeover forgets what was dialled", "desks.py", "        work.dialled = record.dialled\n", ""),
    Bug("what was dialled is not kept", "contacts.py", "dialled = True\n        turn.changed(work)", "dialled = True"),
    Bug("anybody dials", "contacts.py", "    elif not work.dialled:", "    if work and not work.dialled:"),
    Bug("undialled and never late", "release.py", "work.answered_at = work.told_at = 0", "work.told_at = 0"),
    Bug("the scarce speaker is burnt", "choice.py", "mask & ~pool.lone(medium_no, mask) or mask", "mask", CHOICES),
    Bug("levels do not count", "choice.py", "if len(signature.by_level()) > 1:", "if False:", CHOICES),
    Bug(
        "busy speakers count as free ones",
        "pools.py",
        "step = 1 if self.free[medium_no] & desk.bit else -1",
        "step = 1",
        CHOICES,
    ),
    Bug(
        "the shortest idle first",
        "pools.py",
        "desk.idle_since <= best.idle_since",
        "desk.idle_since >= best.idle_since",
        CHOICES,
    ),
    Bug(
        "a large group has another order",
        "pools.py",
        "best is not None and desk.idle_since > best.idle_since",
        "best is not None",
        CHOICES,
    ),
    Bug(
        "the preferred agent's absence is not noticed", "readiness.py", "        place(state, work)\n", "        pass\n"
    ),
    Bug("held for one of another pool", "match.py", "mask &= desk.bit if desk.pool is pool else 0", "mask &= desk.bit"),
    Bug(
        "stops at the first contact without an agent",
        "match.py",
        "        if not _offer(turn, work, desk):\n            continue",
        "        if not _offer(turn, work, desk):\n            break",
    ),
]
OVERFLOW = [
    Bug("the second pool comes first", "match.py", "if mask or work.second is None:", "if work.second is None:"),
    Bug(
        "only the home pool can be exhausted",
        "match.py",
        "for signature in (work.signature, work.second):\n        if signature is not None and signature.pool.in_force",
        "for signature in (work.signature,):\n        if signature is not None and signature.pool.in_force",
        TERMS,
    ),
    Bug(
        "freed agents of a second pool see nothing",
        "places.py",
        "work.second.line(work.medium_no) if work.second is not None else None",
        "None",
    ),
    Bug(
        "a newcomer sees his own lease alone",
        "desks.py",
        "return second is not None and second.is_anybody_free(self.medium_no)",
        "return False",
    ),
    Bug(
        "the last step is always in force",
        "skills.py",
        "lease = contact.relax[relaxed - 1].lease if relaxed",
        "lease = contact.relax[-1].lease if relaxed",
    ),
    Bug(
        "an answer from the second pool is refused",
        "skills.py",
        "lease in (contact.lease, second_lease(contact, relaxed))",
        "lease == contact.lease",
    ),
    Bug(
        "the old needs outlive their step",
        "contacts.py",
        "    forget_needs(work)\n    work.relaxed += 1",
        "    work.relaxed += 1",
    ),
    Bug(
        "a clock that begins late is not heard",
        "contacts.py",
        "is None or work.answered_at else event.clock_from",
        "is not None or work.answered_at else old.clock_from",
    ),
    Bug(
        "an assigned call is owned before the phone is answered",
        "contacts.py",
        "    if work.is_call and desk.device:\n",
        "    if work.is_call and not desk:\n",
    ),
    Bug(
        "hours bind calls alone",
        "overflow.py",
        "return terms.is_live and now < contact.opens_at",
        "return terms.is_call and now < contact.opens_at",
    ),
    Bug(
        "a callback is offered before its window",
        "places.py",
        "wants, due = False, min(due, work.not_before)",
        "due = min(due, work.not_before)",
    ),
    Bug(
        "a window begins unnoticed",
        "places.py",
        "wants, due = False, min(due, work.not_before)",
        "wants = False",
    ),
    Bug(
        "one too many in the queue",
        "overflow.py",
        "0 < queue.max_length <= queue.size()",
        "0 < queue.max_length < queue.size()",
    ),
    Bug("mails overflow too", "overflow.py", "queue.max_wait > 0 and terms.is_live", "queue.max_wait > 0"),
    Bug(
        "the first of two bounds wins", "overflow.py", "for rule in config.queues}", "for rule in config.queues[::-1]}"
    ),
    Bug("the view's answer is not given", "overflow.py", "rule.answer or contact.treatment", "contact.treatment"),
    Bug(
        "overflow on the customer's clock",
        "desks.py",
        "leaves_at(queue, self.terms, self.enqueued_at)",
        "leaves_at(queue, self.terms, self.clock_from)",
    ),
    Bug(
        "an answered contact overflows",
        "decide.py",
        " and work.status is WAITING and not work.answered_at:",
        " and work.status is WAITING:",
    ),
    Bug(
        "it overflows while a phone rings",
        "decide.py",
        " and work.status is WAITING and not work.answered_at:",
        " and not work.answered_at:",
    ),
    Bug(
        "no wake for the overflow",
        "places.py",
        "            due = min(due, max(work.overflow_at, clock))",
        "            pass",
    ),
]
TIMERS = [
    Bug("stale timers fire", "timers.py", "if sleeper.wake == entry[0]:", "if True:"),
    Bug(
        "sweeping takes live timers",
        "timers.py",
        "if each.wake // BUCKET == number]\n            if not bucket",
        "if each.wake // BUCKET == number][1:]\n            if not bucket",
    ),
    Bug(
        "a tick a moment late",
        "timers.py",
        "                    return sleeper.wake\n",
        "                    return sleeper.wake + 1\n",
    ),
    Bug(
        "a bucket opens too late",
        "timers.py",
        "self._near_until = (number + 1) * BUCKET",
        "self._near_until = number * BUCKET",
    ),
    Bug(
        "a bucket that was opened is filled again",
        "timers.py",
        "            self._lately[number & (LATELY - 1)] = NO_BUCKET\n",
        "            pass\n",
    ),
    Bug("agents before contacts", "timers.py", "AGENTS: Final = 1 << 48", "AGENTS: Final = -(1 << 48)"),
    Bug(
        "a breach after a human answered",
        "decide.py",
        " and not work.breached and not work.answered_at",
        " and not work.breached",
    ),
    Bug("needs in use are forgotten", "pools.py", "items() if each.users}", "items() if not each.users}"),
    Bug(
        "new lines are not seen",
        "pools.py",
        "            self._look_for_new(desk)\n        pick",
        "            if not desk.seen:\n                self._look_for_new(desk)\n        pick",
    ),
]
ROWS = [
    Bug("a contact's row is not written", "turn.py", "        self.state.touched_works.append(work.id)\n", ""),
    Bug("an agent's row is not written", "turn.py", "        self.state.touched_desks.append(desk.id)\n", ""),
    Bug(
        "an ended contact's row is not written",
        "places.py",
        "    state.touched_works.append(work.id)\n    unplace",
        "    unplace",
    ),
    Bug(
        "a new agent's row is not written",
        "settings.py",
        "listed=True)\n            state.touched_desks.append(desk.id)\n",
        "listed=True)\n",
    ),
    Bug(
        "a restart blames the agent",
        "decide.py",
        'outcome=Outcome.WITHDRAWN, reason="recovered"',
        'outcome=Outcome.NO_ANSWER, reason="recovered"',
    ),
    Bug(
        "a restart speaks of old positions",
        "decide.py",
        "            place(state, work)  # Positions",
        "            pass  # Positions",
        TERMS,
    ),
    Bug("a restart forgets who declined", "desks.py", "        work.declined = record.declined\n", ""),
    Bug("a restart forgets the first answer", "desks.py", "        work.answered_at = record.answered_at\n", ""),
    Bug("a restart forgets the step", "desks.py", "        work.relaxed = record.relaxed\n", ""),
    Bug(
        "a restart counts arrivals anew",
        "restoring.py",
        "State(snapshot.config, snapshot.now, snapshot.arrivals)",
        "State(snapshot.config, snapshot.now, len(snapshot.records))",
    ),
    Bug("a restart says all staffing again", "restoring.py", "        pool.reported = pool.staffed\n", ""),
    Bug("a snapshot forgets the back-off", "desks.py", "            back_off_until=self.back_off_until,\n", ""),
]
ESTIMATES = [
    Bug(
        "what was answered teaches nothing",
        "offers.py",
        "known.learn(work.expected, work.terms.tier, place=work.told_place, waited=waited, now=turn.now)",
        "pass",
    ),
    Bug(
        "the estimate does not grow with the line",
        "estimate.py",
        "return (place + 1) * UNIT * (own.waited + prior)",
        "return UNIT * (own.waited + prior)",
        ESTIMATE,
    ),
    Bug(
        "at most less than expected",
        "estimate.py",
        "max(by_size[known * 9 // 10], 100)",
        "by_size[known // 10]",
        ESTIMATE,
    ),
    Bug(
        "an old ratio counts for ever", "estimate.py", "if len(by_age) < KEPT:", "if len(by_age) < 2 * KEPT:", ESTIMATE
    ),
]
CONSULTS = [
    Bug(
        "the accused is consulted",
        "consults.py",
        "turn.state.listed(event.besides)",
        'turn.state.listed("")',
        CONSULT,
    ),
    Bug(
        "a consult that ends keeps the units",
        "consults.py",
        "    del desk.consults[work.arrival]\n    give_back(desk, work)\n",
        "    del desk.consults[work.arrival]\n",
        CONSULT,
    ),
    Bug(
        "a consult is not counted after a restart",
        "capacity.py",
        "carried = [*offered, *desk.owned.values(), *desk.consults.values()]",
        "carried = [*offered, *desk.owned.values()]",
        CONSULT,
    ),
    Bug(
        "an unanswered consult is joined",
        "consults.py",
        "if work.consult is None or not work.consult_since:",
        "if work.consult is None:",
        CONSULT,
    ),
    Bug(
        "the consulted agent's leg ends the call",
        "contacts.py",
        "elif event.agent and event.agent != work.owner:",
        "elif event.agent and False:",
        CONSULT,
    ),
    Bug(
        "the customer leaves and the consult goes on",
        "contacts.py",
        '    end_consult(turn, work, "finished" if by == "agent" else "customer_left")\n',
        "",
        CONSULT,
    ),
    Bug(
        "a consult rings for ever",
        "places.py",
        "in work.rings():\n        due = min(due, offer.expires_at)",
        "in work.rings():\n        pass",
        CONSULT,
    ),
    Bug(
        "somebody of another lease is consulted",
        "consults.py",
        "    if not open_to(work.contact, work.relaxed, desk.lease):\n",
        "    if not desk.lease:\n",
        CONSULT,
    ),
]
BUGS = ORDER + CAPACITY + LEASES + OFFERS + AGENTS + OVERFLOW + TIMERS + ROWS + ESTIMATES + CONSULTS
