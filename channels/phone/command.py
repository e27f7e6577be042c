"""A command to a phone platform as one CloudEvent: what our own dialect says in the other direction.

`id` is deterministic, so a platform that remembers ids does each command once; `not_after` (RFC 3339 on the
wire) tells it when the command has lost its use: a ring that is late is worse than none.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
from msgspec import Struct

from channels.port import PhoneCommand

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)


class CommandData(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Only what the verb uses is present; see the table in docs/telephony/own-dialect.md."""

    offer: str = ""
    agent: str = ""
    device: str = ""
    number: str = ""
    treatment: str = ""
    text: str = ""
    language: str = ""
    not_after: str = ""


class CommandEvent(Struct, frozen=True, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = "application/json"
    data: CommandData


def render(command: PhoneCommand, *, at: int) -> bytes:
    """The body to post. `at` is the instant of sending, microseconds UTC."""
    data = CommandData(
        offer=command.offer,
        agent=command.agent,
        device=command.device,
        number=command.number,
        treatment=command.treatment,
        text=command.text,
        language=command.language,
        not_after=rfc3339(command.not_after) if command.not_after else "",
    )
    event = CommandEvent(
        id=command.id,
        source=f"/v1/phone/{command.source}",
        type=f"phone.{command.verb}",
        subject=command.call,
        time=rfc3339(at),
        data=data,
    )
    return msgspec.json.encode(event)


def rfc3339(at: int) -> str:
    """Microseconds since the epoch as 2026-01-31T09:00:00.000000Z."""
    return (_EPOCH + dt.timedelta(microseconds=at)).isoformat(timespec="microseconds") + "Z"
