"""What an empty service says to agents and to a platform: the frames of a running one, as many and of the same size."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from aiohttp import web

from benchmarks.floor_rows import CLIENT, Kind, Life
from contactcenter.client import protocol as p

_encode = msgspec.json.Encoder().encode
GREETING = "你好，鸿雁寻呼，{}号为您服务。请问您要传呼哪个号码？"
QUEUED = "您好，这里是鸿雁寻呼客户服务中心。您的来电已经接入，您排在第8位，我们马上为您接通。"
WHY = "客户上次由他服务，或是他的专属客户; 等待0秒，前面0个"


class Desk:
    """An agent's socket, and how far its frames are numbered."""

    def __init__(self, agent: str, socket: web.WebSocketResponse) -> None:
        self.agent = agent
        self._socket = socket
        self._seq = 0

    async def welcome(self, hello: p.Hello) -> None:
        await self.reply(hello.id)
        await self._say(p.Welcome(agent=self.agent, number=self.agent[1:], name=self.agent))
        await self._say(p.SnapshotFrame(seq=1, presence=p.DeskPresence(state="offline", capacity=60)))

    async def reply(self, command: str) -> None:
        await self._say(p.Reply(re=command, ok={}))

    async def hear(self, kind: Kind, life: Life, at: int) -> None:
        """The frames that follow from this event; those of one event have one number."""
        self._seq = max(self._seq + 1, 2)
        frames = _frames(kind, life, at)
        for place, (frame, told) in enumerate(frames, 1):
            await self._say(frame(seq=self._seq, more=place < len(frames), **told))

    async def _say(self, content: Any) -> None:
        if not self._socket.closed:
            await self._socket.send_str(_encode(content).decode())


def receipt(life: Life) -> bytes:
    """What the platform is answered."""
    told = {"duplicate": False, "pending": False, "instruction": "queue", "text": QUEUED, "language": ""}
    waits = {"position": 8, "expected_wait_s": 1, "at_most_wait_s": 1}
    return _encode({"contact": life.contact, **told, **waits})


def _frames(kind: Kind, life: Life, at: int) -> list[tuple[type[p.Frame], dict[str, Any]]]:
    contact = {"contact": life.contact}
    match kind:
        case Kind.ARRIVED:
            card = _card(life, "offered")
            offer = p.OfferCard(offer=life.offer, **contact, expires_at=_instant(at + 20_000_000), card=card)
            return [(p.OfferFrame, {"offer": offer})]
        case Kind.ACCEPTED:
            ended = {"offer": life.offer, **contact, "outcome": "accepted"}
            return [(p.OfferEndedFrame, ended), (p.AssignedFrame, {"card": _card(life, "active")})]
        case Kind.FINISHED:
            wrapping = {**contact, "until": _instant(at + 20_000_000), "by": "agent"}
            return [(p.WrapUpFrame, wrapping), (p.PresenceFrame, {"presence": _presence()})]
        case Kind.WRAPPED_UP:
            released = {**contact, "reason": "wrapped_up"}
            return [(p.ReleasedFrame, released), (p.PresenceFrame, {"presence": _presence()})]


def _presence() -> p.DeskPresence:
    return p.DeskPresence(state="ready", capacity=60)


def _card(life: Life, state: str) -> p.Card:
    before = {"contact": life.contact, "medium": "voice", "opened_at": _instant(life.at), "outcome": "finished"}
    return p.Card(
        contact=life.contact,
        medium="voice",
        client=CLIENT,
        client_name="鸿雁寻呼",
        greeting=GREETING.format(life.agent[1:]),
        view="voice",
        language="zh-CN",
        state=state,
        customer=life.customer,
        tier="iron",
        tier_label="钢铁",
        customer_since="2026-11-29",
        address="138****75",
        enqueued_at=_instant(life.at),
        deadline=_instant(life.at + 15_000_000),
        context={"identities": [{"kind": "phone", "value": "+86138****0975"}]},
        history=() if life.newcomer else ({**before, "agent_number": life.agent[1:], "subject": ""},),
        why=WHY,
    )


def _instant(at: int) -> str:
    return dt.datetime.fromtimestamp(at / 1e6, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
