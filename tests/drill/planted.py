"""Bugs that make a real service break a promise, planted in a copy of the tree: the drill must catch each.

They live here and nowhere else; the tree itself is never touched. A bug whose text is not found any more is an error,
not a success. Where the database would stop the bug by itself (a second wall), that wall is taken down too: it is the
checker that is tried here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from drill.run import ROOT

PARTS = ("contactcenter", "channels", "routing", "migrations")


class Edit(NamedTuple):
    file: str
    right: str
    wrong: str


class Bug(NamedTuple):
    """`kind` is the violation that must be found, `scenario` the fault that brings it out."""

    name: str
    kind: str
    scenario: str
    edits: tuple[Edit, ...]
    eager: bool = False
    seconds: float = 20.0


SPINE = "migrations/0001_the_spine.sql"
SQL = "contactcenter/storage/sql"
BUGS = (
    Bug(
        "losers keep ringing, and whoever answers second owns it too",
        "double assignment",
        "webhooks",
        (
            Edit(
                "routing/offers.py",
                "    if work.offers:\n        end_all(turn, work, outcome=Outcome.WITHDRAWN, reason=loser)\n",
                "",
            ),
            Edit(SPINE, "CREATE UNIQUE INDEX assignments_one_owner", "CREATE INDEX assignments_one_owner"),
        ),
        eager=True,
    ),
    Bug(
        "one arrival in six is acknowledged and not stored",
        "lost event",
        "webhooks",
        (
            Edit(
                "contactcenter/services/intake.py",
                "        digest = blake2b(encoded, digest_size=16).digest()\n",
                "        digest = blake2b(encoded, digest_size=16).digest()\n"
                "        if digest[0] < 42:\n            return port.Receipt()\n",
            ),
        ),
    ),
    Bug(
        "nobody looks at the epoch: a router that slept goes on where it was",
        "write after fence",
        "pause",
        (
            Edit(SPINE, "IF matched IS DISTINCT FROM wanted THEN", "IF matched IS DISTINCT FROM wanted AND false THEN"),
            Edit(f"{SQL}/renew_domain.sql", "AND owner = $2 AND epoch = $3", "AND $2::text <> '' AND $3::bigint > 0"),
            Edit(SPINE, "CREATE UNIQUE INDEX routing_events_seq", "CREATE INDEX routing_events_seq"),
        ),
        seconds=15.0,
    ),
)


@contextmanager
def planted(bug: Bug) -> Iterator[Path]:
    """A copy of the tree with this bug. LookupError when its text does not stand there exactly once."""
    with tempfile.TemporaryDirectory(prefix="contactcenter-planted-") as name:
        place = Path(name)
        place.chmod(0o755)
        for part in PARTS:
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        for edit in bug.edits:
            file = place / edit.file
            text = file.read_text(encoding="utf-8")
            if text.count(edit.right) != 1:
                raise LookupError(f"{bug.name}: the text stands {text.count(edit.right)} times in {edit.file}")
            file.write_text(text.replace(edit.right, edit.wrong), encoding="utf-8")
        yield place
