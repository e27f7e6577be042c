"""The cutter knows where messages end, and walks every boundary in both directions."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import islice

import pytest
from drill.boundaries import Boundaries
from drill.cutter import Cutter, Plan, walk

ASKED = b"GET /v1/agent HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
GRANTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
POSTED = b"POST /e HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"


def frame(payload: bytes, *, masked: bool = False) -> bytes:
    size = len(payload)
    short = size if size < 126 else 126 if size < 65_536 else 127
    extended = size.to_bytes({126: 2, 127: 8}[short], "big") if short > 125 else b""
    mask = b"\1\2\3\4" if masked else b""
    return bytes([0x81, short | (0x80 if masked else 0)]) + extended + mask + payload


@pytest.mark.parametrize(
    ("protocol", "messages"),
    [
        ("http", [POSTED, POSTED, b"HTTP/1.1 204 No Content\r\n\r\n"]),
        ("http", [ASKED, frame(b"hello", masked=True), frame(b"x" * 300, masked=True), frame(b"")]),
        ("http", [GRANTED, frame(b"y" * 70_000), frame(b"z")]),
        ("smtp", [b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\n", b"DATA\r\n"]),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 1_000_000])
def test_messages_end_where_they_end_however_the_bytes_come(protocol: str, messages: list[bytes], chunk: int) -> None:
    stream, boundaries, found = b"".join(messages), Boundaries(protocol), []
    for at in range(0, len(stream), chunk):
        found += [at + end for end in boundaries.feed(stream[at : at + chunk])]
    expected = [len(b"".join(messages[: number + 1])) for number in range(len(messages))]
    assert found == expected


def test_the_walk_visits_every_boundary_both_ways_and_begins_again() -> None:
    plans = list(islice(walk(3), 16))
    assert set(plans) == {Plan(n, up, within) for n in range(4) for up in (True, False) for within in (True, False)}
    assert list(islice(walk(3), 32))[16:] == plans


@pytest.mark.parametrize("messages", [0, 1, 2])
@pytest.mark.parametrize("inside", [False, True])
async def test_a_connection_is_cut_after_the_messages_of_its_plan(messages: int, inside: bool) -> None:
    lines = [b"one\r\n", b"two\r\n", b"three\r\n"]
    heard = asyncio.Queue[bytes]()

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.put_nowait(await reader.read(-1))
        except ConnectionError:
            heard.put_nowait(b"reset")
        writer.close()

    server = await asyncio.start_server(service, "127.0.0.1", 0)
    cutter = Cutter([server.sockets[0].getsockname()[1]], "smtp")
    cutter.follow(Plan(messages, True, inside))
    await cutter.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", cutter.port)
    writer.write(b"".join(lines))
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            assert await reader.read(-1) == b""
        await heard.get()
    whole = b"".join(lines[:messages])
    part = lines[messages][: len(lines[messages]) // 2] if inside else b""
    assert cutter.passed == len(whole + part)
    assert cutter.cuts == 1
    writer.close()
    await cutter.stop()
    server.close()


async def test_a_cutter_that_is_not_armed_relays_everything() -> None:
    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(service, "127.0.0.1", 0)
    cutter = Cutter([server.sockets[0].getsockname()[1]], "smtp")
    await cutter.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", cutter.port)
    writer.write(b"through\r\n")
    async with asyncio.timeout(5):
        assert await reader.read(-1) == b"through\r\n"
    assert cutter.cuts == 0
    writer.close()
    await cutter.stop()
    server.close()
