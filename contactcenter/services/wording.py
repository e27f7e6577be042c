"""Where services get their words: one renderer per client, which refuses what its customers must not read (I5, H07).

Codes of errors and notices become sentences here; a code that the catalogue does not know keeps its English default.
"""

from __future__ import annotations

from functools import lru_cache

from contactcenter.domain.configuration import Text
from contactcenter.domain.directory import Directory
from contactcenter.domain.texts import Catalogue, Renderer, best_language
from contactcenter.errors import Invalid


class Wording:
    def __init__(self, texts: Catalogue) -> None:
        self.texts = texts
        self._desk = Renderer(texts)
        self._of = lru_cache(maxsize=256)(self._build)

    def of(self, directory: Directory, client: str) -> Renderer:
        """The renderer for what customers of this client see."""
        return self._of(directory, client)

    def desk(self, key: str, language: str, /, default: str = "", **params: object) -> str:
        """A text for our own people; `default` where the catalogue has no such key or lacks a parameter."""
        try:
            return self._desk.render(key, language, **params)
        except (KeyError, Invalid):
            return default

    def error(self, code: str, language: str, /, default: str, **params: object) -> str:
        """The sentence of an error code: the desk's own, else the general one, else the default."""
        general = self.desk(f"error.{code}", language, default, **params)
        return self.desk(f"desk.error.{code}", language, general, **params)

    def notice(self, code: str, language: str, /, default: str = "", **params: object) -> str:
        return self.desk(f"desk.notice.{code}", language, default or code, **params)

    def _build(self, directory: Directory, client: str) -> Renderer:
        return Renderer(self.texts, directory.hidden_names(client))


def in_language(text: Text, language: str) -> str:
    """A text of the configuration without parameters, such as a client's name."""
    return text[best_language(language, text)]
