"""Rules about IVR flows: every caller gets on and out, in his language, and hears nothing that nobody may hear.

Structure: targets, ways out, circles. Words: languages, forbidden phrases (B09, H07), the provider's name (I5), the web
address (H03). References: client, products, calendars, lines, the view of callbacks (A04).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from channels.flow import (
    BRANCHES,
    Branch,
    Callback,
    Flow,
    Language,
    Menu,
    Node,
    Product,
    Queue,
    Voicemail,
    Web,
    targets,
)
from contactcenter.domain.brand import hidden_names, mentioned
from contactcenter.domain.configuration import Document
from contactcenter.domain.ivr_graph import Stance, circling, stances, trapped
from contactcenter.domain.lint import forbidden_phrase
from contactcenter.domain.problem import Problem, repeated

_KEY = re.compile(r"^[0-9*]$")
_TAG = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
MAY_USE = frozenset({"client", "website", "hotline", "told", "callback"})
SPOKEN = ("text", "again")
"""Fields with words for callers, keyed by language."""


def ivr_problems(document: Document) -> Iterator[Problem]:
    """Flows by themselves, then what they and the lines name in the rest of the document."""
    yield from repeated("ivr", "id", (flow.id for flow in document.ivr))
    for index, flow in enumerate(document.ivr):
        path = f"ivr[{index}]"
        yield from flow_problems(flow, path, hidden_names(document, flow.client))
        yield from _references(document, flow, path)
    yield from _lines(document)


def flow_problems(flow: Flow, path: str = "", hidden: tuple[str, ...] = ()) -> Iterator[Problem]:
    """What is wrong with a flow by itself; `path` is the place of the flow, empty for a file of its own."""
    at = f"{path}." if path else ""
    yield from repeated(f"{at}nodes", "id", (node.id for node in flow.nodes))
    yield from _languages(flow, at)
    if flow.start not in {node.id for node in flow.nodes}:
        yield Problem(f"{at}start", "unknown", f"there is no node {flow.start!r}")
    for index, node in enumerate(flow.nodes):
        yield from _node(flow, node, f"{at}nodes[{index}]", hidden)
    if flow.languages:
        yield from _ways(flow, at)


# --- a node ---------------------------------------------------------------------------------------------


def _languages(flow: Flow, at: str) -> Iterator[Problem]:
    if not flow.languages:
        yield Problem(f"{at}languages", "language", "a flow speaks at least one language")
    for index, language in enumerate(flow.languages):
        if not _TAG.match(language):
            yield Problem(f"{at}languages[{index}]", "language", f"{language!r} is not a language tag (BCP 47)")


def _node(flow: Flow, node: Node, where: str, hidden: tuple[str, ...]) -> Iterator[Problem]:
    names = {each.id for each in flow.nodes}
    for place, target in targets(node):
        if target not in names:
            yield Problem(f"{where}.{place}", "unknown", f"there is no node {target!r}")
    yield from _keys(flow, node, where)
    for name in SPOKEN:
        for language, text in getattr(node, name, {}).items():
            yield from _words(flow, language, text, f"{where}.{name}.{language}", hidden)
    if isinstance(node, Web):
        for language, text in node.text.items():
            if "{website}" not in text:
                yield Problem(f"{where}.text.{language}", "no_address", "the text must say the {website} (H03)")
    if not isinstance(node, Voicemail | Callback) and getattr(node, "text", None) == {} and hasattr(node, "next"):
        yield Problem(f"{where}.text", "no_text", "there is nothing to say")


def _keys(flow: Flow, node: Node, where: str) -> Iterator[Problem]:
    if isinstance(node, Menu | Language | Product):
        if not node.keys:
            yield Problem(f"{where}.keys", "no_keys", "nothing can be chosen")
        for key in node.keys:
            if not _KEY.match(key):
                yield Problem(f"{where}.keys.{key}", "key", f"{key!r} is not one of the keys 0 to 9 and *")
    if isinstance(node, Language):
        for key, language in node.keys.items():
            if language not in flow.languages:
                spoken = ", ".join(flow.languages)
                yield Problem(f"{where}.keys.{key}", "language", f"the flow speaks {spoken}, not {language!r}")
    if isinstance(node, Product) and node.none in node.keys:
        yield Problem(f"{where}.none", "key", f"{node.none!r} already chooses a product")
    if isinstance(node, Branch):
        known = BRANCHES.get(node.by, flow.languages)
        for case in node.cases:
            if case not in known:
                yield Problem(f"{where}.cases.{case}", "case", f"{node.by} is one of {', '.join(known)}, not {case!r}")


def _words(flow: Flow, language: str, text: str, where: str, hidden: tuple[str, ...]) -> Iterator[Problem]:
    if language not in flow.languages:
        yield Problem(where, "language", f"the flow speaks {', '.join(flow.languages)}, not {language!r}")
    if found := mentioned(text, hidden):
        yield Problem(where, "brand", f"callers of {flow.client} would hear the provider's name {found!r} (I5)")
    if phrase := forbidden_phrase(text):
        yield Problem(where, "forbidden_text", f"callers must not hear {phrase!r} (B09, H07)")
    try:
        used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as wrong:
        yield Problem(where, "braces", f"the braces do not match: {wrong}")
        return
    for name in sorted(used - MAY_USE):
        yield Problem(where, "braces", f"unknown placeholder {{{name}}}; there are {', '.join(sorted(MAY_USE))}")


# --- ways -----------------------------------------------------------------------------------------------


def _ways(flow: Flow, at: str) -> Iterator[Problem]:
    found = stances(flow)
    reachable = {stance.node for stance in found}
    stuck, circles = trapped(flow, reachable), circling(flow, reachable)
    for index, node in enumerate(flow.nodes):
        where = f"{at}nodes[{index}]"
        if node.id not in reachable:
            yield Problem(f"{where}.id", "unreachable", f"no way leads to {node.id!r}")
        elif node.id in stuck:
            yield Problem(f"{where}.id", "no_exit", f"from {node.id!r} no way leads out of the flow")
        elif node.id in circles:
            yield Problem(f"{where}.id", "loop", f"{node.id!r} comes back to itself without asking anything")
        yield from _spoken(flow, node, where, found)


def _spoken(flow: Flow, node: Node, where: str, found: frozenset[Stance]) -> Iterator[Problem]:
    here = [stance for stance in found if stance.node == node.id]
    needed = {stance.language for stance in here} if here else set()
    if isinstance(node, Language):
        needed = set(node.keys.values()) & set(flow.languages)
    for name in SPOKEN:
        text = getattr(node, name, {})
        for language in sorted(needed - set(text)) if text else ():
            yield Problem(f"{where}.{name}", "missing_language", f"callers come here in {language}, which has no text")
    yield from _promised(node, where, here)
    if isinstance(node, Queue) and node.instead_of_callback:
        why = "has no effect any more: whoever calls himself is not called meanwhile; leave it out"
        yield Problem(f"{where}.instead_of_callback", "no_effect", why, warning=True)
    if isinstance(node, Queue) and any(stance.why for stance in here):
        whys = ", ".join(sorted({stance.why for stance in here if stance.why}))
        yield Problem(
            f"{where}.id", "queue_when_blocked", f"a call that gets {whys} instead of an agent comes here (I4)"
        )


def _promised(node: Node, where: str, here: list[Stance]) -> Iterator[Problem]:
    """Only who is known to be promised a callback hears when."""
    if all(stance.callback == "promised" for stance in here):
        return
    why = "callers come here who are promised no callback; a branch by callback tells them apart"
    for name in SPOKEN:
        for language, text in getattr(node, name, {}).items():
            if "{callback}" in text:
                yield Problem(f"{where}.{name}.{language}", "callback_unknown", why)


# --- the rest of the document -----------------------------------------------------------------------------


def _references(document: Document, flow: Flow, path: str) -> Iterator[Problem]:
    client = next((each for each in document.clients if each.id == flow.client), None)
    if client is None:
        yield Problem(f"{path}.client", "unknown", f"there is no client {flow.client!r}")
        return
    skills = _skills(document, flow.client)
    calendars = {calendar.id for calendar in document.calendars}
    for index, node in enumerate(flow.nodes):
        where = f"{path}.nodes[{index}]"
        for key, product in node.keys.items() if isinstance(node, Product) else ():
            if product not in skills:
                why = f"nobody on a seat of {flow.client} has the skill {product!r}"
                yield Problem(f"{where}.keys.{key}", "unknown_product", why)
        if isinstance(node, Branch) and node.calendar and node.calendar not in calendars:
            yield Problem(f"{where}.calendar", "unknown", f"there is no calendar {node.calendar!r}")
        if isinstance(node, Callback) and flow.client not in document.callbacks.view:
            why = f"callbacks.view names no view for {flow.client}"
            yield Problem(f"{where}.do", "no_callback_view", why)
        if not client.website and "{website}" in "".join(getattr(node, "text", {}).values()):
            yield Problem(f"{where}.text", "no_address", f"client {flow.client} has no website (H03)")


def _skills(document: Document, client: str) -> set[str]:
    leases = {lease.id for lease in document.leases if lease.client == client}
    return {skill for agent in document.agents if agent.lease in leases for skill in agent.skills}


def _lines(document: Document) -> Iterator[Problem]:
    flows = {flow.id: flow for flow in document.ivr}
    for index, line in enumerate(document.lines):
        where = f"lines[{index}].ivr"
        if line.ivr and line.ivr not in flows:
            yield Problem(where, "unknown", f"there is no flow {line.ivr!r}")
        elif line.ivr and flows[line.ivr].client != line.client:
            why = f"flow {line.ivr} belongs to {flows[line.ivr].client}, not to {line.client}"
            yield Problem(where, "foreign_flow", why)
