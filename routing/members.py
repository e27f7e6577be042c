"""Members of the enums that decisions compare most, as constants.

Compiled code has a constant at hand; an attribute of an enum it looks up in two dictionaries, each time.
"""

from __future__ import annotations

from typing import Final

from routing.model import End, Medium, Outcome, PresenceState, Status

VOICE: Final = Medium.VOICE
CALLBACK: Final = Medium.CALLBACK

WAITING: Final = Status.WAITING
OFFERED: Final = Status.OFFERED
ACTIVE: Final = Status.ACTIVE
WRAP_UP: Final = Status.WRAP_UP

READY: Final = PresenceState.READY
NOT_READY: Final = PresenceState.NOT_READY
NOT_RESPONDING: Final = PresenceState.NOT_RESPONDING
OFFLINE: Final = PresenceState.OFFLINE

ACCEPTED: Final = Outcome.ACCEPTED
FINISHED: Final = End.FINISHED
