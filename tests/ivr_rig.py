"""Flows without a house around them: surroundings that answer at once, and callers who press what they are told to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from channels import verbs
from channels.flow import Flow
from channels.ivr.engine import Flows
from channels.ivr.surroundings import Promise, Window
from channels.verbs import Answer, Caller, Heard, Turn
from contactcenter.domain.configuration_yaml import decode

NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000
CALLER = Caller(source="pbx-1", call="call-1", dialled="8000000102", caller="13900000001")


@dataclass
class Surroundings:
    """A `channels.ivr.surroundings.Surroundings`: texts as they stand, keys of the catalogue as `<key>`."""

    one: Flow | None
    open: bool = True
    asked: list[str] = field(default_factory=list)
    outstanding: Promise | None = None

    def flow(self, dialled: str) -> Flow | None:
        return self.one

    def say(self, dialled: str, text: Mapping[str, str], language: str, /, **params: str) -> str:
        said = text.get(language, "")
        for name, value in params.items():
            said = said.replace(f"{{{name}}}", value)
        return said

    def words(self, dialled: str, key: str, language: str, /, **params: str) -> str:
        return " ".join([f"<{key}>", *params.values()])

    def is_open(self, dialled: str, calendar: str, now: int) -> bool:
        self.asked.append(calendar)
        return self.open

    def can_be_called(self, number: str) -> bool:
        return number.isdigit() and len(number) >= 8

    def promised(self, dialled: str, number: str) -> Promise | None:
        return self.outstanding if self.can_be_called(number) else None

    def when(self, dialled: str, number: str, language: str, /, *, span: tuple[int, int], now: int) -> str:
        return f"in {(span[0] - now) // HOUR} to {(span[1] - now) // HOUR} hours"

    def windows(self, dialled: str, number: str, language: str, now: int) -> tuple[Window, ...]:
        return (Window(now, now + HOUR, "soon"), Window(now + 4 * HOUR, now + 5 * HOUR, "later"))


def flow(text: str) -> Flow:
    return decode(text, Flow)


def keys(*pressed: str) -> list[Answer]:
    """What a caller presses; `-` is nothing in time."""
    return [Answer(Heard.NOTHING) if each == "-" else Answer(Heard.KEYS, each) for each in pressed]


def walk(dialogue: Flows, answers: Iterable[Answer], caller: Caller = CALLER) -> list[Turn]:
    """Every turn until the outcome or the end of the answers; words alone are listened to without being counted."""
    turn = dialogue.begin(caller, NOW)
    assert turn is not None
    turns, rest = [turn], iter(answers)
    while turn.verb is not None:
        said = Answer(Heard.SAID) if isinstance(turn.verb, verbs.Say) else next(rest, None)
        if said is None:
            return turns
        turn = dialogue.go_on(turn.state, said, NOW)
        turns.append(turn)
    return turns


def words(turn: Turn) -> list[str]:
    """What is heard in a turn."""
    match turn.verb:
        case None:
            return []
        case verbs.Say(text=text):
            return [text]
        case verb:
            return [say.text for say in verb.say]
