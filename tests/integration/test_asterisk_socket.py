"""Requests over the events' socket: where Asterisk takes them there, where it does not, and where it stops to."""

from __future__ import annotations

from ari.emulator import Emulator, emulator
from ari.floor import Desk, Floor, adapter, board_of
from ari.pulse import until
from ari.world import Device

OFFER = "ct_1/1/a1"


async def a_call(pbx: Floor) -> None:
    """Rings, talks and ends."""
    pbx.emulator.world.devices["a1"] = Device()
    call = await pbx.arrived()
    await pbx.asterisk.send(pbx.ring(call, OFFER))
    await until(lambda: pbx.desk.of("call.alerting", offer=OFFER, call=call))
    pbx.emulator.world.pick_up("a1")
    await until(lambda: len(pbx.emulator.world.inside(f"cc:bridge:{call}")) == 2)
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


def of_calls(found: Emulator) -> int:
    """Requests about a call, by either way."""
    return sum(path.startswith(("/channels", "/bridges")) for _, verb, path, _ in found.requests if verb != "GET")


async def test_a_call_is_ruled_over_the_socket_where_asterisk_takes_requests_there() -> None:
    async with emulator() as (found, address), adapter(found, address, Desk(), board_of()) as pbx:
        await until(lambda: found.by_socket)
        await a_call(pbx)
        assert found.by_socket == 1 + of_calls(found), "the first asks whether anybody hears"


async def test_a_call_is_ruled_by_http_where_asterisk_does_not() -> None:
    async with emulator() as (found, address):
        found.takes_requests = False
        async with adapter(found, address, Desk(), board_of()) as pbx:
            await a_call(pbx)
    assert found.by_socket == 0
    assert of_calls(found) > 5


async def test_what_is_not_answered_over_the_socket_is_asked_by_http() -> None:
    async with emulator() as (found, address), adapter(found, address, Desk(), board_of()) as pbx:
        await until(lambda: found.by_socket)
        found.takes_requests = False
        await a_call(pbx)
        assert found.by_socket == 1
        assert of_calls(found) > 5


async def test_the_socket_breaks_under_a_request() -> None:
    async with emulator() as (found, address), adapter(found, address, Desk(), board_of()) as pbx:
        pbx.emulator.world.devices["a1"] = Device()
        await until(lambda: found.by_socket)
        call = await pbx.arrived()
        await until(lambda: not pbx.asterisk.busy)
        found.takes_requests = False
        await pbx.asterisk.send(pbx.ring(call, OFFER))
        await found.drop()
        await until(lambda: pbx.desk.of("call.alerting", offer=OFFER))
        pbx.emulator.world.hang_up(call)
        await pbx.all_quiet()
