"""Columns as array literals."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcenter.domain.facts import Fact
from contactcenter.errors import Invalid
from contactcenter.storage.arrays import array, columns


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([1, None, -3], "{1,null,-3}"),
        ([True, False], "{true,false}"),
        (["a", "", None, "null"], '{"a","",null,"null"}'),
        (["a\nb", None], '{"a\nb",null}'),
        (['"', "\\"], '{"\\"","\\\\"}'),
        ([b"\xff\x00"], '{"/wA="}'),
        (["忙"], '{"忙"}'),
    ],
)
def test_a_column_is_an_array_literal(values: list[object], literal: str) -> None:
    assert array(values) == literal


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))))
def test_what_the_server_reads_from_it_are_the_values(values: list[str | None]) -> None:
    assert _read(array(values)) == values


@given(st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text('\n\\"\x1fa')), min_size=1))
def test_documents_survive_their_quoting(data: list[dict[str, str]]) -> None:
    facts = [Fact(id="f", at=1, kind="k", provider="p", data=each) for each in data]
    literal = columns("write_facts", facts, documents={"data"})[-1]
    assert [msgspec.json.decode(each or "") for each in _read(literal)] == data


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Invalid, match="cannot be kept"):
        array(["\ud800"])


def _read(literal: str) -> list[str | None]:
    """The server's rules: elements between commas, quoted ones with backslash for the next character."""
    assert (literal[0], literal[-1]) == ("{", "}")
    rest, values = literal[1:-1], []
    while rest:
        if not rest.startswith('"'):
            word, _, rest = rest.partition(",")
            assert word == "null"
            values.append(None)
            continue
        at, value = 1, ""
        while rest[at] != '"':
            at += rest[at] == "\\"
            value += rest[at]
            at += 1
        values.append(value)
        rest = rest[at + 2 :]
    return values
