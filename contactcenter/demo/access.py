"""What the demo needs to come in: addresses, secrets and tokens of the example, as the first start wrote them down."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from contactcenter.errors import Misconfigured

FILE = "access.json"


class DemoAccess(Struct, frozen=True, kw_only=True):
    """`<data_dir>/access.json`, mode 0600. Tokens by agent id; `clients` by client id."""

    base_url: str
    smtp: tuple[str, int]
    source: str
    secret: str
    operator: str
    agents: dict[str, str]
    clients: dict[str, str] = {}
    supervisors: dict[str, str] = {}


def load(data_dir: Path) -> DemoAccess:
    """Raises Misconfigured naming the file, and what to do about it."""
    path = data_dir / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoAccess)
    except FileNotFoundError:
        raise Misconfigured(
            f"{path} does not exist: start the service first (make run); it writes this file when it loads the example"
        ) from None
    except OSError as problem:
        raise Misconfigured(f"{path} cannot be read: {problem.strerror}") from problem
    except msgspec.MsgspecError as problem:
        raise Misconfigured(f"{path} is not the access file of the example: {problem}") from problem
