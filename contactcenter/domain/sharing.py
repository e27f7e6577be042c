"""Which router process should own which provider: evenly, with as few moves as that takes.

Everybody computes it from what the database shows to all, so nobody has to decide for the others. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b


def homes(owners: Mapping[str, str], nodes: Iterable[str]) -> dict[str, str]:
    """Domain -> node, from domain -> present owner ('' for none). Empty without nodes.

    Who is alive keeps what he has up to his share: the whole part for everybody, one more for those who have most
    already. What is over, or has nobody, goes where there is room, by rendezvous hashing.
    """
    held: dict[str, list[str]] = {node: [] for node in nodes}
    if not held:
        return {}
    homeless = [domain for domain, owner in owners.items() if owner not in held]
    for domain, owner in owners.items():
        if owner in held:
            held[owner].append(domain)
    room = _shares(held, len(owners))
    found: dict[str, str] = {}
    for node, domains in held.items():
        kept = sorted(domains, key=lambda domain: _weight(domain, node), reverse=True)
        found.update(dict.fromkeys(kept[: room[node]], node))
        homeless.extend(kept[room[node] :])
        room[node] -= min(len(kept), room[node])
    for domain in sorted(homeless):
        node = max((each for each, left in room.items() if left), key=lambda each: _weight(domain, each))
        found[domain] = node
        room[node] -= 1
    return found


def _shares(held: Mapping[str, list[str]], domains: int) -> dict[str, int]:
    whole, over = divmod(domains, len(held))
    most_first = sorted(held, key=lambda node: (-len(held[node]), node))
    return {node: whole + (number < over) for number, node in enumerate(most_first)}


def _weight(domain: str, node: str) -> bytes:
    return blake2b(f"{domain}\0{node}".encode(), digest_size=8).digest()
