"""One suite, every platform: each is a driver (platform.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ari.driver import AsteriskDriver
from ari.floor import floor
from twilio_driver import TwilioDriver
from twilio_rig import rig

from phone_platforms.own_driver import OwnDriver
from phone_platforms.platform import Platform


@pytest.fixture(params=["own", "asterisk", "twilio"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    if request.param == "own":
        yield OwnDriver()
    elif request.param == "asterisk":
        async with floor() as up:
            yield AsteriskDriver(up)
    else:
        async with rig() as made:
            yield TwilioDriver(made)
