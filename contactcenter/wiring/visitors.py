"""Who may open a chat and in which words: tokens, sites and texts of `channels.chat.ports` on our services."""

from __future__ import annotations

from channels.chat import ports
from contactcenter.clock import Ids
from contactcenter.domain.texts import best_language, labels
from contactcenter.errors import Unauthorized
from contactcenter.services.access import VisitorTokens
from contactcenter.services.directories import Directories, Door
from contactcenter.services.wording import Wording, in_language


class Tokens:
    def __init__(self, tokens: VisitorTokens, ids: Ids) -> None:
        self._tokens = tokens
        self._ids = ids

    def verify(self, token: str) -> ports.Visitor:
        try:
            site, session = self._tokens.verify(token)
        except Unauthorized as refused:
            raise ports.BadToken(refused.code) from None
        return ports.Visitor(site, session)

    def issue(self, site: str) -> tuple[str, ports.Visitor]:
        session = self._ids.new("vs")
        return self._tokens.sign(site, session), ports.Visitor(site, session)


class Sites:
    def __init__(self, directories: Directories) -> None:
        self._directories = directories

    def origins(self, site: str) -> tuple[str, ...] | None:
        door = self._directories.site(site)
        found = door.directory.site(site) if door else None
        return found.origins if found else None


class Texts:
    """Everything a visitor reads goes through the client's renderer (decisions row 25)."""

    def __init__(self, directories: Directories, wording: Wording) -> None:
        self._directories = directories
        self._wording = wording

    def language(self, site: str, wanted: str) -> str:
        door = self._door(site)
        return best_language(wanted or door.directory.client(door.client).default_language, {"zh-CN": "", "en": ""})

    def labels(self, site: str, language: str) -> dict[str, str]:
        name = self._client_name(self._door(site), language)
        found = labels(self._wording.texts, "chat.", language)
        return {key: text.replace("{client}", name) for key, text in found.items()}

    def say(self, site: str, language: str, key: str, **values: object) -> str:
        door = self._door(site)
        renderer = self._wording.of(door.directory, door.client)
        return renderer.render(key, language, client=self._client_name(door, language), **values)

    def _client_name(self, door: Door, language: str) -> str:
        return in_language(door.directory.client(door.client).name, language)

    def _door(self, site: str) -> Door:
        door = self._directories.site(site)
        assert door is not None, "the chat door checks the site first"
        return door
