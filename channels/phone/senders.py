"""Which platform a command goes to: each source with a connection of its own, all others by our own dialect."""

from __future__ import annotations

from collections.abc import Mapping

from channels.port import AnyOutbound, PhoneCommand, Sender


class BySource:
    """A `channels.port.Sender` for PhoneCommand over the senders of single sources."""

    def __init__(self, own: Mapping[str, Sender], standard: Sender) -> None:
        self._own = own
        self._standard = standard

    async def send(self, outbound: AnyOutbound) -> str:
        """As the source's sender does. Raises what it raises."""
        source = outbound.source if isinstance(outbound, PhoneCommand) else ""
        return await self._own.get(source, self._standard).send(outbound)
