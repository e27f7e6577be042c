"""Why a leg ended, in neutral words, from ISDN cause and SIP status. Dial statuses are not asked: a decline and an
unanswered ring both say NOANSWER there.

    17 or 486, 600     busy
    21 or 603, 403     declined                       (Asterisk maps both to 21)
    19, 18, 0 ...      no_answer after it rang; without any ringing nobody was reached
    the same           declined, when the phone itself stopped ringing (its key says 480, or it has a limit of its own):
                       no_answer would wait for the end of an offer that nobody hears any more
    16, 26, 32         after it rang: no_answer, another ended it
    others             unreachable
"""

from __future__ import annotations

from typing import Final, NamedTuple

BUSY: Final = (17,)
DECLINED: Final = (21,)
QUIET: Final = (0, 16, 18, 19, 26, 31, 32, 102)
"""Causes that say only that it is over."""


class End(NamedTuple):
    """`by` agent or platform; `reached`: something rang."""

    cause: str
    by: str
    reached: bool


def of_unanswered(cause: int, tech_cause: int, *, rang: bool, refused: bool = False) -> End:
    if cause in BUSY or tech_cause in (486, 600):
        return End("busy", "agent", True)
    if cause in DECLINED or tech_cause in (603, 403):
        return End("declined", "agent", True)
    if rang and cause in QUIET:
        return End("declined", "agent", True) if refused else End("no_answer", "platform", True)
    return End("unreachable", "platform", rang)


def text(cause: int, tech_cause: int) -> str:
    """As kept with the call: `16`, or `127/487` where the version tells the SIP status."""
    return f"{cause}/{tech_cause}" if tech_cause else str(cause) if cause else ""
