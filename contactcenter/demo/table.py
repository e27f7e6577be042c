"""The last table: every number recomputed from facts, those of this run and those of the whole day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from rich.table import Table

from contactcenter.demo.ledger import Decided

Report = dict[str, Any]


class Outcome(Struct, frozen=True, kw_only=True):
    """What must hold at the end. `lost`: came in through a door and is nowhere, or has no end although it was over."""

    lost: int
    doubly_owned: int
    imbalance: int

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubly_owned)


def outcome(run: list[Decided], missing: int, day: Report) -> Outcome:
    """`missing`: contacts that a door took and the API does not know."""
    return Outcome(
        lost=max(missing, int(day["lost"])),
        doubly_owned=max(sum(one.doubly for one in run), int(day["doubly_owned"])),
        imbalance=int(day["imbalance"]),
    )


def table(run: list[Decided], day: Report, found: Outcome) -> Table:
    shown = Table(title="The hour, recomputed from facts", title_justify="left")
    for heading in ("", "this run", "whole day"):
        shown.add_column(heading, justify="left" if not heading else "right")
    for name, here, today in (*_contacts(run, day), *_rings(run, day), *_work(run, day), *_truths(found, day)):
        shown.add_row(name, str(here), str(today))
    return shown


Row = tuple[str, object, object]


def _contacts(run: list[Decided], day: Report) -> Iterable[Row]:
    media = Counter(one.medium for one in run)
    yield "contacts in", len(run), day["contacts_in"]
    for medium in sorted({*media, *day["by_medium"]}):
        yield f"  {medium}", media[medium], day["by_medium"].get(medium, 0)
    yield "answered", sum(bool(one.owners) for one in run), day["answered"]
    yield "rang at several desks", sum(len(_agents(one)) > 1 for one in run), day["redirected"]
    yield "blocked, lines taken", sum(one.ended.startswith("blocked") for one in run), day["blocked"]
    yield "abandoned", sum(one.ended == "abandoned" for one in run), _share(day["abandoned"])


def _agents(one: Decided) -> set[str]:
    return {offer.partition(":")[0] for offer in one.offered}


def _rings(run: list[Decided], day: Report) -> Iterable[Row]:
    yield "within 2 rings", "", _share(day["within_2_rings"])
    yield "within 3 rings", "", _share(day["within_3_rings"])
    yield "  by ring", "", "  ".join(f"{ring}: {count}" for ring, count in day["rings"].items()) or "-"
    yield "three-ring breaches", sum(one.breached for one in run), day["breached"]


def _work(run: list[Decided], day: Report) -> Iterable[Row]:
    yield "callbacks promised", sum(one.promised for one in run), day["callbacks"]
    yield "callbacks kept", sum(one.promised and one.reached for one in run), ""
    yield "mails answered", sum(one.medium == "mail" and bool(one.owners) for one in run), day["mails_answered"]
    yield "chats answered", sum(one.medium == "chat" and bool(one.owners) for one in run), day["chats_answered"]
    highest = Counter(max(one.levels) for one in run if one.levels)
    levels = day["complaints_by_level"]
    yield "complaints by level", _levels(highest), "  ".join(f"{k}: {v}" for k, v in levels.items()) or "-"
    yield "cases opened", "", day["cases_opened"]


def _levels(highest: Counter[int]) -> str:
    return "  ".join(f"L{level}: {highest[level]}" for level in sorted(highest)) or "-"


def _truths(found: Outcome, day: Report) -> Iterable[Row]:
    yield "lost", found.lost, day["lost"]
    yield "doubly owned", found.doubly_owned, day["doubly_owned"]
    yield "conservation imbalance", found.imbalance, day["imbalance"]


def _share(share: Report | None) -> str:
    if not share or share["value"] is None:
        return "-"
    return f"{share['value']:.1%} ({share['numerator']}/{share['denominator']})"
