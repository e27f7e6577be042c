"""Where messages end in a stream of bytes: HTTP/1.1 messages, then websocket frames after an upgrade; lines of SMTP.

Only lengths are read. A scanner sees one direction of one connection from its first byte.
"""

from __future__ import annotations


class Boundaries:
    """`feed` gives the offsets in these bytes at which a message ends, the offset behind its last byte."""

    def __init__(self, protocol: str) -> None:
        self._step = {"http": self._http, "smtp": self._line}[protocol]
        self._buffer = b""
        self._upgrading = False

    def feed(self, data: bytes) -> list[int]:
        before = len(self._buffer)
        self._buffer += data
        ends, taken = [], 0
        while (length := self._step(self._buffer[taken:])) is not None:
            taken += length
            ends.append(taken - before)
        self._buffer = self._buffer[taken:]
        return ends

    def _line(self, data: bytes) -> int | None:
        at = data.find(b"\r\n")
        return None if at < 0 else at + 2

    def _http(self, data: bytes) -> int | None:
        """A head and the body that it announces. After an upgrade was asked or granted frames follow."""
        if self._upgrading:
            return _frame(data)
        at = data.find(b"\r\n\r\n")
        if at < 0:
            return None
        head = data[:at].lower()
        if b"\r\nupgrade: websocket" in head:
            self._upgrading = True
            return at + 4
        size = _announced(head)
        return at + 4 + size if len(data) >= at + 4 + size else None


def _announced(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


def _frame(data: bytes) -> int | None:
    """RFC 6455: two bytes, an extended length, a mask, the payload."""
    if len(data) < 2:
        return None
    short, at = data[1] & 0x7F, 2
    extended = {126: 2, 127: 8}.get(short, 0)
    if len(data) < at + extended:
        return None
    size = int.from_bytes(data[at : at + extended], "big") if extended else short
    length = at + extended + (4 if data[1] & 0x80 else 0) + size
    return length if len(data) >= length else None
