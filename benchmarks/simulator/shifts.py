"""Who works: each agent's shift with its breaks, as events for the core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from routing import events as ev
from routing.model import Micros, PresenceState

READY, NOT_READY = PresenceState.READY, PresenceState.NOT_READY


@dataclass(frozen=True)
class Shift:
    """From the first sign-in to the end; without an end he stays. At the end he finishes what he has, then leaves."""

    agent: str
    begins: Micros
    ends: Micros | None = None
    device: str = ""
    breaks: tuple[tuple[Micros, Micros], ...] = ()

    def events(self) -> Iterator[tuple[Micros, ev.AnyEvent]]:
        """All but the sign-out, whose instant depends on what he still has in hand."""
        yield self.begins, ev.SignedIn(self.agent, device=self.device)
        yield self.begins, ev.PresenceSet(self.agent, READY)
        for away, back in self.breaks:
            yield away, ev.PresenceSet(self.agent, NOT_READY, "break")
            yield back, ev.PresenceSet(self.agent, READY)
        if self.ends is not None:
            yield self.ends, ev.PresenceSet(self.agent, NOT_READY, "shift_over")


def always(agents: list[str], begins: Micros) -> list[Shift]:
    """Everybody is there from the start, one microsecond after another, so that idleness has an order."""
    return [Shift(agent, begins + number) for number, agent in enumerate(agents)]
