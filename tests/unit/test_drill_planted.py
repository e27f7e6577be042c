"""The planted bugs still fit the source they are planted in, and the tree itself stays as it is."""

from __future__ import annotations

import pytest
from drill.planted import BUGS, Bug, planted
from drill.records import KINDS
from drill.run import ROOT


@pytest.mark.parametrize("bug", BUGS, ids=[bug.kind for bug in BUGS])
def test_a_planted_bug_changes_the_copy_alone(bug: Bug) -> None:
    before = {edit.file: (ROOT / edit.file).read_text(encoding="utf-8") for edit in bug.edits}
    with planted(bug) as place:
        for edit in bug.edits:
            assert (place / edit.file).read_text(encoding="utf-8") != before[edit.file]
    assert {edit.file: (ROOT / edit.file).read_text(encoding="utf-8") for edit in bug.edits} == before
    assert bug.kind in KINDS


def test_a_bug_whose_text_has_gone_is_an_error() -> None:
    gone = BUGS[0]._replace(edits=(BUGS[0].edits[0]._replace(right="no such line"),))
    with pytest.raises(LookupError, match="stands 0 times"), planted(gone):
        pass
