"""The lean desk of the benchmarks hears what was sent, however it was cut, and says what the typed client would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from benchmarks.desk_socket import DeskSocket
from benchmarks.door_floor import Tally
from benchmarks.lean_agent import LeanAgent

UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
LONG = "x" * 70_000
"""Beyond what two bytes of length can say."""


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def said(self) -> list[dict[str, object]]:
        """The commands, after the request to upgrade."""
        payloads = [each[6 if each[1] & 0x7F < 126 else 8 :] for each in self.written if each[0] == 0x81]
        return [msgspec.json.decode(each) for each in payloads]


class Floor:
    """What a world is told by its agents."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def rang(self, contact: str) -> None:
        self.told.append(f"rang {contact}")

    def ended(self) -> None:
        self.told.append("ended")

    def refused(self, code: str) -> None:
        self.told.append(f"refused {code}")


def frame(**content: object) -> bytes:
    payload = msgspec.json.encode(content)
    size = len(payload)
    if size < 126:
        return bytes([0x81, size]) + payload
    return (bytes([0x81, 126]) + size.to_bytes(2) if size < 65_536 else bytes([0x81, 127]) + size.to_bytes(8)) + payload


LIFE = (
    UPGRADED
    + frame(type="snapshot", seq=1, presence={})
    + frame(type="offer", seq=2, offer={"offer": "o1", "contact": "ct1", "card": {"contact": "ct1", "why": LONG}})
    + frame(type="offer_ended", seq=3, more=True, offer="o1", contact="ct1", outcome="accepted")
    + frame(type="assigned", seq=3, card={"contact": "ct1", "why": "y" * 300})
    + frame(type="wrap_up", seq=4, contact="ct1", until="")
    + frame(type="released", seq=5, more=True, contact="ct1")
)


def agent_on_wire() -> tuple[LeanAgent, DeskSocket, Wire, Floor]:
    floor, wire = Floor(), Wire()
    agent = LeanAgent(floor, "token")  # type: ignore[arg-type]
    desk = agent._desk
    desk.connection_made(wire)
    return agent, desk, wire, floor


@pytest.mark.parametrize("cut", [1, 7, 130, 1_000_000])
async def test_a_life_is_answered_however_it_is_cut(cut: int) -> None:
    _, desk, wire, floor = agent_on_wire()
    for at in range(0, len(LIFE), cut):
        desk.data_received(LIFE[at : at + cut])
    said = [each for each in wire.said() if each["type"] != "ack"]
    assert [each["type"] for each in said] == ["hello", "accept", "finish", "wrap_up_done"]
    assert said[1]["offer"] == "o1"
    assert [each["contact"] for each in said[2:]] == ["ct1", "ct1"]
    assert len({each["id"] for each in said}) == 4
    assert floor.told == ["rang ct1", "ended"]


async def test_what_came_together_is_acknowledged_once_and_never_between_frames_of_one_event() -> None:
    _, desk, wire, _ = agent_on_wire()
    desk.data_received(LIFE)
    desk.data_received(frame(type="presence", seq=6, presence={}))
    assert [each["seq"] for each in wire.said() if each["type"] == "ack"] == [4]


async def test_not_now_is_said_again_under_its_id_and_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    later: list[Callable[[], None]] = []
    _, desk, wire, floor = agent_on_wire()
    desk.data_received(LIFE)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda _, work, *given: later.append(lambda: work(*given)))
    finish = next(each for each in wire.said() if each["type"] == "finish")
    desk.data_received(frame(re=finish["id"], error={"code": "busy", "message": ""}))
    assert floor.told == ["rang ct1", "ended"]
    later.pop(0)()
    assert wire.said()[-1] == finish
    desk.data_received(frame(re=finish["id"], error={"code": "not_yours", "message": ""}))
    assert floor.told[-1] == "refused not_yours"


def test_a_wait_is_taken_once_whichever_of_the_reply_and_the_offer_comes_first() -> None:
    tally = Tally()
    tally.begun("ct1", 1.0)
    tally.rang("ct1", 1.5)
    tally.rang("ct2", 2.5)
    tally.begun("ct2", 2.0)
    tally.rang("ct1", 9.0)
    assert tally.waits == [0.5, 0.5]
