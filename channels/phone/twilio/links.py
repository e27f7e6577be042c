"""The addresses that we hand to Twilio, and what they carry: pure.

Twilio signs the whole address, so what stands in one comes from us: a dialogue's state travels there, which leaves the
door without memory. Any process can take the next post, also after a restart.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from channels.verbs import Outcome, Say

MAX_STATE: Final = 65_536
"""Bytes that a state may unfold to."""


class Links:
    """`public` is the address under which Twilio reaches us, without a slash at its end."""

    def __init__(self, public: str, source: str) -> None:
        self._public = public.rstrip("/")
        self._root = f"{self._public}/v1/phone/{quote(source)}/twilio"

    def requested(self, raw_path: str) -> str:
        """The address that Twilio asked for and signed; never taken from a forwarded header."""
        return f"{self._public}{raw_path}"

    def _to(self, what: str, **params: str) -> str:
        # A slash may stand in a query as it is: a proxy that writes it so would break the signature otherwise.
        query = urlencode({name: value for name, value in params.items() if value}, safe="/")
        return f"{self._root}/{what}?{query}" if query else f"{self._root}/{what}"

    # --- the caller ---------------------------------------------------------------------------------------

    def turn(self, state: bytes, default: str) -> str:
        """The next turn of a dialogue; `default` (said, nothing) is what it means that nothing was heard."""
        return self._to("turn", s=packed(state), h=default)

    def recorded(self, state: bytes, *, dialled: str, caller: str) -> str:
        """A message's recording is ready. Twilio names neither number there."""
        return self._to("recording", s=packed(state), to=dialled, **{"from": caller})

    def again(self, outcome: Outcome, *, alerting: bool) -> str:
        """Ask once more what was decided about a call."""
        return self._to("again", o=packed(msgspec.json.encode(outcome)), a="1" if alerting else "")

    def wait(self, says: tuple[Say, ...]) -> str:
        return self._to("wait", w=packed(msgspec.json.encode(says)) if says else "")

    def treated(self, treatment: str, text: str, language: str) -> str:
        """Routing asks for another treatment of a caller who is already there."""
        return self._to("treated", why=treatment, w=packed(text.encode()), lang=language)

    def left(self) -> str:
        """The caller's conference is over, or he was not let in."""
        return self._to("left")

    def over(self) -> str:
        """Everything has been said to a caller, and he has not hung up."""
        return self._to("over")

    # --- devices ------------------------------------------------------------------------------------------

    def agent(self, call: str, offer: str, *, role: str = "", number: str = "") -> str:
        """A device answered. role: '' for an offer, `consult`, or `dial` with the customer's `number`."""
        return self._to("agent", call=call, offer=offer, role=role, number=number)

    def agent_left(self, call: str, offer: str) -> str:
        return self._to("agent-left", call=call, offer=offer)

    def recorded_talk(self, call: str) -> str:
        return self._to("recording", call=call)

    def customer(self, call: str) -> str:
        """A customer who is called back answered."""
        return self._to("customer", call=call)

    def status(self, call: str = "", *, offer: str = "", role: str = "") -> str:
        return self._to("status", call=call, offer=offer, role=role)

    def conference(self, call: str) -> str:
        return self._to("conference", call=call)


_ROOM: Final = "cc-"


def conference_name(call: str) -> str:
    """Every call has one conference of this name."""
    return _ROOM + call


def call_of(name: str) -> str:
    """'' for a conference that is none of ours."""
    return name.removeprefix(_ROOM) if name.startswith(_ROOM) else ""


def packed(plain: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(plain, 9)).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """b'' for what we never packed."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return zlib.decompressobj().decompress(raw, MAX_STATE)
    except (binascii.Error, ValueError, zlib.error):
        return b""


def outcome_of(text: str) -> Outcome | None:
    try:
        return msgspec.json.decode(unpacked(text), type=Outcome)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def says_of(text: str) -> tuple[Say, ...]:
    try:
        return msgspec.json.decode(unpacked(text), type=tuple[Say, ...])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
