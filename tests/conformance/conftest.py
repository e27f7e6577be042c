"""One suite, two worlds: every promise of the ports holds on Postgres and on its twin in memory."""

from __future__ import annotations

import pytest

from contactcenter.domain.configuration import Callbacks, Document, Ladder, Provider
from contactcenter.storage.memory import memory_stores
from contactcenter.storage.postgres import postgres_stores
from contactcenter.storage.stores import Stores


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "postgres":
        return postgres_stores(request.getfixturevalue("pool"))
    return memory_stores()


@pytest.fixture
def plain_document() -> Document:
    """The smallest configuration: shapes only."""
    return Document(
        provider=Provider(id="ruixun", name={"en": "Ruixun"}, lines=100, people=100),
        clients=(), leases=(), calendars=(), plans=(), views=(), media=(), lines=(), mailboxes=(), sites=(),
        sources=(), callbacks=Callbacks(view={}), agents=(), ladder=Ladder(levels=()),
    )  # fmt: skip
