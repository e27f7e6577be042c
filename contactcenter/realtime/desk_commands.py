"""Reading what a desk says, answering it, and answering it again when it says it again."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from contactcenter.client import protocol as p
from contactcenter.errors import Busy, Conflict, ContactCenterError, Invalid
from contactcenter.services.wording import Wording

log = logging.getLogger(__name__)
REMEMBERED = 10_000
"""Answers kept per process; beyond that the store's own memory of commands holds."""
PASSING = frozenset({"busy", "internal", "undecided", "stale_write", "draining"})
"""Codes that may be otherwise next time: not remembered."""
_decoder: msgspec.json.Decoder[p.AnyCommand] = msgspec.json.Decoder(p.AnyCommand)
_encode = msgspec.json.Encoder().encode
_FIELD = re.compile(r"at `\$\.?([^`]*)`|field `([^`]+)`")
_ID = re.compile(r'"id"\s*:\s*"([^"\\]{1,200})"')


class MalformedCommand(Exception):
    """Carries the reply that says what is wrong with it."""

    def __init__(self, reply: p.Reply) -> None:
        super().__init__(reply)
        self.reply = reply


def read_command(raw: str | bytes) -> p.AnyCommand:
    """Raises MalformedCommand with a reply of code `malformed` that names the field."""
    try:
        command = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError) as wrong:
        raise MalformedCommand(_malformed(raw, str(wrong))) from None
    if not isinstance(command, p.Ack) and not 0 < len(command.id) <= 200:
        raise MalformedCommand(_malformed("", "an id has 1 to 200 characters - at `$.id`"))
    return command


def problem(error: ContactCenterError, wording: Wording, language: str) -> p.Problem:
    """The sentence in the agent's language. What the service itself explains, in English, is kept for who reads it,
    and where the catalogue has no sentence of its own for a desk."""
    given, code = str(error), "busy" if error.code == "stale_write" else error.code
    if isinstance(error, Invalid):
        said = given if language.startswith("en") else wording.desk(f"desk.error.{code}", language, given)
    elif isinstance(error, Busy) and code == "undecided":
        said = wording.desk("desk.error.late_answer", language, given)  # An escalation has a code of this name too.
    else:
        said = wording.error(code, language, given, field=error.field, limit="", seconds=1)
    return p.Problem(code=code, message=said, field=error.field)


class Answers:
    """Runs each command of this process once; what it answered is kept for a repeat on any socket of the agent."""

    def __init__(self, wording: Wording, limit: int = REMEMBERED) -> None:
        self._wording = wording
        self._limit = limit
        self._known: OrderedDict[tuple[str, str], tuple[bytes, p.Reply]] = OrderedDict()

    async def once(
        self, agent: str, command: p.Command, language: str, work: Callable[[], Awaitable[dict[str, object]]]
    ) -> p.Reply:
        key, digest = (agent, command.id), hashlib.sha256(_encode(command)).digest()
        known = self._known.get(key)
        if known is not None and known[0] != digest:
            reused = Conflict("this command id was used for something else", code="command_id_reused", field="id")
            return p.Reply(re=command.id, error=problem(reused, self._wording, language))
        if known is not None:
            return known[1]
        reply = await self._answer(command, language, work)
        if reply.error is None or reply.error.code not in PASSING:
            self._keep(key, digest, reply)
        return reply

    async def _answer(
        self, command: p.Command, language: str, work: Callable[[], Awaitable[dict[str, object]]]
    ) -> p.Reply:
        try:
            return p.Reply(re=command.id, ok=await work())
        except ContactCenterError as error:
            return p.Reply(re=command.id, error=problem(error, self._wording, language))
        except Exception:
            log.exception("command %s of type %s failed", command.id, type(command).__name__)
            return p.Reply(re=command.id, error=problem(ContactCenterError(), self._wording, language))

    def _keep(self, key: tuple[str, str], digest: bytes, reply: p.Reply) -> None:
        self._known[key] = (digest, reply)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def _malformed(raw: str | bytes, why: str) -> p.Reply:
    found = _FIELD.search(why)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    named = _ID.search(text)
    return p.Reply(
        re=named[1] if named else "",
        error=p.Problem(code="malformed", message=why, field=(found[1] or found[2] or "") if found else ""),
    )
