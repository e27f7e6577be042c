"""What a complaint is made of: the words of its six steps and the record that they fill (E04, E06, E10, E23)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.authority import Remedy


class Step(StrEnum):
    """The order of the members is the order of the work."""

    ACCEPT = "accept"
    CALM = "calm"
    CLARIFY = "clarify"
    EXPLORE = "explore"
    ACT = "act"
    THANK = "thank"


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    GAVE_UP = "gave_up"


class Cause(StrEnum):
    """The nine causes (E04)."""

    PRODUCT_QUALITY = "product_quality"
    REPAIR_QUALITY = "repair_quality"
    NETWORK_DEFECT = "network_defect"
    STAFF_MISTAKE = "staff_mistake"
    STAFF_SERVICE = "staff_service"
    POLICY_DISAGREEMENT = "policy_disagreement"
    BEYOND_THE_FIRM = "beyond_the_firm"
    DIFFERENT_YARDSTICK = "different_yardstick"
    OVER_DEMAND = "over_demand"


class OutcomeClass(StrEnum):
    """The four classes whose return rates are compared (E23)."""

    SILENT = "silent"
    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    QUICKLY_RESOLVED = "quickly_resolved"


class Closing(StrEnum):
    """The three closing sentences (E10)."""

    APOLOGY = "apology"
    THANKS = "thanks"
    RESOLVE = "resolve"


class Taken(Struct, frozen=True):
    """A step that was entered: when and by whom."""

    step: Step
    at: Micros
    by: str


class Refusal(Struct, frozen=True):
    """One polite refusal: always with its reason and something that can be done instead (H08, F13)."""

    at: Micros
    by: str
    reason: str
    alternatives: tuple[str, ...]


class Complaint(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything the six steps collect. `claimed_fen` is the customer's number, `granted_fen` ours (F21)."""

    opened_at: Micros
    steps: tuple[Taken, ...]
    state: State = State.OPEN
    accused: str = ""
    apologised_at: Micros = 0
    facts: str = ""
    summary: str = ""
    confirmed_at: Micros = 0
    cause: Cause | None = None
    liability: str = ""
    desired: Remedy | None = None
    claimed_fen: int = 0
    offered: Remedy | None = None
    granted_fen: int = 0
    refusals: tuple[Refusal, ...] = ()
    action: str = ""
    closing: tuple[Closing, ...] = ()
    proof: str = ""
    answered_at: Micros = 0
    ended_at: Micros = 0

    @property
    def step(self) -> Step:
        return self.steps[-1].step
