"""What can go wrong for a client: refused by the service, or not reached at all."""

from __future__ import annotations


class ClientError(Exception):
    """The root."""


class DeskError(ClientError):
    """The service answered a command with an error. `code` is stable, `field` names the place, if there is one."""

    def __init__(self, code: str, message: str = "", field: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.field = field


class DeskClosed(ClientError):
    """The client was closed, or the service said that this token may not come in."""


class DoorError(ClientError):
    """An HTTP door refused: the problem document's status, code and field (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str = "", field: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field


class Unreachable(ClientError):
    """Nobody answers at this address, however often it was tried."""
