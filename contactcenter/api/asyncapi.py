"""The AsyncAPI 3.0 document of the sockets, made from the structs that both ends use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, get_args

from contactcenter.api.schemas import schemas_of
from contactcenter.client import protocol
from contactcenter.services.reporting import LiveQueues

VERSION: Final = "1.0.0"
REF: Final = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketDoc:
    """One socket: what the other side says, and what it hears. A union or a tuple of Structs each.

    `prefix` keeps schemas of the same name apart (`Visitor` -> VisitorHello).
    """

    name: str
    address: str
    title: str
    subprotocol: str
    says: Any
    hears: Any
    prefix: str = ""


AGENT: Final = SocketDoc(
    name="agent",
    address="/v1/agent",
    title=(
        "The agent's desk. The first frame is hello; every command {id, type, ...} but ack is answered by exactly one "
        "reply {re, ok | error}; frames carry a rising seq, all but the last of an event say more. hello.cursor and "
        "hello.conversations resume: what was missed, then resumed; or a snapshot."
    ),
    subprotocol=protocol.SUBPROTOCOL,
    says=protocol.AnyCommand,
    hears=(*get_args(protocol.AnyFrame), protocol.Reply),
)


def live_feed(hello: type, problem: type, subprotocol: str) -> SocketDoc:
    """The feed of the queues, from the structs of `realtime.feed`."""
    return SocketDoc(
        name="queues",
        address="/v1/queues/feed",
        title="The live queues: the JSON of GET /v1/queues, pushed on change, at most twice a second.",
        subprotocol=subprotocol,
        says=(hello,),
        hears=(LiveQueues, problem),
    )


def visitor(says: Any, hears: Any, subprotocol: str) -> SocketDoc:
    """The chat visitor's socket, from the unions of `channels.chat.protocol`."""
    return SocketDoc(
        name="visitor",
        address="/v1/chat/{site}/socket",
        title="A visitor's chat. The first frame is hello with the token of POST /v1/chat/{site}/sessions.",
        subprotocol=subprotocol,
        says=says,
        hears=hears,
        prefix="Visitor",
    )


def asyncapi(sockets: Sequence[SocketDoc]) -> dict[str, Any]:
    """The document; the same sockets give the same bytes."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for socket in sockets:
        said, heard = _kinds(socket.says), _kinds(socket.hears)
        _collect(socket, (*said, *heard), messages, schemas)
        channels[socket.name] = _channel(socket, (*said, *heard))
        operations[f"{socket.name}_says"] = _operation(socket, "receive", said)
        operations[f"{socket.name}_hears"] = _operation(socket, "send", heard)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "contactcenter sockets", "version": VERSION, "description": _INTRO},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


_INTRO: Final = "JSON text frames, one object each. `receive` is what the service takes, `send` what it says."


def _kinds(given: Any) -> tuple[type, ...]:
    return get_args(given) if isinstance(given, UnionType) else tuple(given)


def _collect(socket: SocketDoc, kinds: Sequence[type], messages: dict[str, Any], schemas: dict[str, Any]) -> None:
    template = REF.replace("{name}", f"{socket.prefix}{{name}}")
    _, components = schemas_of(kinds, template)
    schemas |= {f"{socket.prefix}{name}": schema for name, schema in components.items()}
    for kind in kinds:
        name = f"{socket.prefix}{kind.__name__}"
        messages[name] = {
            "name": _tag(kind),
            "title": (kind.__doc__ or kind.__name__).strip().splitlines()[0],
            "payload": {"$ref": REF.replace("{name}", name)},
        }


def _tag(kind: type) -> str:
    """The word on the wire, or the name of a frame that has none."""
    config: Any = getattr(kind, "__struct_config__", None)
    return str(config.tag or kind.__name__)


def _channel(socket: SocketDoc, kinds: Sequence[type]) -> dict[str, Any]:
    names = [f"{socket.prefix}{kind.__name__}" for kind in kinds]
    channel: dict[str, Any] = {
        "address": socket.address,
        "description": socket.title,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": {"Sec-WebSocket-Protocol": {"type": "string", "const": socket.subprotocol}},
                },
                "bindingVersion": "0.1.0",
            }
        },
    }
    parameters = [part.strip("{}") for part in socket.address.split("/") if part.startswith("{")]
    if parameters:
        channel["parameters"] = {name: {"description": f"The {name}'s id"} for name in parameters}
    return channel


def _operation(socket: SocketDoc, action: str, kinds: Sequence[type]) -> dict[str, Any]:
    at = f"#/channels/{socket.name}"
    return {
        "action": action,
        "channel": {"$ref": at},
        "messages": [{"$ref": f"{at}/messages/{socket.prefix}{kind.__name__}"} for kind in kinds],
    }
