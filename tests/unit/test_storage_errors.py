"""Whatever says that the database is away says so by one name, so that no event is blamed for it."""

from __future__ import annotations

import asyncpg
import pytest

from contactcenter.errors import Busy
from contactcenter.storage.pool import translated


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(104, "Connection reset by peer"),
        FileNotFoundError(2, "No such file or directory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_connection_is_busy_and_never_the_fault_of_what_was_written(error: Exception) -> None:
    with pytest.raises(Busy), translated():
        raise error
