"""The configuration document as YAML: strict in, readable out, with the line of whatever is wrong.

A misspelt or repeated key, a wrong type, an unknown value: each is refused with its path and line. Decoding
says nothing about the rules between values: see `configuration_rules.check`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TypeVar

import msgspec
import yaml

from contactcenter.domain.configuration import Document
from contactcenter.errors import Invalid

T = TypeVar("T")
_MAX_NODES = 500_000
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`)?$", re.DOTALL)
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `(.+)`")
_HINT = ' (quote it: "18:00", "1001")'


def load_yaml(text: str) -> Document:
    """The document. Raises Invalid (`code` yaml or configuration; `field` the path; detail `line`)."""
    return decode(text, Document)


def decode(text: str, kind: type[T]) -> T:
    """Any strict shape from YAML; raises Invalid as `load_yaml` does."""
    root = _compose(text)
    try:
        return msgspec.yaml.decode(text, type=kind, strict=True)
    except (msgspec.ValidationError, msgspec.DecodeError) as wrong:
        raise _refusal(str(wrong), root) from None


def position(text: str, path: str) -> tuple[int, int]:
    """Line and column, from 1, of a problem's path (`ivr[0].nodes[3].keys.2`), or of the nearest thing above it."""
    node = _find(_compose(text), path)
    return _line(node), int(node.start_mark.column) + 1


def dump_yaml(document: object) -> str:
    """YAML that `load_yaml` reads back as the same document; key order as in the shapes."""
    plain = msgspec.to_builtins(document, builtin_types=(dt.date,), str_keys=True)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)


def _compose(text: str) -> yaml.Node:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, loader)
    except yaml.YAMLError as wrong:
        raise _unreadable(wrong) from None
    if root is None:
        raise Invalid("the document is empty", code="yaml", line=1)
    _check_nodes(root, {})
    return root


def _unreadable(wrong: yaml.YAMLError) -> Invalid:
    mark = getattr(wrong, "problem_mark", None)
    line = mark.line + 1 if mark else 0
    return Invalid(f"line {line}: {getattr(wrong, 'problem', wrong)}", code="yaml", line=line)


def _check_nodes(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Refuse repeated keys, aliases that contain themselves, and those that unfold into a bomb."""
    if id(node) in sizes:
        if sizes[id(node)] == 0:
            raise Invalid("an alias contains itself", code="yaml", line=_line(node))
        return sizes[id(node)]
    sizes[id(node)] = 0
    size = 1
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        size += sum(_check_nodes(value, sizes) for _, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_check_nodes(item, sizes) for item in node.value)
    if size > _MAX_NODES:
        raise Invalid("the document is too large", code="yaml", line=_line(node))
    sizes[id(node)] = size
    return size


def _check_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Invalid(f"line {_line(key)}: a key must be a word", code="yaml", line=_line(key))
        if key.value in seen and key.value != "<<":
            raise Invalid(
                f"line {_line(key)}: {key.value!r} stands twice", code="yaml", field=key.value, line=_line(key)
            )
        seen.add(key.value)


def _refusal(message: str, root: yaml.Node) -> Invalid:
    match = _WHERE.match(message)
    assert match is not None
    what, path = match["what"], match["path"] or ""
    node, key = _find(root, path), _UNKNOWN.search(what)
    if key:
        path = f"{path}.{key[1]}" if path else key[1]
        node = _key(node, key[1])
    hint = _HINT if "Expected `str`" in what and "got `int`" in what else ""
    where = f"line {_line(node)}: {path or 'document'}: "
    return Invalid(where + what + hint, code="configuration", field=path, line=_line(node))


def _find(node: yaml.Node, path: str) -> yaml.Node:
    """The node at a path; where msgspec is vague (`[...]`) or the thing is missing, the nearest node above."""
    for name, index in _PART.findall(path.replace("[...]", "")):
        child = _child(node, name, index)
        if child is None:
            return node
        node = child
    return node


def _child(node: yaml.Node, name: str, index: str) -> yaml.Node | None:
    found: yaml.Node | None = None
    if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
        found = node.value[int(index)]
    elif isinstance(node, yaml.MappingNode) and name:
        found = next((value for key, value in node.value if key.value == name), None)
    return found


def _key(node: yaml.Node, name: str) -> yaml.Node:
    if isinstance(node, yaml.MappingNode):
        return next((key for key, _ in node.value if key.value == name), node)
    return node


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
