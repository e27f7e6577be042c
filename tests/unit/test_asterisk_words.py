"""What a caller says on Asterisk, and how a customer is dialled: the parts that need a clock or a number."""

from __future__ import annotations

import pytest
from ari.floor import board_of

from channels.phone.asterisk import events as ev
from channels.phone.asterisk.outgoing import dial_string
from channels.port import Receipt, VoicemailLeft
from channels.verbs import Answer, Caller, Exit, Outcome, Record, Say, Turn

SECOND = 1_000_000
CALL = "1795328574.1"


class Message:
    """A flow that takes a message and no more."""

    def begin(self, caller: Caller, now: int) -> Turn | None:
        return Turn(state=b"message", verb=Record(say=()))

    def go_on(self, state: bytes, answer: Answer, now: int) -> Turn:
        said = Outcome(exit=Exit.VOICEMAIL, recording=answer.value, seconds=answer.length // SECOND)
        return Turn(state=b"", outcome=said)

    def waiting(self, caller: Caller, receipt: Receipt, now: int) -> tuple[Say, ...]:
        return ()


@pytest.mark.parametrize(("said", "seconds"), [(0, 12), (9, 9)])
def test_a_message_of_which_asterisk_says_no_seconds_is_as_long_as_it_took(said: int, seconds: int) -> None:
    board, channel = board_of(Message()), ev.Channel(id=CALL, state="Ring")
    out = board.hear(ev.StasisStart(channel=channel, args=("inbound", "400")), SECOND)
    asked = next(rest for rest in out.rests if rest.why.startswith("record "))
    board.outcome(asked, 201, "", 2 * SECOND)
    name = asked.why.removeprefix("record ")
    finished = ev.RecordingFinished(recording=ev.Recording(name=name, state="done", duration=said))
    [left] = [each for each in board.hear(finished, 14 * SECOND).tells if isinstance(each, VoicemailLeft)]
    assert left.seconds == seconds


def test_a_message_whose_end_nobody_heard_is_measured_to_the_hang_up() -> None:
    board, channel = board_of(Message()), ev.Channel(id=CALL, state="Ring")
    out = board.hear(ev.StasisStart(channel=channel, args=("inbound", "400")), SECOND)
    asked = next(rest for rest in out.rests if rest.why.startswith("record "))
    board.outcome(asked, 201, "", 2 * SECOND)
    [timer] = [each for each in board.hear(ev.StasisEnd(channel=channel), 8 * SECOND).timers if each.name == "message"]
    [look] = board.rang(timer, timer.at).rests
    [left] = [each for each in board.outcome(look, 200, "", timer.at).tells if isinstance(each, VoicemailLeft)]
    assert left.seconds == 6


@pytest.mark.parametrize(
    ("pattern", "number", "dialled"),
    [
        ("PJSIP/{number}@carrier", "+8613900001234", "PJSIP/+8613900001234@carrier"),
        ("PJSIP/{digits}@carrier", "+8613900001234", "PJSIP/8613900001234@carrier"),
        ("PJSIP/9{national}@carrier", "+8613900001234", "PJSIP/913900001234@carrier"),
        ("PJSIP/{national}@carrier", "+8675512345678", "PJSIP/075512345678@carrier"),
        ("PJSIP/{national}@carrier", "12315", "PJSIP/12315@carrier"),
    ],
)
def test_a_customer_is_dialled_as_the_carrier_wants_it(pattern: str, number: str, dialled: str) -> None:
    assert dial_string(pattern, number) == dialled
