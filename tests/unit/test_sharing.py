"""Domains are shared out evenly, with few moves, and everybody comes to the same result."""

from __future__ import annotations

from collections import Counter

import pytest

from contactcenter.domain.sharing import homes
from contactcenter.services.shares import Shares, Turn
from contactcenter.services.views import DomainSeen, Seen

NODES = ("node-1", "node-2", "node-3")
LEASE_S = 3.0


def test_nobody_there_shares_nothing() -> None:
    assert homes({"a": ""}, ()) == {}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 30])
def test_shares_differ_by_one_at_most(count: int) -> None:
    found = homes({f"provider-{number}": "" for number in range(count)}, NODES)
    assert len(found) == count
    loads = Counter(dict.fromkeys(NODES, 0))
    loads.update(found.values())
    assert max(loads.values()) - min(loads.values()) <= 1


def test_who_has_his_share_keeps_it_and_a_new_node_gets_what_is_over() -> None:
    owners = {"a": "node-1", "b": "node-1", "c": "node-2", "d": "node-2"}
    assert homes(owners, NODES[:2]) == owners, "nothing moves without need"
    three = homes(owners, NODES)
    assert sum(three[domain] != owner for domain, owner in owners.items()) == 1
    assert "node-3" in three.values()


def test_what_a_dead_node_had_goes_to_the_others_and_nothing_else_moves() -> None:
    owners = {"a": "node-1", "b": "node-2", "c": "node-3", "d": "gone"}
    found = homes(owners, NODES)
    assert {domain: found[domain] for domain in "abc"} == {domain: owners[domain] for domain in "abc"}
    assert found["d"] in NODES


def test_the_order_in_which_things_are_listed_does_not_matter() -> None:
    owners = {f"provider-{number}": NODES[number % 2] for number in range(9)}
    turned = dict(reversed(owners.items()))
    assert homes(owners, NODES) == homes(turned, tuple(reversed(NODES)))


# --- what one process makes of it ----------------------------------------------------------------------------------


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> int:
        return round(self.at * 1e6)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def _shares(node: str, *domains: DomainSeen, nodes: tuple[str, ...] = NODES[:2]) -> tuple[Shares, Hand]:
    hand = Hand()
    shares = Shares(node, hand, LEASE_S)
    shares.saw(Seen(nodes, domains))
    return shares, hand


def test_before_the_first_heartbeat_nobody_asks_for_anything() -> None:
    assert Shares("node-1", Hand(), LEASE_S).turn("a").wait_s > 0


def test_ones_own_share_is_asked_for_when_it_is_free_and_anothers_a_grace_later() -> None:
    free = DomainSeen("a", "", "", -60.0)
    turns = {node: _shares(node, free)[0].turn("a") for node in NODES[:2]}
    assert Turn(0.0, 0.0) in turns.values()
    assert Turn(0.0, LEASE_S) in turns.values(), "free for longer than the grace: whoever was meant did not come"
    held = DomainSeen("a", "node-3", "", 2.0)
    waits = sorted(_shares(node, held)[0].turn("a").wait_s for node in NODES[:2])
    assert waits == [2.0, 2.0 + LEASE_S]


def test_who_lets_his_lease_run_out_is_not_meant_though_his_heart_beat_lately() -> None:
    shares, hand = _shares("node-2", DomainSeen("a", "node-1", "", 0.5))
    assert shares.turn("a") == Turn(0.5 + LEASE_S, LEASE_S), "it is his"
    hand.at += 0.6
    assert shares.turn("a") == Turn(0.0, 0.0)


def test_the_named_heir_asks_at_once() -> None:
    given = DomainSeen("a", "", "node-2", 0.0)
    assert _shares("node-2", given)[0].turn("a") == Turn(0.0, 0.0)
    assert _shares("node-1", given)[0].turn("a").wait_s > 0


def test_a_domain_is_handed_over_only_after_everybody_saw_the_same() -> None:
    both = (DomainSeen("a", "node-1", "", 3.0), DomainSeen("b", "node-1", "", 3.0))
    shares, hand = _shares("node-1", *both, nodes=("node-1",))
    hand.at += 1
    shares.saw(Seen(NODES[:2], both))
    given = [domain for domain in "ab" if shares.turn(domain)]
    assert [shares.heir(domain, 60.0) for domain in given] == ["", ""]
    hand.at += LEASE_S
    assert sorted(shares.heir(domain, 60.0) for domain in given) == ["", "node-2"]
    assert {shares.heir(domain, 1.0) for domain in given} == {""}, "who has it just now keeps it for a while"


def test_who_leaves_knows_who_is_next() -> None:
    shares, _ = _shares("node-1", DomainSeen("a", "node-1", "", 3.0))
    assert shares.next_best("a") == "node-2"
    alone, _ = _shares("node-1", DomainSeen("a", "node-1", "", 3.0), nodes=("node-1",))
    assert alone.next_best("a") == ""
