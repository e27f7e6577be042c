"""What the API says and hears, version 1: additive within /v1.

Instants are RFC 3339 UTC strings with microseconds, '' for 'not yet'; money is integer fen; languages BCP 47.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from contactcenter.api.doors import Verdict

Limit = Annotated[int, Meta(ge=1, le=200)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Short = Annotated[str, Meta(max_length=128)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Words = Annotated[str, Meta(max_length=4000)]


class In(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body: a misspelt key is refused, not ignored."""


class Out(Struct, frozen=True, kw_only=True):
    pass


# --- contacts ----------------------------------------------------------------------------------------------


class ContactsQuery(In, frozen=True, kw_only=True):
    """`before`: the `next` of the page before."""

    limit: Limit = 50
    before: Short = ""
    customer: Short = ""
    state: Annotated[str, Meta(pattern="^(new|waiting|offered|active|wrap_up|ended)?$")] = ""


class Contact(Out, frozen=True, kw_only=True):
    """One unit of queueing. `address` and `context` are masked for whoever does not work on it."""

    id: str
    provider: str
    client: str
    lease: str
    customer: str
    medium: str
    view: str
    door: str
    address: str
    language: str
    subject: str
    tier: str
    complaint: bool
    origin: str
    conversation: str
    case: str
    state: str
    owner: str
    outcome: str
    released_by: str
    opened_at: str
    enqueued_at: str
    deadline: str
    answered_at: str
    ended_at: str
    version: int
    masked: bool


class ContactPage(Out, frozen=True, kw_only=True):
    """Newest first. `next` is empty on the last page."""

    contacts: tuple[Contact, ...]
    next: str


class FactOut(Out, frozen=True, kw_only=True):
    """What happened, in the past tense; `data` is particular to the kind and its version `v`."""

    id: str
    at: str
    kind: str
    contact: str
    case: str
    customer: str
    agent: str
    seq: int | None
    v: int
    data: dict[str, Any]


class CallbackAttemptOut(Out, frozen=True, kw_only=True):
    """One attempt: its contact, how the customer's phone answered, and who says so (`platform` or an agent).

    `was`: the result that the agent corrected, empty when he did not. `lost`: its end was never told, and it may have
    been answered (`ended_while_away`).
    """

    contact: str
    attempt: int
    result: str
    at: str
    by: str
    was: str
    lost: bool


class CallbackOut(Out, frozen=True, kw_only=True):
    """A promised callback: its attempts, and its one outcome, empty until it has it (A04)."""

    id: str
    client: str
    contact: str
    number: str
    line: str
    requested_at: str
    window_from: str
    window_until: str
    state: str
    attempts: tuple[CallbackAttemptOut, ...]
    outcome: str
    ended_at: str
    ended_by: str


class IvrOut(Out, frozen=True, kw_only=True):
    """What the caller met before: the path he took, what he chose, and how the flow ended (A03, B17).

    Each step is `node=choice`; of digits only how many. The membership number is masked with the contact.
    """

    path: tuple[str, ...]
    exit: str
    language: str
    member: str
    product: str
    complaint: bool


class ContactStory(Out, frozen=True, kw_only=True):
    """A contact, everything that happened to it in order, and why it went where it went."""

    contact: Contact
    context: dict[str, Any]
    facts: tuple[FactOut, ...]
    why: tuple[str, ...]
    language: str
    ivr: IvrOut | None = None
    callback: CallbackOut | None = None


class AssignContact(In, frozen=True, kw_only=True):
    """A supervisor gives a contact to an agent (public number or id); capacity still holds (B10)."""

    agent: Name
    reason: Reason


class CloseContact(In, frozen=True, kw_only=True):
    """A contact ends without an agent: answered elsewhere, spam, withdrawn."""

    reason: Reason


class Accepted(Out, frozen=True, kw_only=True):
    """Stored; the router decides it in its turn. `command` finds the answer among the facts."""

    command: str


# --- customers ---------------------------------------------------------------------------------------------


class CustomerQuery(In, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(pattern="^(phone|mail|chat|member)$")]
    value: Name


class IdentityOut(Out, frozen=True, kw_only=True):
    kind: str
    value: str


class Customer(Out, frozen=True, kw_only=True):
    """One person, many identities. Reading it leaves a `customer.viewed` fact (C18)."""

    id: str
    client: str
    name: str
    tier: str
    language: str
    account_owner: str
    since: str
    identities: tuple[IdentityOut, ...]
    masked: bool


class CustomerRecordOut(Out, frozen=True, kw_only=True):
    kind: str
    at: str
    summary: str
    amount_fen: int | None


class CustomerStory(Out, frozen=True, kw_only=True):
    """The customer with his four histories, his contacts on every channel and his open cases (B17, C01)."""

    customer: Customer
    consumption: tuple[CustomerRecordOut, ...]
    service: tuple[CustomerRecordOut, ...]
    payment: tuple[CustomerRecordOut, ...]
    credit: tuple[CustomerRecordOut, ...]
    contacts: tuple[Contact, ...]
    open_cases: tuple[Case, ...]


# --- cases and complaints ----------------------------------------------------------------------------------


class CasesQuery(In, frozen=True, kw_only=True):
    limit: Limit = 50
    before: Short = ""
    customer: Short = ""
    state: Annotated[str, Meta(pattern="^(open|answered|resolved|gave_up)?$")] = ""


class Case(Out, frozen=True, kw_only=True):
    """A matter that outlives contacts. `due_text` is the promise as it was made."""

    id: str
    number: str
    client: str
    customer: str
    kind: str
    state: str
    owner: str
    subject: str
    opened_at: str
    due_at: str
    due_text: str
    provisional: bool
    breached_at: str
    closed_at: str
    version: int


class CasePage(Out, frozen=True, kw_only=True):
    cases: tuple[Case, ...]
    next: str


class Complaint(Out, frozen=True, kw_only=True):
    """Where a complaint stands on the ladder L0 to L4, and the clocks of its level."""

    case: str
    client: str
    contact: str
    accused: str
    level: int
    step: str
    accepted_by: str
    accept_due: str
    decide_due: str
    decided_at: str
    version: int
    body: dict[str, Any]


class CaseStory(Out, frozen=True, kw_only=True):
    case: Case
    complaint: Complaint | None
    body: dict[str, Any]
    facts: tuple[FactOut, ...]
    language: str


class ComplaintsQuery(In, frozen=True, kw_only=True):
    level: Annotated[int, Meta(ge=0, le=4)] | None = None
    open_only: bool = True


class ComplaintList(Out, frozen=True, kw_only=True):
    complaints: tuple[Complaint, ...]


class DecideComplaint(In, frozen=True, kw_only=True):
    """A level decides (F15), in words. A refusal names at least one alternative (H08); money is fen."""

    decision: Annotated[str, Meta(min_length=1, max_length=4000)]
    verdict: Verdict
    remedy: Literal["", "refund", "exchange", "compensation", "repair", "explanation"] = ""
    amount_fen: Annotated[int, Meta(ge=0, le=2**53)] = 0
    alternatives: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()


class EscalateComplaint(In, frozen=True, kw_only=True):
    """`reason` as in the facts (domain.triggers)."""

    reason: Literal["manual", "customer_asks_leader", "refusals", "three_agents", "severity", "above_limit"] = "manual"
    note: Words = ""
