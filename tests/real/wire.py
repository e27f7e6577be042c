"""SIP by hand, for what no honest phone does: late answers, silence, redirects, names in any bytes.

async with peer("127.0.0.5") as phone:                       a phone at sip:x@127.0.0.5:<port>
    invite = await phone.asked("INVITE")
    phone.reply(invite, "180 Ringing")
    phone.reply(invite, "200 OK", sound=True)
    await phone.asked("BYE")

async with peer(CARRIER) as caller:
    call = caller.invite("4000000101", at=pbx.sip_port, name=b'"\\xe5\\xba\\xb7"')
    await call.answered("200")
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import cast

PATIENCE_S = 15.0
ALAW, G729 = "8", "18"


@dataclass(frozen=True)
class Message:
    """One request or response as it came; `fields` of a name in order."""

    first: str
    head: bytes

    def fields(self, name: str) -> list[bytes]:
        return re.findall(rb"(?im)^" + name.encode() + rb"\s*:\s*(.*?)\r?$", self.head)

    @property
    def call(self) -> bytes:
        return self.fields("Call-ID")[0]

    @property
    def what(self) -> str:
        """The method of a request, the status of a response."""
        words = self.first.split(" ")
        return words[1] if words[0] == "SIP/2.0" else words[0]


class Peer(asyncio.DatagramProtocol):
    def __init__(self, host: str) -> None:
        self.host = host
        self.port = 0
        self.heard: list[Message] = []
        self._seen: set[tuple[bytes, bytes, str]] = set()
        self._changed = asyncio.Event()
        self._transport: asyncio.DatagramTransport
        self._from: dict[bytes, tuple[str, int]] = {}
        self._tag = token_hex(4)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        head = data.partition(b"\r\n\r\n")[0] + b"\r\n"
        if not head.strip():
            return
        message = Message(head.partition(b"\r\n")[0].decode(errors="replace"), head)
        self._from[message.call] = address
        once = (message.call, message.fields("CSeq")[0], message.what)
        if once not in self._seen:
            self._seen.add(once)
            self.heard.append(message)
            self._changed.set()

    async def asked(self, what: str, call: bytes = b"", seconds: float = PATIENCE_S) -> Message:
        """The next message of this method or status that nobody has taken yet."""
        return await self.one_of(lambda each: each.what == what and (not call or each.call == call), what, seconds)

    async def one_of(self, fits: Callable[[Message], bool], what: str, seconds: float = PATIENCE_S) -> Message:
        try:
            async with asyncio.timeout(seconds):
                while not (found := next((each for each in self.heard if fits(each)), None)):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{what}: not within {seconds} s, but {[each.first for each in self.heard]}") from None
        self.heard.remove(found)
        return found

    def say(self, text: bytes, to: tuple[str, int]) -> None:
        self._transport.sendto(text, to)

    # --- one who is called ----------------------------------------------------------------------------------------

    def reply(self, request: Message, status: str, *, sound: str = "", contact: str = "") -> None:
        """`sound`: the payload type that we speak."""
        lines = [b"SIP/2.0 " + status.encode()]
        lines += [b"Via: " + each for each in request.fields("Via")]
        lines += [b"From: " + request.fields("From")[0]]
        to = request.fields("To")[0]
        lines += [b"To: " + (to if b"tag=" in to or status.startswith("100") else to + f";tag={self._tag}".encode())]
        lines += [b"Call-ID: " + request.call, b"CSeq: " + request.fields("CSeq")[0]]
        lines += [f"Contact: <{contact or f'sip:x@{self.host}:{self.port}'}>".encode()]
        self.say(_whole(lines, self._sdp(sound) if sound else b""), self._from[request.call])

    def _sdp(self, payload: str) -> bytes:
        name = {ALAW: "PCMA", G729: "G729"}[payload]
        lines = ("v=0", f"o=- 1 1 IN IP4 {self.host}", "s=-", f"c=IN IP4 {self.host}", "t=0 0")
        return "\r\n".join((*lines, f"m=audio 6000 RTP/AVP {payload}", f"a=rtpmap:{payload} {name}/8000", "")).encode()

    # --- one who calls --------------------------------------------------------------------------------------------

    def invite(
        self, dialled: str, at: int, *, who: bytes = b"<sip:13900001234@127.0.0.3>", sound: str = ""
    ) -> Outgoing:
        """`who`: the From header, in any bytes. `sound`: the payload type that we speak, '' offers nothing."""
        call = Outgoing(self, f"sip:{dialled}@127.0.0.1:{at}", ("127.0.0.1", at), who)
        call.request("INVITE", body=self._sdp(sound) if sound else b"")
        return call


@dataclass
class Outgoing:
    """A call of ours. Provisional answers are passed over."""

    peer: Peer
    uri: str
    to: tuple[str, int]
    who: bytes
    id: str = field(default_factory=lambda: token_hex(8))
    branch: str = field(default_factory=lambda: token_hex(8))
    theirs: bytes = b""

    def request(self, method: str, *, body: bytes = b"", number: int = 1) -> None:
        branch = self.branch if method in ("INVITE", "CANCEL") else token_hex(8)
        lines = [
            f"{method} {self.uri} SIP/2.0".encode(),
            f"Via: SIP/2.0/UDP {self.peer.host}:{self.peer.port};rport;branch=z9hG4bK{branch}".encode(),
            b"From: " + self.who + b";tag=" + self.id.encode(),
            b"To: " + (self.theirs or f"<{self.uri}>".encode()),
            f"Call-ID: {self.id}".encode(),
            f"CSeq: {number} {method}".encode(),
            f"Contact: <sip:x@{self.peer.host}:{self.peer.port}>".encode(),
            b"Max-Forwards: 70",
        ]
        self.peer.say(_whole(lines, body), self.to)

    async def ended_with(self, status: str = "", seconds: float = PATIENCE_S) -> str:
        """The final status, acknowledged; of this one if `status` names it."""

        def fits(each: Message) -> bool:
            return each.call == self.id.encode() and each.what >= "200" and b"INVITE" in each.fields("CSeq")[0]

        found = await self.peer.one_of(fits, f"an answer {status}", seconds)
        self.theirs = found.fields("To")[0]
        self.request("ACK")
        assert not status or found.what == status, found.first
        return found.what

    def cancel(self) -> None:
        self.request("CANCEL")

    def bye(self) -> None:
        self.request("BYE", number=2)


def _whole(lines: list[bytes], body: bytes) -> bytes:
    if body:
        lines.append(b"Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@asynccontextmanager
async def peer(host: str) -> AsyncIterator[Peer]:
    transport, found = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Peer(host), local_addr=(host, 0)
    )
    try:
        yield found
    finally:
        transport.close()
