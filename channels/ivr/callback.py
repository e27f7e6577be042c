"""To be called back: this number or another one, and when (A04).

enter ──known caller──► this ──1──► when ──► end       no key in time: this number, the soonest window
  └──withheld──► number ──► sure ──1──► when
                    ▲────────2───┘      no number after the retries: the node's `otherwise`
"""

from __future__ import annotations

from channels.flow import Callback
from channels.ivr.walk import Step, Walk
from channels.verbs import Answer, Exit, Heard, Say

MOST_DIGITS = 15
"""A number of the public network has no more (E.164)."""


def enter(walk: Walk, node: Callback) -> Step:
    if walk.house.can_be_called(walk.state.caller.caller):
        return walk.ask([*_first(walk, node), _this(walk)], step="this", timeout_s=node.timeout_s)
    return _number(walk, node, _first(walk, node))


def hear(walk: Walk, node: Callback, answer: Answer) -> Step:
    keys = answer.value if answer.what is Heard.KEYS else ""
    match walk.state.step:
        case "number":
            return _typed(walk, node, keys)
        case "sure":
            return _sure(walk, node, keys)
        case "when":
            return _chosen(walk, node, keys)
        case _:
            return _this_or_another(walk, node, keys)


def _first(walk: Walk, node: Callback) -> list[Say]:
    """The node's own words; those of a call that may not queue are routing's, and promise the callback already."""
    if node.text:
        return [walk.said(node.text)]
    told = walk.state.caller.text if walk.state.caller.why == "callback" else ""
    return [Say(told, walk.state.language)] if told else []


def _this(walk: Walk) -> Say:
    return walk.words("ivr.callback.this_number", number=_spelled(walk.state.caller.caller))


def _this_or_another(walk: Walk, node: Callback, keys: str) -> Step:
    if keys[:1] == "2":
        return _number(walk, node)
    if keys[:1] != "1" and walk.state.tries < node.retries:
        again = [walk.words("ivr.again"), _this(walk)]
        return walk.ask(again, step="this", timeout_s=node.timeout_s, again=True)
    walk.state.number = walk.state.caller.caller
    return _when(walk, node)


# --- another number ---------------------------------------------------------------------------------------


def _number(walk: Walk, node: Callback, first: list[Say] | None = None, *, again: bool = False) -> Step:
    says = [*(first or []), walk.words("ivr.callback.number")]
    return walk.ask(says, step="number", most=MOST_DIGITS, timeout_s=node.timeout_s, again=again)


def _typed(walk: Walk, node: Callback, keys: str) -> Step:
    if not walk.house.can_be_called(keys):
        return _another(walk, node)
    walk.state.number = keys
    walk.note("ivr.digits", keys)
    tries = walk.state.tries
    turn = walk.ask([_read_back(walk)], step="sure", timeout_s=node.timeout_s)
    return _with_tries(walk, turn, tries)


def _sure(walk: Walk, node: Callback, keys: str) -> Step:
    if keys[:1] == "2":
        return _another(walk, node)
    if keys[:1] != "1" and walk.state.tries < node.retries:
        return walk.ask([_read_back(walk)], step="sure", timeout_s=node.timeout_s, again=True)
    return _when(walk, node)


def _another(walk: Walk, node: Callback) -> Step:
    """Once more, unless it was asked often enough: then the caller's own number, if there is one."""
    if walk.state.tries < node.retries:
        return _number(walk, node, [walk.words("ivr.again")], again=True)
    if not walk.house.can_be_called(walk.state.caller.caller):
        return node.otherwise
    walk.state.number = walk.state.caller.caller
    return _when(walk, node)


def _read_back(walk: Walk) -> Say:
    return walk.words("ivr.callback.sure", number=_spelled(walk.state.number))


def _with_tries(walk: Walk, turn: Step, tries: int) -> Step:
    """A number that is typed anew counts on: the whole question stays bounded."""
    walk.state.tries = tries
    if isinstance(turn, str) or turn.verb is None:
        return turn
    return walk.turn(turn.verb, step=walk.state.step)


# --- when -------------------------------------------------------------------------------------------------


def _when(walk: Walk, node: Callback) -> Step:
    found = walk.house.windows(walk.line, walk.state.number, walk.state.language, walk.now)
    walk.state.windows = tuple((each.since, each.until) for each in found)
    if len(found) < 2:
        return _promised(walk, 0)
    says = [walk.words("ivr.callback.when")]
    says += [walk.words("ivr.callback.window", key=str(at), window=each.words) for at, each in enumerate(found, 1)]
    return walk.ask(says, step="when", timeout_s=node.timeout_s)


def _chosen(walk: Walk, node: Callback, keys: str) -> Step:
    """The window of the key; the soonest when there is none."""
    index = int(keys[0]) - 1 if keys[:1].isascii() and keys[:1].isdigit() else 0
    return _promised(walk, index if 0 <= index < len(walk.state.windows) else 0)


def _promised(walk: Walk, index: int) -> Step:
    since, until = walk.state.windows[index] if walk.state.windows else (0, 0)
    number = walk.state.number
    return walk.end(walk.state.outcome(Exit.CALLBACK, number=number, window_from=since, window_until=until))


def _spelled(number: str) -> str:
    """Digit by digit, as a voice should say it."""
    return " ".join(number)
