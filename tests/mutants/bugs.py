"""The planted bugs: a name, a file of routing/, a piece of its text that stands there once, and what replaces it."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    name: str
    file: str
    right: str
    wrong: str


BUGS = [
    Bug("tier ignored", "order.py", "return (band, int(contact.tier),", "return (band, 0,"),
    Bug("complaints last", "order.py", "0 if contact.complaint else 1", "1 if contact.complaint else 0"),
    Bug(
        "starving contacts ordered by tier",
        "order.py",
        "return (STARVING, 0, 0,",
        "return (STARVING, int(contact.tier), 0,",
    ),
    Bug("starving one microsecond early", "order.py", "contact.enqueued_at > rules", "contact.enqueued_at >= rules"),
    Bug(
        "last in, first out",
        "order.py",
        "contact.enqueued_at, arrival)\n\n\nclass",
        "contact.enqueued_at, -arrival)\n\n\nclass",
    ),
    Bug(
        "room for one unit too many",
        "capacity.py",
        "return desk.spec.capacity - desk.load",
        "return desk.spec.capacity - desk.load + 1",
    ),
    Bug(
        "offers hold no capacity",
        "offers.py",
        "    take(turn.state, desk, work)\n    turn.changed(work)\n    turn.state.weigh",
        "    turn.changed(work)\n    turn.state.weigh",
    ),
    Bug(
        "wrap-up holds a line",
        "leases.py",
        "HOLDS_LINE = (Status.WAITING, Status.OFFERED, Status.ACTIVE)",
        "HOLDS_LINE = tuple(Status)",
    ),
    Bug("one call too many", "leases.py", "pool.lines_used >= limit(pool)", "pool.lines_used > limit(pool)"),
    Bug("blocked by leased lines alone", "leases.py", "min(pool.lease.lines, pool.staffed)", "pool.lease.lines"),
    Bug("a lease in force at its end", "leases.py", "<= now < lease.ends", "<= now <= lease.ends"),
    Bug(
        "a lost offer forgets the contact",
        "offers.py",
        "        work.status = Status.WAITING\n    turn.changed(work)",
        "        work.status = Status.ACTIVE\n    turn.changed(work)",
    ),
    Bug(
        "losers keep ringing",
        "offers.py",
        "    end_all(turn, work, outcome=Outcome.WITHDRAWN, reason=loser)\n    turn.changed(work)",
        "    turn.changed(work)",
    ),
    Bug("a second owner", "offers.py", '    if work.owner:\n        return "already_owned"\n', ""),
    Bug("a click owns although a phone rings", "offers.py", "if not offer.device:", "if True:"),
    Bug("decliners are asked again", "match.py", "if work.declined and not exhausted(state, work):", "if False:"),
    Bug(
        "decliners are never asked again",
        "match.py",
        "desk.spec.id not in work.declined or exhausted(state, work)",
        "desk.spec.id not in work.declined",
    ),
    Bug("no back-off", "state.py", "present and desk.back_off_until <= self.now", "present"),
    Bug("every miss forgotten", "offers.py", "desk.misses += 1", "desk.misses = 1"),
    Bug(
        "the second phone never rings",
        "rings.py",
        "min(plan.steps[step].ring, plan.parallel_max)",
        "min(plan.steps[0].ring, plan.parallel_max)",
    ),
    Bug(
        "the parallel set has no cap",
        "rings.py",
        "min(plan.steps[step].ring, plan.parallel_max)",
        "plan.steps[step].ring",
    ),
    Bug(
        "a leaving agent keeps ringing",
        "agents.py",
        '    _set_connected(turn, desk, connected=False)\n    withdraw_from(turn, desk, "agent_left")',
        "    _set_connected(turn, desk, connected=False)",
    ),
    Bug("the grace time ends nothing", "agents.py", "    return_owned(turn, desk, (Medium.CHAT,))", "    return"),
    Bug("the scarce speaker is burnt", "match.py", "(spared if lone else best)", "(best)"),
    Bug("busy speakers count as free ones", "pools.py", "self._holders[skill] & free ==", "self._holders[skill] =="),
    Bug(
        "the shortest idle first",
        "match.py",
        "return (desk.load, desk.idle_since)",
        "return (desk.load, -desk.idle_since)",
    ),
    Bug("a breach after a human answered", "decide.py", " and not work.breached and not work.answered_at", ""),
    Bug(
        "a transfer loses its place", "release.py", "clock_from=turn.now)", "clock_from=turn.now, enqueued_at=turn.now)"
    ),
    Bug(
        "bands never change", "state.py", "            next_band(contact, self.rules[contact.medium], work.band),\n", ""
    ),
    Bug(
        "a restart blames the agent",
        "decide.py",
        'outcome=Outcome.WITHDRAWN, reason="recovered"',
        'outcome=Outcome.NO_ANSWER, reason="recovered"',
    ),
    Bug(
        "a row is not written",
        "turn.py",
        "        self.state.touch_work(work)\n",
        "",
    ),
    Bug(
        "the preferred agent's absence is not noticed",
        "state.py",
        "        for work in list(desk.fans.values()):\n            self.place(work)\n",
        "",
    ),
    Bug(
        "stops at the first contact without an agent",
        "match.py",
        "        if not _offer(turn, work):\n            continue",
        "        if not _offer(turn, work):\n            break",
    ),
]
