"""What a flow knows of its caller between two turns: a small versioned JSON that a platform keeps beside its call."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct

from channels.flow import Flow
from channels.verbs import Caller, Exit, Outcome

VERSION = 1
_MARK_BYTES = 6


class State(Struct, omit_defaults=True, kw_only=True):
    """`mark` names the flow's very content; `step` is where inside a node; `turns` bounds the whole dialogue."""

    v: int
    flow: str
    mark: str
    caller: Caller
    node: str
    step: str = ""
    tries: int = 0
    turns: int = 0
    language: str = ""
    member: str = ""
    product: str = ""
    complaint: bool = False
    number: str = ""
    windows: tuple[tuple[int, int], ...] = ()
    promised: tuple[int, int] | None = None
    """The window of the callback that was outstanding when a branch asked."""
    path: tuple[str, ...] = ()

    def outcome(self, exit: Exit, **more: str | int) -> Outcome:
        """The end with everything that was chosen on the way: no way out of a flow loses it."""
        return Outcome(
            exit=exit,
            language=self.language,
            member=self.member,
            product=self.product,
            complaint=self.complaint,
            path=self.path,
            **more,  # type: ignore[arg-type]
        )


def mark_of(flow: Flow) -> str:
    """Two flows of one mark are the same flow."""
    return blake2b(msgspec.json.encode(flow), digest_size=_MARK_BYTES).hexdigest()


def encode(state: State) -> bytes:
    return msgspec.json.encode(state)


def decode(stored: bytes) -> State | None:
    """None for whatever is not a state of this version."""
    try:
        state = msgspec.json.decode(stored, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return state if state.v == VERSION else None
