"""The configuration document of a provider: what an operator writes as YAML and Postgres keeps as numbered versions.

Shapes only; what must hold between them is in `contactcenter.domain.configuration_rules`. Durations end in
`_ms` or `_s`, money in `_fen`; dates are ISO days in the calendar's time zone; texts are keyed by language.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field, structs

from channels.flow import Flow

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Text = dict[str, str]
"""One text in several languages: {"zh-CN": "...", "en": "..."}."""
Positive = Annotated[int, Meta(gt=0)]
NotNegative = Annotated[int, Meta(ge=0)]
Level = Annotated[int, Meta(ge=1, le=10)]
MediumName = Literal["voice", "chat", "mail", "callback"]
TierName = Literal["platinum", "gold", "iron", "lead"]
Treatment = Literal["ivr", "voicemail", "callback"]
"""What a call that may not queue gets."""
Answer = Literal["", "ivr", "voicemail", "callback", "message"]
"""What a contact gets instead of an agent: `message` is for chats, the others for calls; empty: the door's own."""
TimeOfDay = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Wall time, "09:00" to "24:00"; quote it in YAML, where 18:00 alone is the number 1080."""


class _Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A misspelt key is an error, not a silently ignored wish."""


class Provider(_Part, frozen=True):
    """Who employs agents and owns lines and seats (M01)."""

    id: Id
    name: Text
    lines: Positive
    people: Positive
    time_zone: str = "Asia/Shanghai"


class Client(_Part, frozen=True):
    """The company whose customers are served and whose name is spoken.

    `greeting` uses {client} and {number}, the agent's public number (H06, M04); `complaint_desk` is the mail
    address that L2 hand-overs go to; `tier_labels` picks one of the two label sets of the pyramid (C04).
    """

    id: Id
    name: Text
    greeting: Text
    hotline: str = ""
    website: str = ""
    complaint_desk: str = ""
    calendar: Id = "office"
    default_language: str = "zh-CN"
    tier_labels: Literal["metal", "value"] = "metal"


class Lease(_Part, frozen=True):
    """Seats leased to one client for a term, `ends` exclusive (M02, M03). Price is per line and year (I6)."""

    id: Id
    client: Id
    lines: Positive
    people: Positive
    starts: dt.date
    ends: dt.date
    price_per_line_year_fen: NotNegative


class Interval(_Part, frozen=True):
    """Opening hours of one stretch; "24:00" is allowed as an end. A night shift is two stretches."""

    opens: TimeOfDay
    closes: TimeOfDay


class Override(_Part, frozen=True):
    """A date that replaces its weekday: closed (no intervals), shortened, extended or a make-up workday."""

    date: dt.date
    hours: tuple[Interval, ...] = ()
    source: str = ""


class Calendar(_Part, frozen=True):
    """Business time. `weekly` has seven entries, Monday first. holidays: cn = State Council schedule."""

    id: Id
    weekly: tuple[tuple[Interval, ...], ...]
    time_zone: str = "Asia/Shanghai"
    holidays: Literal["cn", "none"] = "none"
    overrides: tuple[Override, ...] = ()
    cut_off: TimeOfDay = "16:00"
    """Received before this on a business day: due the same day (D03, D04)."""


class Hours(_Part, frozen=True):
    """When calls and chats are taken (D21): a calendar, empty for the client's own, and the answer outside of it.

    Without an `answer` it is that of the view's `overflow`, else the door's own.
    """

    calendar: str = ""
    answer: Answer = ""


class RingStep(_Part, frozen=True):
    after_ms: NotNegative
    ring: Positive


class RingPlan(_Part, frozen=True):
    """How a contact is offered: see routing.model.RingPlan. `cycle_ms` of a line's country (B02).

    A plan with a cycle and without steps has the ladder that fits its cycle (domain.ring_rules.default_steps).
    """

    id: Id
    steps: tuple[RingStep, ...] = ()
    offer_life_ms: Positive = 20_000
    cycle_ms: NotNegative = 0
    parallel_max: Positive = 5


class RelaxStep(_Part, frozen=True):
    """After this long in the queue `needs` replace the view's needs.

    `keep` names which of the contact's own requirements still hold: a customer who speaks only Cantonese
    keeps needing it, while a generalist may take a product question in (B21). With `lease` the agents of that
    second lease of the same client are asked too while the step holds; those of the contact's own come first.
    """

    after_s: Positive
    needs: dict[str, Level]
    keep: tuple[Literal["language", "product"], ...] = ("language",)
    lease: str = ""


class Overflow(_Part, frozen=True):
    """Bounds of a view of calls or chats, counted for each lease by itself; 0 is no bound.

    A contact that finds `max_length` waiting is not queued; one that has waited `max_wait_s` while no phone rings
    for it leaves the queue. Both get `answer`, as does a call that finds all lines busy.
    """

    max_length: NotNegative = 0
    max_wait_s: NotNegative = 0
    answer: Answer = ""


class View(_Part, frozen=True):
    """A named view of the one queue: which skills its contacts need, how they relax, and when it is enough.

    Without `hours` it is always open. Those of a view of callbacks bound the windows that are promised.
    """

    id: Id
    name: Text
    medium: MediumName
    plan: Id
    needs: dict[str, Level] = field(default_factory=dict)
    relax: tuple[RelaxStep, ...] = ()
    overflow: Overflow | None = None
    hours: Hours | None = None


PREFERRED_WAIT_S: dict[MediumName, int] = {"voice": 1, "chat": 10, "mail": 300, "callback": 60}
"""Where a medium says nothing else. A call has three rings and no more."""


class MediumRules(_Part, frozen=True):
    """Capacity, wrap-up and promises of one medium. `max_wait_s` is seconds per tier.

    A contact waits `preferred_wait_s` for the agent its customer spoke with last (B16), and that of a key account
    `owner_wait_s` for its named owner (A16), and a transfer to one agent `transfer_wait_s` for him; then anyone may
    take it. 0: nobody is waited for. With `late_is_urgent` off a contact past its deadline is urgent no longer: it
    waits at the end of its tier, until its maximum wait, behind those that can still be in time.
    """

    medium: MediumName
    units: Positive
    wrap_up_s: NotNegative
    first_reply_s: Positive
    urgent_before_s: NotNegative
    max_wait_s: dict[TierName, Positive]
    preferred_wait_s: NotNegative | None = None
    owner_wait_s: NotNegative = 20
    transfer_wait_s: NotNegative = 20
    late_is_urgent: bool = True


class Line(_Part, frozen=True):
    """A dialled number, leased to one client at a time. `toll_free`: the 800 line, whose minutes we pay (A03).

    `hours` of its own go before those of its view. `ivr`: the flow that its callers meet; empty: none.
    `price_per_minute_fen` is what a started minute of it costs us, for the report. `long_call_alarm_s` of its own goes
    before that of `cases`.
    """

    number: str
    client: Id
    lease: Id
    view: Id
    blocked: Treatment = "voicemail"
    toll_free: bool = False
    clock_from: Literal["alerting", "enqueue"] = "alerting"
    hours: Hours | None = None
    ivr: str = ""
    price_per_minute_fen: NotNegative = 0
    long_call_alarm_s: Positive | None = None


class Mailbox(_Part, frozen=True):
    address: str
    client: Id
    lease: Id
    view: Id


class Site(_Part, frozen=True):
    """A web site that carries the chat; `origins` are the pages that may open it; `hours` as of a line."""

    id: Id
    client: Id
    lease: Id
    view: Id
    origins: tuple[str, ...] = ()
    hours: Hours | None = None


class PhoneSource(_Part, frozen=True):
    """A telephony platform. `standard` posts events; commands go to its `control_url`, without one to the feed.

    `twilio`: `account` is its SID, calls are made from `from_number`, `music` is what waiting callers hear. `base_url`
    is where its API stands, empty for Twilio's own.

    `asterisk`: `base_url` is ARI's address (http://host:8088/ari), `app` the Stasis application. `endpoint` and
    `trunk` say how a device and an outside number are dialled, with {device} and {number} in them ({digits}: without
    the plus, {national}: as dialled in the number's own country); without a trunk it makes no callbacks. Callbacks
    show `from_number`; `music` is a class of music on hold; `sounds` the folder of our recorded texts below
    Asterisk's sounds.

    `machine_detection`: whether an answering machine takes a callback is found out; of Twilio `Enable` or
    `DetectMessageEnd`, of an Asterisk the dialplan context that runs AMD().
    """

    id: Id
    dialect: Literal["standard", "twilio", "asterisk"] = "standard"
    control_url: str = ""
    base_url: str = ""
    account: str = ""
    from_number: str = ""
    music: str = ""
    app: str = ""
    endpoint: str = ""
    trunk: str = ""
    sounds: str = ""
    machine_detection: str = ""


class Webhook(_Part, frozen=True):
    """Facts that leave for another system, as signed POSTs by Standard Webhooks.

    With a `client` it hears the facts of that client alone (I7), else everything of the provider. `kinds` are kinds
    of facts, or groups such as `contact.*`. Numbers and addresses in them are masked, unless a client's webhook asks
    for `personal_data`. `secret` names its entry in secrets.json; empty: the webhook's own id.
    """

    id: Id
    url: str
    kinds: tuple[str, ...]
    client: str = ""
    personal_data: bool = False
    secret: str = ""


class Callbacks(_Part, frozen=True):
    """How promised callbacks are kept (A04, D21)."""

    view: dict[Id, Id]
    """Per client, the view that callbacks wait in."""
    window_s: Positive = 7200
    attempts: Positive = 3
    spacing_s: Positive = 900


class Agent(_Part, frozen=True):
    """An employee on a leased seat. `skills` may hold `lang:zh-CN`, `lang:yue`, `lang:en` and products (A21)."""

    id: Id
    number: str
    name: str
    lease: Id
    skills: dict[str, Level]
    capacity: Positive = 60
    media: tuple[MediumName, ...] = ("voice", "chat", "mail", "callback")
    device: str = ""
    supervisor: bool = False


class LadderLevel(_Part, frozen=True):
    """One level of the complaint ladder (section 4.4): clocks in seconds, money limit in fen."""

    name: Text
    accept_s: Positive
    decide_s: Positive
    limit_fen: NotNegative


class Ladder(_Part, frozen=True):
    """L0 leased seat, L1 provider's supervisor, L2 client's desk, then departments and management.

    `refusals` polite repetitions (E28) or `agents` different people without a solution (F06) escalate; a VIP or
    group account enters at `vip_level` (section 4.4).
    """

    levels: tuple[LadderLevel, ...]
    refusals: Positive = 3
    agents: Positive = 3
    vip_level: NotNegative = 2


class CaseRules(_Part, frozen=True):
    """First reply bound of an asynchronous case (D15), on-site bound (D13) and alarms (B06, B23).

    All are elapsed time. `quick_resolution_s` is this project's own threshold of 'quickly resolved' (E23).
    """

    first_reply_s: Positive = 48 * 3600
    on_site_s: Positive = 24 * 3600
    quick_resolution_s: Positive = 24 * 3600
    queue_age_alarm_s: Positive = 1200
    long_call_alarm_s: Positive = 2400


class Document(_Part, frozen=True):
    """The whole configuration of one provider."""

    provider: Provider
    clients: tuple[Client, ...]
    leases: tuple[Lease, ...]
    calendars: tuple[Calendar, ...]
    plans: tuple[RingPlan, ...]
    views: tuple[View, ...]
    media: tuple[MediumRules, ...]
    lines: tuple[Line, ...]
    mailboxes: tuple[Mailbox, ...]
    sites: tuple[Site, ...]
    sources: tuple[PhoneSource, ...]
    callbacks: Callbacks
    agents: tuple[Agent, ...]
    ladder: Ladder
    cases: CaseRules = CaseRules()
    webhooks: tuple[Webhook, ...] = ()
    ivr: tuple[Flow, ...] = ()
    not_responding_for_s: Positive = 60
    back_off_s: Positive = 2
    grace_s: Positive = 30


def plain(value: Any) -> Any:
    """Dicts, lists and scalars with every field, defaults too: the form in which values compare and hash.

    (An encoder that omits defaults compares by identity, so equal documents may be encoded differently.)
    """
    if isinstance(value, Struct):
        kind = value.__struct_config__
        tagged = {str(kind.tag_field): kind.tag} if kind.tag_field else {}
        return tagged | {name: plain(each) for name, each in structs.asdict(value).items()}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, dt.date) else value
