"""Facts: what happened, in the past tense, append-only. Every report, metric and explanation derives from them.

A router's fact has the id `<domain>:<seq>:<ordinal>`, so writing it twice is impossible; a service's fact has
an id of its own. `data` holds what is particular to the kind; its shape is versioned by `v`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Fact(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One fact. `client` is '' only for the provider's own operations; then it holds no customer data."""

    id: str
    at: int
    kind: str
    provider: str
    client: str = ""
    contact: str = ""
    case: str = ""
    customer: str = ""
    agent: str = ""
    seq: int | None = None
    v: int = 1
    data: dict[str, Any] = {}


KINDS: dict[str, str] = {
    # routing: one per effect of a decision (routing.effects)
    "contact.queued": "took or kept its place in the queue",
    "contact.blocked": "may not queue: no free staffed line of its lease (I4), outside the hours, or the queue is full",
    "contact.overflowed": "waited as long as its view allows and gets the stated answer; its end follows",
    "contact.relaxed": "its needs were eased by a declared step",
    "contact.changed": "its tier, complaint mark or deadline changed",
    "contact.breached": "its deadline passed before a human answered (B02)",
    "contact.assigned": "has its one owner",
    "contact.ended": "left the queue for good",
    "offer.made": "was offered to an agent, and why to this one",
    "offer.ended": "an offer ended, and how",
    "offer.unseen": "an offer rang out that no socket of its agent had acknowledged: not his fault",
    "consult.asked": "the owner of a call consults a second agent, whose offer follows",
    "consult.began": "the consulted agent answered: the two talk",
    "consult.ended": "his part is over: joined (he owns the call), left, or why it came to nothing",
    "wrap_up.began": "talk is over, the agent writes up",
    "assignment.ended": "the agent's part is over",
    "presence.changed": "an agent's presence changed",
    "presence.connection": "an agent's last socket went or the first came",
    "lease.staffing": "the number of staffed seats of a lease changed (I3)",
    "agent.missed_twice": "two missed offers in a row: the supervisor is told",
    "config.activated": "a configuration version took effect",
    "command.done": "an agent's command was carried out",
    "command.refused": "a command or event was refused by the state",
    # intake and conversation
    "contact.opened": "arrived at a door and was stored",
    "contact.acknowledged": "the customer was told that it arrived (B18)",
    "contact.told": "the visitor of a chat that nobody takes was told so, and what he gets instead (B18)",
    "call.progress": "held, resumed, a digit or a menu of the IVR, the end of a leg that ended no contact",
    "call.held": "the agent put the customer on hold",
    "call.resumed": "the agent talks with the customer again",
    "call.recording": "the agent turned the recording on, paused it or ended it",
    "call.hung_up": "the agent ended the call (A19)",
    "voicemail.left": "a voice message was recorded",
    "callback.promised": "a callback was promised, with its window",
    "callback.joined": "asked again for a number that already waits: joined to the first",
    "callback.dialled": "an attempt to call back was recorded, before dialling",
    "callback.attempted": "how the attempt went, told by the platform or the agent",
    "callback.corrected": "the agent who talked says that it was not the customer, or that he wants nothing more",
    "callback.refused": "the number stands on the client's do-not-call list: not promised",
    "callback.ended": "the one outcome of a promised callback",
    "number.unwanted": "a number came onto the client's do-not-call list",
    "number.wanted_again": "a number left the do-not-call list",
    "message.received": "the customer wrote",
    "message.sent": "we wrote",
    "customer.created": "a customer was first seen",
    "customer.viewed": "somebody looked at a customer's record (C18)",
    # cases, complaints, promises
    "case.opened": "a matter began, with its due instant",
    "case.breached": "its due instant passed unresolved; never erased",
    "case.closed": "resolved, or the customer gave up",
    "case.noted": "somebody wrote a note",
    "complaint.raised": "a contact became a complaint (E01)",
    "complaint.step": "one of the six steps was done (E06)",
    "complaint.escalated": "climbed the ladder, and why",
    "complaint.accepted": "a level accepted it",
    "complaint.decided": "a level decided",
    # operations
    "queue.aged": "the oldest contact of a view waits longer than the alarm allows: supervisors are told (B06)",
    "call.long": "a call lasts longer than its line allows: supervisors are told (B23)",
    "queue.recovered": "the oldest contact of that view is below the alarm again",
    "ops.quarantined": "something could not be accepted or decided; it is kept whole",
    "ops.outbox_dead": "a sending was given up after its last attempt",
    "ops.outbox_replayed": "a sending that was given up is sent again, and who wanted it",
    "ops.stuck": "something is beyond its deadline and its owner's allowance: what, and the first of it",
    "ops.takeover": "a router took the domain over: why, and from whom",
    "ops.clock_skew": "a sender's clock is more than two seconds off",
}
