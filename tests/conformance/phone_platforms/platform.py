"""What a driver offers to the scenarios: callers and devices of one platform, in words that name no platform.

A third platform plugs in by a driver and one line in conftest.py (docs/adding-a-phone-platform.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from channels.port import AnyInbound


class Platform(Protocol):
    """Two devices, `one` and `two`. Calls are named as the platform names them in its events."""

    @property
    def events(self) -> Sequence[AnyInbound]:
        """Everything that the intake was told, in order."""
        ...

    async def call_comes(self) -> str: ...

    async def command(self, verb: str, call: str, **more: str) -> str:
        """Any verb of channels.port.PhoneCommand."""
        ...

    async def device_rings(self, call: str, offer: str, device: str) -> None:
        """We command it; the platform rings and tells."""
        ...

    async def device_answers(self, call: str, offer: str) -> None: ...

    async def device_fails(self, offer: str, how: str) -> None:
        """how: busy, declined, no_answer (it rang its time out), absent (it does not exist)."""
        ...

    async def device_hangs_up(self, offer: str) -> None: ...

    async def caller_hangs_up(self, call: str) -> None: ...

    def connected(self, call: str, *offers: str) -> bool:
        """The caller talks with these devices and nobody else."""
        ...

    async def settled(self) -> None:
        """Nothing of any call is alive."""
        ...
