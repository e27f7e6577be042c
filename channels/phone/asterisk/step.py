"""One input of one call: where it stands, what is configured, what time it is, and what comes of it."""

from __future__ import annotations

from typing import Any

from channels.phone.asterisk import names
from channels.phone.asterisk.actions import Out, Rest, Timer
from channels.phone.asterisk.record import Call, Leg, Line, Rules
from channels.port import AnyInbound, CallProgress
from channels.verbs import Caller, Dialogue


class Step:
    def __init__(self, call: Call, *, rules: Rules, line: Line, dialogue: Dialogue, now: int, out: Out) -> None:
        self.call = call
        self.rules = rules
        self.line = line
        self.dialogue = dialogue
        self.now = now
        self.out = out
        self.spoke_at = now
        """When it happened by Asterisk's clock, where an event said so."""

    # --- what is asked of Asterisk ----------------------------------------------------------------------------

    def customer(self, method: str, *parts: str, body: dict[str, Any] | None = None, why: str = "") -> None:
        """A request about the customer's channel or the bridge; they go out in order."""
        self._rest(self.call.id, method, parts, body=body, why=why)

    def leg(self, leg: Leg, method: str, *parts: str, body: dict[str, Any] | None = None, why: str = "") -> None:
        """A request about an agent's leg; those of one leg go out in order, beside the customer's."""
        self._rest(leg.channel, method, parts, body=body, why=why, until=leg.until)

    def _rest(
        self, lane: str, method: str, parts: tuple[str, ...], *, body: dict[str, Any] | None, why: str, until: int = 0
    ) -> None:
        query = None
        if method in ("DELETE", "GET"):
            query, body = body, None
        rest = Rest(
            call=self.call.id,
            lane=lane,
            method=method,
            path=names.path(*parts),
            body=body,
            query=query,
            why=why,
            until=until,
        )
        self.out.rests.append(rest)

    def wake(self, name: str, at: int) -> None:
        self.out.timers.append(Timer(self.call.id, name, at))

    def calm(self, name: str) -> None:
        self.out.timers.append(Timer(self.call.id, name, 0))

    # --- what is told to the house ----------------------------------------------------------------------------

    def tell(self, inbound: AnyInbound) -> None:
        self.out.tells.append(inbound)

    def progress(self, what: str, value: str = "", *, key: str = "") -> None:
        """A fact of the call. `key` makes its id; without one the steps of the call are counted."""
        call = self.call
        if not key:
            call.keyed += 1
            key = f"{self.spoke_at}-{call.keyed}"
        self.tell(
            CallProgress(
                source=call.source,
                external_id=f"{call.id}/{what}/{key}",
                occurred_at=self.spoke_at,
                call=call.id,
                what=what,
                value=value,
            )
        )

    def about(self, *, why: str = "", text: str = "", language: str = "") -> Caller:
        """The caller as the flows know him."""
        call = self.call
        spoken = language or (call.offered.language if call.offered else "")
        return Caller(
            source=call.source,
            call=call.id,
            dialled=call.dialled,
            caller=call.caller,
            why=why,
            text=text,
            language=spoken,
        )
