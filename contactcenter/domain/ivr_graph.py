"""Where a caller can get in a flow: which nodes in which language and for which reason, and whether he gets out.

A stance is a node together with what decides the way on from it: the reason of the flow's run (channels.flow.WHYS),
the language that is spoken, and whether a callback is promised, once a branch has asked. A fresh call begins in the
flow's first language; one that routing has turned away in any, because it may have chosen before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from channels.flow import (
    BRANCHES,
    WHYS,
    Branch,
    Callback,
    CancelCallback,
    DoNotCall,
    Flow,
    HangUp,
    Language,
    Node,
    Queue,
    Voicemail,
    targets,
)

EXITS = (Queue, HangUp, Voicemail, Callback, CancelCallback, DoNotCall)
"""Kinds that end the dialogue, whatever else they may lead to."""
ASKING = ("menu", "language", "product", "ask", "voicemail", "callback")
"""Kinds that take a caller's answer; a circle without any of them would turn for ever."""


class Stance(Struct, frozen=True):
    node: str
    why: str
    language: str
    callback: str = ""
    """promised, none; empty while no branch has asked."""


def stances(flow: Flow) -> frozenset[Stance]:
    """Every stance that a caller may come to; nodes that are named but missing are left out."""
    nodes = {node.id: node for node in flow.nodes}
    waiting = list(_starts(flow))
    seen: set[Stance] = set()
    while waiting:
        stance = waiting.pop()
        if stance in seen or stance.node not in nodes:
            continue
        seen.add(stance)
        waiting += _onward(nodes[stance.node], stance)
    return frozenset(seen)


def _starts(flow: Flow) -> Iterator[Stance]:
    for why in WHYS:
        spoken = flow.languages if why else flow.languages[:1]
        yield from (Stance(flow.start, why, language) for language in spoken)


def _onward(node: Node, stance: Stance) -> Iterator[Stance]:
    match node:
        case Language():
            spoken = dict.fromkeys((stance.language, *node.keys.values()))
            yield from (replace(stance, node=node.next, language=language) for language in spoken)
        case Branch(by="why" | "language"):
            case_ = (stance.why or "fresh") if node.by == "why" else stance.language
            yield replace(stance, node=node.cases.get(case_, node.otherwise))
        case Branch(by="callback"):
            for case_ in BRANCHES["callback"]:
                yield replace(stance, node=node.cases.get(case_, node.otherwise), callback=case_)
        case _:
            yield from (replace(stance, node=target) for _, target in targets(node))


def trapped(flow: Flow, reachable: Iterable[str]) -> list[str]:
    """Reachable nodes from which no way leads to an exit, in the order of the flow."""
    nodes = {node.id: node for node in flow.nodes}
    free = {name for name, node in nodes.items() if isinstance(node, EXITS)}
    while grown := {n for n, node in nodes.items() if n not in free and _leads_to(node, free)}:
        free |= grown
    return [node.id for node in flow.nodes if node.id in set(reachable) - free]


def _leads_to(node: Node, free: set[str]) -> bool:
    return any(target in free for _, target in targets(node))


def circling(flow: Flow, reachable: Iterable[str]) -> list[str]:
    """Reachable nodes that lie on a circle in which nobody is ever asked, in the order of the flow."""
    kept = set(reachable)
    silent = {node.id: node for node in flow.nodes if node.id in kept and _kind(node) not in ASKING}
    return [name for name in silent if name in _after(name, silent)]


def _after(name: str, silent: dict[str, Node]) -> set[str]:
    """Every silent node that can come after this one without a question in between."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for _, target in targets(silent[waiting.pop()]):
            if target in silent and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _kind(node: Node) -> str:
    return str(node.__struct_config__.tag)
