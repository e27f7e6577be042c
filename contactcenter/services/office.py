"""What the use cases of a desk share: the store, the views, the bus, words, configuration, time and ids."""

from __future__ import annotations

from dataclasses import dataclass

from contactcenter.clock import Clock, Ids
from contactcenter.domain.directory import Directory
from contactcenter.services.directories import Directories
from contactcenter.services.ports import Bus, ChangeStore, Reads
from contactcenter.services.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    store: ChangeStore
    reads: Reads
    bus: Bus
    wording: Wording
    directories: Directories
    clock: Clock
    ids: Ids

    def directory(self, provider: str) -> Directory:
        """The provider's configuration as it is in force now."""
        return self.directories.of(provider)
