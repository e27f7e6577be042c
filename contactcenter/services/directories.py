"""Which provider, client and lease a door belongs to: the current configuration versions, indexed.

Read once and again when a version is activated; asking costs no query.
"""

from __future__ import annotations

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.configuration import Hours, Line, Mailbox, Site
from contactcenter.domain.directory import Directory
from contactcenter.errors import NotFound
from contactcenter.services.ports import ConfigurationStore


class Door(Struct, frozen=True):
    """A configured way in: whose it is, and which view of the queue its contacts enter."""

    provider: str
    client: str
    lease: str
    view: str
    directory: Directory
    line: Line | None = None
    own_hours: Hours | None = None

    @property
    def hours(self) -> Hours | None:
        """Its own, else those of its view; None: always open."""
        return self.own_hours or self.directory.view(self.view).hours

    def opens_at(self, at: Micros) -> Micros:
        """When it takes calls or chats again; 0 while it does (D21)."""
        return self.directory.opens_at(self.client, self.hours, at)


class Directories:
    """Every provider of this installation."""

    def __init__(self, configurations: ConfigurationStore) -> None:
        self._configurations = configurations
        self._current: dict[str, tuple[int, Directory]] = {}

    async def refresh(self) -> None:
        """Read what changed; called at start and when a configuration is activated."""
        for provider in sorted(await self._configurations.providers()):
            latest = await self._configurations.latest(provider)
            if latest is not None and latest[0] != self.version(provider):
                self._current[provider] = (latest[0], Directory(latest[1]))

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(sorted(self._current))

    def version(self, provider: str) -> int:
        """0 while there is none."""
        return self._current[provider][0] if provider in self._current else 0

    def of(self, provider: str) -> Directory:
        if provider not in self._current:
            raise NotFound(f"no provider {provider}")
        return self._current[provider][1]

    def line(self, number: str) -> Door | None:
        """The line behind a dialled number, whoever leases it."""
        for provider, (_, directory) in sorted(self._current.items()):
            line = directory.line(number)
            if line is not None:
                return _door(provider, directory, line)
        return None

    def mailbox(self, address: str) -> Door | None:
        for provider, (_, directory) in sorted(self._current.items()):
            mailbox = directory.mailbox(address)
            if mailbox is not None:
                return _door(provider, directory, mailbox)
        return None

    def site(self, site: str) -> Door | None:
        for provider, (_, directory) in sorted(self._current.items()):
            found = directory.site(site)
            if found is not None:
                return _door(provider, directory, found)
        return None

    def mailboxes(self) -> tuple[str, ...]:
        """Every address that takes mail."""
        return tuple(x.address for _, d in sorted(self._current.items()) for x in d[1].document.mailboxes)

    def client_of_agent(self, provider: str, agent: str) -> str:
        """The client whose customers an agent serves; '' for somebody without a seat."""
        try:
            directory = self.of(provider)
            return directory.lease(directory.agent(agent).lease).client
        except NotFound:
            return ""

    def client_of_lease(self, provider: str, lease: str) -> str:
        """'' for a lease that this version does not know."""
        try:
            return self.of(provider).lease(lease).client if lease else ""
        except NotFound:
            return ""

    def sources(self, dialect: str = "") -> list[str]:
        """The ids of the phone platforms, or of those that speak this dialect."""
        documents = [directory.document for _, (_, directory) in sorted(self._current.items())]
        return [source.id for document in documents for source in document.sources if dialect in ("", source.dialect)]

    def source_provider(self, source: str) -> str:
        """The provider that a phone platform belongs to; '' for an unknown one."""
        owners = (name for name, (_, directory) in sorted(self._current.items()) if directory.source(source))
        return next(owners, "")


def _door(provider: str, directory: Directory, door: Line | Mailbox | Site) -> Door:
    line = door if isinstance(door, Line) else None
    hours = None if isinstance(door, Mailbox) else door.hours
    return Door(provider, door.client, door.lease, door.view, directory, line, hours)
