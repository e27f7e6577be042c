"""Names that we choose on Asterisk. They carry our own ids, so that what is found there after a crash says whose it is.

    cc:leg:<call>:<offer>   an agent's device, rung for a caller     cc:agent:<call>   a callback's agent
    cc:bridge:<call>        where they talk                          cc:out:<call>     a callback's customer

`~`, `/` and `:` inside our ids become `~0`, `~1` and `~2`. Asterisk takes at most 149 bytes.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote

LONGEST: Final = 149
_PREFIX: Final = "cc"
_OUT: Final = (("~", "~0"), ("/", "~1"), (":", "~2"))


class Name(NamedTuple):
    kind: str
    call: str
    offer: str = ""


def leg(call: str, offer: str) -> str:
    return _join("leg", call, offer)


def agent(call: str) -> str:
    return _join("agent", call)


def customer(call: str) -> str:
    return _join("out", call)


def bridge(call: str) -> str:
    return _join("bridge", call)


def sound(call: str, step: int) -> str:
    """A playback; `step` counts within the call."""
    return _join("play", call, str(step))


def recording(call: str, step: int) -> str:
    """A recording's name is a file's name too."""
    return f"cc-{_escaped(call)}-{step}".replace(":", "~2")


def read(name: str) -> Name | None:
    """What a name of ours carries; None for a channel that Asterisk named."""
    prefix, _, rest = name.partition(":")
    parts = rest.split(":")
    if prefix != _PREFIX or len(parts) not in (2, 3):
        return None
    return Name(parts[0], *(_plain(part) for part in parts[1:]))


def path(*parts: str) -> str:
    """A REST path of these segments."""
    return "/" + "/".join(quote(part, safe="~:") for part in parts)


def _join(kind: str, *ids: str) -> str:
    return ":".join((_PREFIX, kind, *(_escaped(each) for each in ids)))


def _escaped(text: str) -> str:
    for plain, written in _OUT:
        text = text.replace(plain, written)
    return text


def _plain(text: str) -> str:
    for plain, written in reversed(_OUT):
        text = text.replace(written, plain)
    return text
