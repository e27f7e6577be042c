"""What a router tells the processes around it after a commit: values on the bus, never the truth itself.

Lossy by contract. A desk push names the number before it (`prev`), so that a listener sees a gap and reads
the desk again from the store (subscribe, fetch, apply).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from contactcenter.services.expected_waits import Told
from routing.effects import AnyEffect


class DeskPush(Struct, frozen=True, omit_defaults=True):
    """On topic `desk:<agent>`: the effects of event `seq` that concern this agent. `prev` is this desk's last seq."""

    agent: str
    seq: int
    prev: int
    at: int
    effects: tuple[AnyEffect, ...]


class NodeReply(Struct, frozen=True):
    """On topic `node:<name>`: everything that the event stored with `reply_to` = `<name>/<key>` decided."""

    key: str
    effects: tuple[AnyEffect, ...]


class ConversationPush(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """On topic `conversation:<id>`: a numbered message, or a change (`event`) of the conversation.

    event: message | assigned | released | closed | queued. `agent_number` is the public number, never a name.
    """

    conversation: str
    contact: str
    event: str
    at: int
    number: int = 0
    id: str = ""
    """The external id of a customer's message, so that the page that wrote it knows it again."""
    sender: str = ""
    text: str = ""
    agent: str = ""
    agent_number: str = ""
    told: Told = Told()
    """With `queued`: where the customer stands."""


decode_desk = msgspec.json.Decoder(DeskPush).decode
decode_reply = msgspec.json.Decoder(NodeReply).decode
decode_conversation = msgspec.json.Decoder(ConversationPush).decode
encode = msgspec.json.Encoder().encode
