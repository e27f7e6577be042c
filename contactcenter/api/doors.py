"""What the API asks of services that others build: the wiring hands in whatever fits these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from contactcenter.domain.configuration import Document
from contactcenter.services.commands import Stamp
from contactcenter.services.configuring import ConfigurationChange
from contactcenter.services.seats import Actor, Seat

Verdict = Literal["grant", "refuse", "advise"]


class ComplaintDesk(Protocol):
    """The ladder, as `services.complaints.Complaints` works it. All raise NotFound, Forbidden, Conflict, Invalid."""

    async def accept(self, actor: Actor, *, case: str) -> dict[str, Any]: ...

    async def decide(
        self,
        actor: Actor,
        *,
        case: str,
        decision: str,
        remedy: str = "",
        amount_fen: int = 0,
        verdict: Verdict = "grant",
        alternatives: tuple[str, ...] = (),
    ) -> dict[str, Any]: ...

    async def escalate(self, seat: Seat, *, case: str, reason: str, note: str = "", stamp: Stamp) -> dict[str, Any]: ...


class ConfigurationDesk(Protocol):
    """A provider's configuration, as `services.configuring.Configuring` keeps it."""

    async def current(self, provider: str) -> tuple[int, Document]:
        """Raises NotFound before the first version."""
        ...

    async def apply(
        self, provider: str, text: str, *, by: str, expected: int | None = None, dry_run: bool = False
    ) -> ConfigurationChange:
        """`text` is YAML (JSON is YAML). Raises Invalid with `problems`; Conflict, or StaleWrite on a lost race,
        when `expected` is not the current version."""
        ...


Ready = Callable[[], Awaitable[dict[str, Any]]]
"""What readiness depends on: name -> True, False or a word; not ready when any value is False."""
