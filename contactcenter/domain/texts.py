"""Every text that people read, from one catalogue, and the one way in which customers get to see it.

A key under `desk.`, `ops.` or `why.` is for our own people. Any other is for customers: the renderer refuses to
say the provider's name (I5) or a forbidden phrase (H07, B09) to them, whatever the parameters brought in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from contactcenter.domain.brand import mentioned
from contactcenter.domain.lint import Finding, forbidden_phrase, lint_text
from contactcenter.errors import Invalid

Catalogue = Mapping[str, Mapping[str, str]]
"""Key to language to text: {"chat.opened": {"zh-CN": "...", "en": "..."}}."""
LANGUAGES = ("zh-CN", "en")
"""Every key has these; others (yue) are extra."""
OWN_PEOPLE = ("desk.", "ops.", "why.")
SAID_OFTEN = 256
"""Texts of a client whose finding is remembered: most callers hear one of a few."""
_CHINESE = frozenset({"zh", "yue", "cmn", "wuu", "nan", "hak"})


class Renderer:
    """For one client: `forbidden` are the names its customers never meet (`Directory.hidden_names`)."""

    def __init__(self, catalogue: Catalogue, forbidden: Sequence[str] = ()) -> None:
        self.catalogue = catalogue
        self.forbidden = tuple(forbidden)
        self._found = lru_cache(maxsize=SAID_OFTEN)(self._find)

    def render(self, key: str, language: str, /, **params: object) -> str:
        """The text of a key. Raises KeyError for an unknown key, Invalid (`missing_parameter`, `forbidden_text`)."""
        text = self._fill(key, self.catalogue[key], language, params)
        return text if key.startswith(OWN_PEOPLE) else self.allowed(text, key)

    def say(self, text: Mapping[str, str], language: str, /, **params: object) -> str:
        """A text of the configuration, such as a client's greeting, under the same rules as customers' keys."""
        return self.allowed(self._fill("text", text, language, params), "text")

    def allowed(self, text: str, key: str = "") -> str:
        """The same text. Raises Invalid (`forbidden_text`, detail `phrase`) when no customer may see it."""
        found = self._found(text)
        if found:
            raise Invalid(f"customers must not read {found!r}", code="forbidden_text", field=key, phrase=found)
        return text

    def _find(self, text: str) -> str:
        return mentioned(text, self.forbidden) or forbidden_phrase(text)

    def lint(self, text: str) -> list[Finding]:
        """What an agent should say differently; a finding that is `hard` must not be sent (I5)."""
        return lint_text(text, self.forbidden)

    def _fill(self, key: str, texts: Mapping[str, str], language: str, params: Mapping[str, object]) -> str:
        try:
            return texts[best_language(language, texts)].format_map(params)
        except KeyError as missing:
            raise Invalid(f"{key} needs {missing}", code="missing_parameter", field=str(missing.args[0])) from None


def best_language(wanted: str, available: Mapping[str, Any]) -> str:
    """Exact, then shorter tags, then Chinese for any Chinese, else English, else what there is."""
    known = {tag.lower(): tag for tag in available}
    tag = wanted.lower().replace("_", "-")
    while tag:
        if tag in known:
            return known[tag]
        tag = tag.rpartition("-")[0]
    chinese = not wanted or wanted.lower().replace("_", "-").partition("-")[0] in _CHINESE
    order = ("zh-cn", "en") if chinese else ("en", "zh-cn")
    return next((known[tag] for tag in order if tag in known), next(iter(available)))


def placeholders(text: str) -> frozenset[str]:
    """The names in braces. Raises Invalid for anything that is not a plain name."""
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text)]
    except ValueError as wrong:
        raise Invalid(str(wrong), code="braces") from None
    names = [name for name, _, _ in fields if name is not None]
    if any(not name.isidentifier() for name in names) or any(s or c for _, s, c in fields):
        raise Invalid(f"only plain {{names}} in {text!r}", code="braces")
    return frozenset(names)


def read_catalogue(text: str) -> Catalogue:
    """TOML tables to dotted keys; a table whose values are all texts is one key. Raises Invalid (`catalogue`)."""
    try:
        return dict(_keys("", tomllib.loads(text)))
    except tomllib.TOMLDecodeError as wrong:
        raise Invalid(str(wrong), code="catalogue") from None


@cache
def catalogue() -> Catalogue:
    """The catalogue that is part of this package."""
    return read_catalogue(resources.files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))


def labels(texts: Catalogue, prefix: str, language: str) -> dict[str, str]:
    """All texts under a prefix in one language, without parameters filled: for a page to take along."""
    found = {key: each for key, each in texts.items() if key.startswith(prefix)}
    return {key: each[best_language(language, each)] for key, each in sorted(found.items())}


def _keys(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if all(isinstance(value, str) for value in table.values()):
        yield prefix, dict(table)
        return
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if not isinstance(value, dict):
            raise Invalid(f"{key}: a text stands beside keys", code="catalogue", field=key)
        yield from _keys(key, value)
