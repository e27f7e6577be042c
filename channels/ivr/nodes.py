"""What each kind of node does when it is entered, and what it makes of the answer. All are total and bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from channels import flow as f
from channels import verbs
from channels.ivr import callback, checks
from channels.ivr.walk import SECOND, Step, Walk
from channels.verbs import Answer, Exit, Heard

Enter = Callable[[Walk, Any], Step]
Hear = Callable[[Walk, Any, Answer], Step]


# --- words ------------------------------------------------------------------------------------------------


def _say(walk: Walk, node: f.Say | f.Web) -> Step:
    media = getattr(node, "media", {}).get(walk.state.language, "")
    return walk.turn(walk.said(node.text, media=media))


def _complain(walk: Walk, node: f.Complaint) -> Step:
    walk.state.complaint = True
    walk.note("ivr.menu", f"{node.id}=complaint")
    return walk.turn(walk.said(node.text))


def _on(walk: Walk, node: Any, answer: Answer) -> Step:
    return str(node.next)


# --- questions --------------------------------------------------------------------------------------------


def _menu(walk: Walk, node: f.Menu) -> Step:
    return walk.ask([walk.said(node.text)], timeout_s=node.timeout_s)


def _chosen(walk: Walk, node: f.Menu, answer: Answer) -> Step:
    target = node.keys.get(_key(answer))
    if target is None:
        return _again(walk, node) or node.otherwise
    walk.note("ivr.menu", f"{node.id}={target}")
    return target


def _language(walk: Walk, node: f.Language) -> Step:
    return walk.ask(_greetings(walk, node), timeout_s=node.timeout_s)


def _greetings(walk: Walk, node: f.Language) -> list[verbs.Say]:
    """Each language in its own words, the spoken one first where no key says otherwise."""
    return [walk.said(node.text, language) for language in dict.fromkeys(node.keys.values())]


def _spoken(walk: Walk, node: f.Language, answer: Answer) -> Step:
    language = node.keys.get(_key(answer), "")
    if not language and walk.state.tries < node.retries:
        return walk.ask(_greetings(walk, node), timeout_s=node.timeout_s, again=True)
    if language:
        walk.state.language = language
        walk.note("ivr.menu", f"{node.id}={language}")
    return node.next


def _product(walk: Walk, node: f.Product) -> Step:
    return walk.ask([walk.said(node.text)], timeout_s=node.timeout_s)


def _picked(walk: Walk, node: f.Product, answer: Answer) -> Step:
    key = _key(answer)
    product = node.keys.get(key, "")
    if not product and key != node.none and (turn := _again(walk, node)):
        return turn
    if product:
        walk.state.product = product
        walk.note("ivr.menu", f"{node.id}={product}")
    return node.next


def _question(walk: Walk, node: f.Ask) -> Step:
    return walk.ask([walk.said(node.text)], most=node.most, timeout_s=node.timeout_s)


def _typed(walk: Walk, node: f.Ask, answer: Answer) -> Step:
    typed = answer.value if answer.what is Heard.KEYS else ""
    if checks.fits(typed, least=node.least, most=node.most, check=node.check):
        walk.state.member = typed
        walk.note("ivr.digits", typed)
        return node.next
    return _again(walk, node, most=node.most) or node.otherwise or node.next


def _again(walk: Walk, node: f.Menu | f.Product | f.Ask, *, most: int = 1) -> Step | None:
    """The same question once more, with a word about the wrong key first; None when it was asked often enough."""
    if walk.state.tries >= node.retries:
        return None
    first = walk.said(node.again) if node.again else walk.words("ivr.again")
    return walk.ask([first, walk.said(node.text)], most=most, timeout_s=node.timeout_s, again=True)


def _key(answer: Answer) -> str:
    return answer.value[:1] if answer.what is Heard.KEYS else ""


# --- conditions -------------------------------------------------------------------------------------------


def _branch(walk: Walk, node: f.Branch) -> Step:
    return node.cases.get(_case(walk, node), node.otherwise)


def _case(walk: Walk, node: f.Branch) -> str:
    match node.by:
        case "hours":
            return "open" if walk.house.is_open(walk.line, node.calendar, walk.now) else "closed"
        case "why":
            return walk.state.caller.why or "fresh"
        case "caller":
            return "known" if walk.house.can_be_called(walk.state.caller.caller) else "withheld"
        case "language":
            return walk.state.language
        case "complaint":
            return "made" if walk.state.complaint else "none"
        case "callback":
            found = walk.house.promised(walk.line, walk.state.caller.caller)
            walk.state.promised = None if found is None else (found.since, found.until)
            return "none" if walk.state.promised is None else "promised"


# --- exits ------------------------------------------------------------------------------------------------


def _wish(exit: Exit) -> Enter:
    def enter(walk: Walk, node: Any) -> Step:
        walk.note("ivr.menu", f"{node.id}={exit.value}")
        return walk.end(walk.state.outcome(exit, number=walk.state.caller.caller))

    return enter


def _queue(walk: Walk, node: f.Queue) -> Step:
    return walk.end(walk.state.outcome(Exit.QUEUE))


def _bye(walk: Walk, node: f.HangUp) -> Step:
    return walk.turn(walk.said(node.text)) if node.text else walk.end(walk.state.outcome(Exit.HANG_UP))


def _gone(walk: Walk, node: f.HangUp, answer: Answer) -> Step:
    return walk.end(walk.state.outcome(Exit.HANG_UP))


def _voicemail(walk: Walk, node: f.Voicemail) -> Step:
    if node.text:
        first = walk.said(node.text)
    elif walk.state.caller.why == "voicemail" and walk.state.caller.text:
        first = verbs.Say(walk.state.caller.text, walk.state.language)
    else:
        first = walk.words("ivr.voicemail")
    record = verbs.Record(say=(first,), longest=node.longest_s * SECOND, silence=node.silence_s * SECOND)
    return walk.turn(record)


def _left(walk: Walk, node: f.Voicemail, answer: Answer) -> Step:
    if answer.what is Heard.MESSAGE and answer.value:
        seconds = max(answer.length, 0) // SECOND
        return walk.end(walk.state.outcome(Exit.VOICEMAIL, recording=answer.value, seconds=seconds))
    return node.otherwise or walk.end(walk.state.outcome(Exit.HANG_UP))


def _never(walk: Walk, node: Any, answer: Answer) -> Step:
    """A node that never asks was asked for an answer: enter it again, which is harmless."""
    return str(node.id)


ENTER: Final[dict[type, Enter]] = {
    f.Say: _say,
    f.Web: _say,
    f.Complaint: _complain,
    f.Menu: _menu,
    f.Language: _language,
    f.Product: _product,
    f.Ask: _question,
    f.Branch: _branch,
    f.Voicemail: _voicemail,
    f.Callback: callback.enter,
    f.CancelCallback: _wish(Exit.CANCEL_CALLBACK),
    f.DoNotCall: _wish(Exit.DO_NOT_CALL),
    f.Queue: _queue,
    f.HangUp: _bye,
}
HEAR: Final[dict[type, Hear]] = {
    f.Say: _on,
    f.Web: _on,
    f.Complaint: _on,
    f.Menu: _chosen,
    f.Language: _spoken,
    f.Product: _picked,
    f.Ask: _typed,
    f.Branch: _never,
    f.Voicemail: _left,
    f.Callback: callback.hear,
    f.CancelCallback: _never,
    f.DoNotCall: _never,
    f.Queue: _never,
    f.HangUp: _gone,
}
