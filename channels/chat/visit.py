"""What a visitor's socket means, frame by frame: a state machine without I/O, clock or chance.

    stage      hello     say       leave     typing  ping   garbage
    new        verify    not_open  close     -       pong   malformed
    checking   again     not_open  close     -       pong   malformed    the shell looks at the token
    open       again     store     depart    -       pong   malformed
    closed     ended     ended     -         -       pong   malformed    the conversation is over

`hear` takes the page's frames; `admitted`, `stands`, `replayed`, `pushed`, `stored`, `busy`, `failed` take what
the shell found out. Each returns what the shell has to do, in order. Two promises are kept here: messages
leave in the order of their numbers, each once and without gaps (a hole means `Reread`), and a say id is stored
at most once by one socket (across sockets the intake's key does it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from channels.chat import protocol as p
from channels.chat.ports import Assigned, Ended, Missed, Push, Released, Standing, Waiting

REMEMBERED: Final = 256


class Stage(StrEnum):
    NEW = "new"
    CHECKING = "checking"
    OPEN = "open"
    CLOSED = "closed"


class Rate(Struct, frozen=True):
    """At most `burst` at once, one more every `every` seconds."""

    burst: int
    every: float


class Limits(Struct, frozen=True):
    """How much one socket may say; `garbage` is how many unreadable frames end it."""

    says: Rate = Rate(burst=10, every=0.5)
    frames: Rate = Rate(burst=60, every=0.1)
    garbage: int = 10


class Send(Struct, frozen=True):
    frame: p.AnyOut


class Verify(Struct, frozen=True):
    """Whose token is it? Answer with `admitted` or `failed`."""

    hello: p.Hello


class Store(Struct, frozen=True):
    """Hand this to the intake. Answer with `stored`, `busy` or `failed`."""

    id: str
    text: str


class Reread(Struct, frozen=True):
    """Read the messages after this number. Answer with `replayed`."""

    after: int


class Depart(Struct, frozen=True):
    """The visitor leaves now."""


class Close(Struct, frozen=True):
    code: int
    reason: str = ""


Action = Send | Verify | Store | Reread | Depart | Close
Actions = list[Action]


class Meter:
    """A leaky bucket kept as one instant: when it would be empty again."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._empty_at = float("-inf")

    def wait(self, now: float) -> float:
        """0 when one more is admitted (and counted), else the seconds until it would be."""
        ahead = max(self._empty_at - now, 0.0)
        over = ahead - (self._rate.burst - 1) * self._rate.every
        if over > 1e-9:
            return over
        self._empty_at = now + ahead + self._rate.every
        return 0.0


class Visit:
    """One socket of one visitor."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.stage = Stage.NEW
        self.delivered = 0
        self._says = Meter(limits.says)
        self._frames = Meter(limits.frames)
        self._garbage_left = limits.garbage
        self._agent = ""
        self._numbers: dict[str, int] = {}
        self._storing: set[str] = set()
        self._unacked: list[str] = []

    # --- the page's frames -----------------------------------------------------------------------------

    def hear(self, frame: p.AnyIn | p.Garbage, now: float) -> Actions:
        if self._frames.wait(now):
            return [Close(p.CLOSE_FLOOD, "too many frames")]
        match frame:
            case p.Ping():
                return [Send(p.Pong())]
            case p.Typing():
                return []
            case p.Garbage():
                return self._hear_garbage(frame)
            case p.Hello():
                return self._hear_hello(frame)
            case p.Say():
                return self._hear_say(frame, now)
            case p.Leave():
                return self._hear_leave()

    def _hear_garbage(self, frame: p.Garbage) -> Actions:
        self._garbage_left -= 1
        told: Actions = _error("malformed", field=frame.field, message=frame.message)
        return told if self._garbage_left > 0 else [*told, Close(p.CLOSE_BAD, "not this protocol")]

    def _hear_hello(self, hello: p.Hello) -> Actions:
        if self.stage is Stage.CLOSED:
            return _error("closed")
        if self.stage is not Stage.NEW:
            return _error("already_open")
        self.stage = Stage.CHECKING
        self.delivered = hello.resume_after
        return [Verify(hello)]

    def _hear_say(self, say: p.Say, now: float) -> Actions:
        text = p.clean(say.text)
        if wrong := self._wrong_say(text):
            return _error(wrong, field="text" if self.stage is Stage.OPEN else "", about=say.id)
        if say.id in self._numbers:
            return [Send(p.Ack(id=say.id, number=self._numbers[say.id]))]
        if say.id in self._storing or say.id in self._unacked:
            return []
        if wait := self._says.wait(now):
            return [Send(p.Busy(retry_after=round(wait, 3), id=say.id))]
        self._storing.add(say.id)
        return [Store(say.id, text)]

    def _wrong_say(self, text: str) -> str:
        if self.stage is Stage.CLOSED:
            return "closed"
        if self.stage is not Stage.OPEN:
            return "not_open"
        if not text:
            return "empty"
        return "too_long" if len(text) > p.MAX_TEXT else ""

    def _hear_leave(self) -> Actions:
        if self.stage is Stage.CLOSED:
            return []
        was, self.stage = self.stage, Stage.CLOSED
        if was is not Stage.OPEN:
            return [Close(p.CLOSE_DONE, "left")]
        return [Depart(), Send(p.Closed()), Close(p.CLOSE_DONE, "left")]

    # --- what the shell found out ------------------------------------------------------------------------

    def admitted(self, session: str, language: str, texts: dict[str, str]) -> Actions:
        if self.stage is not Stage.CHECKING:
            return []
        self.stage = Stage.OPEN
        return [Send(p.Welcome(session=session, language=language, texts=texts))]

    def stands(self, standing: Standing) -> Actions:
        """Where the conversation is when the socket comes in; asks for what the page has missed."""
        self.delivered = min(self.delivered, standing.last)
        ended = isinstance(standing.now, Ended)
        missing = standing.last > self.delivered and not ended
        reread: Actions = [Reread(self.delivered)] if missing else []
        return [*reread, *self.pushed(standing.now)]

    def replayed(self, messages: Sequence[p.Message], *, more: bool = False) -> Actions:
        """Messages after `delivered`, oldest first; after the last page the acks that waited for their numbers."""
        sent: Actions = [one for message in messages for one in self._deliver(message)]
        if more:
            return [*sent, Reread(self.delivered)]
        acks: Actions = [Send(p.Ack(id=say, number=self._numbers.get(say, 0))) for say in self._unacked]
        self._remember((say, self._numbers.get(say, 0)) for say in self._unacked)
        self._unacked.clear()
        return [*sent, *acks]

    def pushed(self, push: Push) -> Actions:
        if self.stage is not Stage.OPEN:
            return []
        match push:
            case p.Message():
                return self._pushed_message(push)
            case Waiting():
                return [Send(_queued(push))]
            case Assigned(agent_number=number):
                self._agent = number
                return [Send(p.Joined(agent_number=number))]
            case Released():
                return [Send(p.Left(agent_number=self._agent))]
            case Missed():
                return [Reread(self.delivered)]
            case Ended():
                self.stage = Stage.CLOSED
                return [Reread(self.delivered), Send(p.Closed()), Close(p.CLOSE_DONE, "closed")]

    def stored(self, say: str) -> Actions:
        self._storing.discard(say)
        if say in self._numbers:
            return [Send(p.Ack(id=say, number=self._numbers[say]))]
        self._unacked.append(say)
        return [Reread(self.delivered)]

    def busy(self, retry_after: float, say: str = "") -> Actions:
        """The intake takes no more. Without a say it was the opening: the page comes back later."""
        told: Actions = [Send(p.Busy(retry_after=retry_after, id=say))]
        if say:
            self._storing.discard(say)
            return told
        return [*told, Close(p.CLOSE_BUSY, "busy")]

    def failed(self, code: str, *, say: str = "", close: int = 0) -> Actions:
        self._storing.discard(say)
        told: Actions = _error(code, about=say)
        return [*told, Close(close, code)] if close else told

    # --- messages in order ---------------------------------------------------------------------------------

    def _pushed_message(self, message: p.Message) -> Actions:
        if message.number > self.delivered + 1:
            return [Reread(self.delivered)]
        return self._deliver(message)

    def _deliver(self, message: p.Message) -> Actions:
        if message.id:
            self._remember([(message.id, message.number)])
        if message.number <= self.delivered:
            return []
        self.delivered = message.number
        return [Send(message)]

    def _remember(self, numbers: Iterable[tuple[str, int]]) -> None:
        self._numbers.update(numbers)
        while len(self._numbers) > REMEMBERED:
            del self._numbers[next(iter(self._numbers))]


def _queued(waits: Waiting) -> p.Queued:
    return p.Queued(
        position=waits.position,
        expected_wait_s=waits.expected_wait_s,
        at_most_wait_s=waits.at_most_wait_s,
        text=waits.text,
    )


def _error(code: str, *, field: str = "", message: str = "", about: str = "") -> Actions:
    return [Send(p.Error(code=code, field=field, message=message, id=about))]
