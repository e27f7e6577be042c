"""The committed documents say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import House
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from channels.chat import protocol as chat
from channels.chat.server import ChatDoor
from channels.phone.door import PhoneDoor
from channels.phone.twilio.door import TwilioDoor
from contactcenter.api.asyncapi import live_feed, visitor
from contactcenter.api.documents import documents, write_docs
from contactcenter.api.doors_table import DOCUMENTED, DOORS
from contactcenter.api.server import ROUTES
from contactcenter.client import protocol
from contactcenter.realtime import feed

FOLDER = Path(__file__).parents[2] / "docs" / "api"
SOCKETS = (
    live_feed(feed.FeedHello, feed.FeedProblem, feed.SUBPROTOCOL),
    visitor(chat.AnyIn, chat.AnyOut, chat.SUBPROTOCOL),
)


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_the_committed_document_is_the_generated_one(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == documents(SOCKETS)[name], "run: python -m contactcenter docs"


def test_the_openapi_document_is_valid() -> None:
    validate(json.loads(documents()["openapi.json"]))


def test_every_reference_of_the_documents_leads_somewhere() -> None:
    for text in documents(SOCKETS).values():
        document = json.loads(text)
        for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
            found: Any = document
            for part in reference.split("/"):
                found = found[part]


def test_every_address_of_the_application_is_documented() -> None:
    paths = json.loads(documents()["openapi.json"])["paths"]
    served = {(route.method, route.path) for route in House().app()[ROUTES] if not route.hidden}
    assert served <= {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_the_doors_of_the_channels_are_the_documented_ones() -> None:
    rows = {(row.method, row.path) for row in DOORS}
    bare: Any = object.__new__
    served = [
        *PhoneDoor.routes(bare(PhoneDoor)),
        *ChatDoor.routes(bare(ChatDoor)),
        *TwilioDoor.routes(bare(TwilioDoor)),
    ]
    assert {(door.method, door.path) for door in served} == rows - {("GET", "/v1/agent")}


def test_no_two_operations_share_a_name() -> None:
    paths = json.loads(documents()["openapi.json"])["paths"]
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) == len(set(names)) == len([row for row in DOCUMENTED if not row.hidden])


def test_what_the_agents_socket_says_fits_its_schema() -> None:
    document = json.loads(documents()["asyncapi.json"])
    schema = {**document["components"]["schemas"]["NotReady"], "components": document["components"]}
    Draft202012Validator(schema).validate({"type": "not_ready", "id": "1", "reason": "break"})
    assert set(document["channels"]["agent"]["messages"]) == {
        kind.__name__ for kind in (*protocol.AnyCommand.__args__, *protocol.AnyFrame.__args__, protocol.Reply)
    }


def test_writing_the_documents_twice_changes_nothing(tmp_path: Path) -> None:
    assert len(write_docs(tmp_path, SOCKETS)) == 2
    assert write_docs(tmp_path, SOCKETS) == []


async def test_a_process_serves_its_own_document() -> None:
    async with TestClient(TestServer(House().app())) as client:
        served = await (await client.get("/v1/openapi.json")).json()
    assert served["openapi"] == "3.1.0"
    assert "/v1/agent" not in served["paths"]
