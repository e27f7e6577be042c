"""A flow in the terminal: what a caller hears, what he presses, where he ends. The engine is the one that calls run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from channels import verbs
from channels.flow import Flow
from channels.ivr.engine import Flows
from channels.ivr.surroundings import Promise, Surroundings
from channels.verbs import Answer, Caller, Heard, Turn
from contactcenter.domain.configuration import Document
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.wiring.ivr_rehearsal import HOUR, Alone, Configured

SECONDS = 7
"""How long a played message is."""
Words = Callable[..., str]


def play(flow: Flow, document: Document | None, options: argparse.Namespace, at: int) -> int:
    """Print the dialogue; 0 when it came to its end, 1 when the caller hung up before."""
    promised = Promise(at + 2 * HOUR, at + 4 * HOUR) if options.promised else None
    house: Surroundings = Configured(flow, document, promised) if document else Alone(flow, promised)
    words: Words = partial(_words, options.language)
    caller = Caller(source="terminal", call="play", dialled="play", caller=options.caller, why=options.why)
    dialogue = Flows(house)
    turn = dialogue.begin(caller, at)
    answers = _typed(words) if options.keys is None else _given(options.keys)
    while turn is not None:
        print("\n".join(_shown(turn, words)), flush=True)
        if turn.verb is None:
            return 0
        answer = Answer(Heard.SAID) if isinstance(turn.verb, verbs.Say) else answers(turn.verb)
        if answer is None:
            print(f"-- {words('gone')}")
            return 1
        print("\n".join(_heard(answer, words)), end="", flush=True)
        turn = dialogue.go_on(turn.state, answer, at)
    print(words("none"))
    return 0


# --- what the caller does ---------------------------------------------------------------------------------

Answers = Callable[[verbs.Verb], Answer | None]


def _given(keys: str) -> Answers:
    """`1,13900000000#,-,msg`: one answer a question, `-` for none; after the last one there is none."""
    rest: Iterator[str] = iter(part.strip() for part in keys.split(",")) if keys else iter(())
    return lambda verb: _answer(verb, next(rest, "-"))


def _typed(words: Words) -> Answers:
    """From the keyboard; the end of the input is the caller's hanging up."""

    def ask(verb: verbs.Verb) -> Answer | None:
        prompt = words("message") if isinstance(verb, verbs.Record) else words("keys", most=getattr(verb, "most", 1))
        print(f"{prompt}> ", end="", flush=True)
        line = sys.stdin.readline()
        return _answer(verb, line.strip()) if line else None

    return ask


def _answer(verb: verbs.Verb, text: str) -> Answer:
    if text in ("", "-"):
        return Answer(Heard.NOTHING)
    if isinstance(verb, verbs.Record):
        return Answer(Heard.MESSAGE, "terminal:message", SECONDS * 1_000_000)
    most = verb.most if isinstance(verb, verbs.Gather) else 1
    return Answer(Heard.KEYS, text.partition("#")[0][:most])


# --- what is shown ----------------------------------------------------------------------------------------


def _shown(turn: Turn, words: Words) -> Iterator[str]:
    yield from (f"-- {words('note', what=note.what, value=note.value)}" for note in turn.notes)
    match turn.verb:
        case None:
            outcome = {} if turn.outcome is None else msgspec.to_builtins(turn.outcome)
            yield f"-- {words('end', exit=outcome.pop('exit', ''))}"
            yield from (f"   {name}: {value}" for name, value in outcome.items())
        case verbs.Say() as said:
            yield f"[{said.language}] {said.text}"
        case verb:
            yield from (f"[{each.language}] {each.text}" for each in verb.say)


def _heard(answer: Answer, words: Words) -> Iterator[str]:
    if answer.what is Heard.KEYS:
        yield f"<- {words('pressed', keys=answer.value)}\n"
    elif answer.what is Heard.MESSAGE:
        yield f"<- {words('left', seconds=SECONDS)}\n"
    elif answer.what is Heard.NOTHING:
        yield f"<- {words('nothing')}\n"


def _words(language: str, key: str, **params: object) -> str:
    return Renderer(catalogue()).render(f"ops.ivr.{key}", language, **params)
