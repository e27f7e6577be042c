"""The Kangjia and Ruixun example: loaded when a database holds nothing yet, so that a stranger has something to do.

The tokens of its agents, its operator and its platform are written to `access.json` in the data directory (0600):
the database keeps only their hashes.
"""

from __future__ import annotations

import datetime as dt
import logging
from importlib import resources
from pathlib import Path

import msgspec
from msgspec import Struct

from contactcenter.clock import SECOND, to_micros
from contactcenter.config import Settings
from contactcenter.domain.configuration_yaml import decode
from contactcenter.domain.customer import Book, Customer, identities, tier_of
from contactcenter.domain.directory import Directory
from contactcenter.services.access import Access
from contactcenter.services.changes import Changes, CustomerRecord, NewCustomer
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import write_private

log = logging.getLogger(__name__)
NAME = "access.json"


class AccessFile(Struct, kw_only=True):
    """What the demo, `simulate` and a stranger need to get in: addresses and tokens."""

    base_url: str
    smtp: tuple[str, int]
    source: str
    secret: str
    operator: str
    agents: dict[str, str] = {}
    supervisors: dict[str, str] = {}
    clients: dict[str, str] = {}


async def load(core: Core, access: Access) -> None:
    """Configuration version 1, its customers, and a token for everybody. Does nothing when a version exists."""
    text = _packaged("kangjia.yaml")
    change = await core.configuring.apply("", text, by="example")
    await core.directories.refresh()
    provider = core.directories.providers[0]
    await _customers(core, provider)
    await _tokens(core, access, provider)
    log.info("the example is loaded: %s, version %d", provider, change.version)


def path_of(settings: Settings) -> Path:
    return settings.data_dir / NAME


def read(settings: Settings) -> AccessFile | None:
    """None where the example was never loaded."""
    path = path_of(settings)
    return msgspec.json.decode(path.read_bytes(), type=AccessFile) if path.exists() else None


def tell_address(core: Core, base_url: str, smtp: tuple[str, int]) -> AccessFile | None:
    """Ports may change from start to start; the file says where the doors are now."""
    known = read(core.settings)
    if known is None:
        return None
    known.base_url, known.smtp = base_url, smtp
    known.secret = core.secrets.webhooks.get(known.source, [known.secret])[-1]
    _write(core.settings, known)
    return known


async def _customers(core: Core, provider: str) -> None:
    book = decode(_packaged("customers.yaml"), Book)
    changes = Changes()
    for customer in book.customers:
        since = _midnight(customer.since)
        changes.customers.append(_row(customer, provider, since))
        changes.customer_records.extend(_records(customer, provider))
    await core.stores.changes.apply(changes)


def _row(customer: Customer, provider: str, since: int) -> NewCustomer:
    return NewCustomer(
        id=customer.id,
        provider=provider,
        client=customer.client,
        since=since,
        name=customer.name,
        tier=int(tier_of(customer.tier)),
        language=customer.language,
        account_owner=customer.owner,
        identities=tuple((each.kind, each.value) for each in identities(customer)),
    )


def _records(customer: Customer, provider: str) -> list[CustomerRecord]:
    return [
        CustomerRecord(
            id=f"{customer.id}/{number}",
            customer=customer.id,
            provider=provider,
            client=customer.client,
            kind=history.kind,
            at=_midnight(history.at),
            summary=history.summary,
            amount_fen=history.amount_fen,
        )
        for number, history in enumerate(customer.histories)
    ]


async def _tokens(core: Core, access: Access, provider: str) -> None:
    directory: Directory = core.directories.of(provider)
    source = directory.document.sources[0].id
    found = AccessFile(
        base_url=core.settings.base_url,
        smtp=(core.settings.smtp_host, core.settings.smtp_port),
        source=source,
        secret=core.secrets.webhooks.get(source, [""])[-1],
        operator=await access.issue("operator", provider, "operator"),
    )
    for agent in directory.document.agents:
        kind = "supervisor" if agent.supervisor else "agent"
        token = await access.issue(kind, provider, agent.id)
        (found.supervisors if agent.supervisor else found.agents)[agent.id] = token
    for client in directory.document.clients:
        found.clients[client.id] = await access.issue("client", provider, f"desk-{client.id}", client=client.id)
    _write(core.settings, found)


def _write(settings: Settings, found: AccessFile) -> None:
    write_private(path_of(settings), msgspec.json.format(msgspec.json.encode(found), indent=2))


def _packaged(name: str) -> str:
    return resources.files("contactcenter.demo").joinpath(name).read_text(encoding="utf-8")


def _midnight(day: dt.date) -> int:
    return to_micros(dt.datetime.combine(day, dt.time(), dt.UTC)) // SECOND * SECOND
