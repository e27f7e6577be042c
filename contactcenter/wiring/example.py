"""The Kangjia and Ruixun example: loaded when a database holds nothing yet, so that a stranger has something to do.

The tokens of its agents, its operator and its platform are written to `access.json` in the data directory (0600):
the database keeps only their hashes.
"""

from __future__ import annotations

import datetime as dt
import logging
from importlib import resources

from contactcenter.clock import SECOND, to_micros
from contactcenter.domain.configuration_yaml import decode, load_yaml
from contactcenter.domain.customer import Book, Customer, identities, tier_of
from contactcenter.domain.directory import Directory
from contactcenter.services.access import Access
from contactcenter.services.changes import Changes, CustomerRecord, NewCustomer
from contactcenter.services.views import Scope
from contactcenter.wiring.access_file import AccessFile, path_of, write
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import load as load_secrets

log = logging.getLogger(__name__)


async def load(core: Core, access: Access) -> None:
    """Configuration version 1, its customers, and a token for everybody.

    Each step looks whether it was done, so that a start that broke off is made good by the next one. An
    installation with a configuration of its own is left alone.
    """
    text = _packaged("kangjia.yaml")
    provider = load_yaml(text).provider.id
    if not core.directories.providers:
        change = await core.configuring.apply("", text, by="example")
        await core.directories.refresh()
        log.info("the example is loaded: %s, version %d", provider, change.version)
    if core.directories.providers != (provider,):
        return
    core.secrets = load_secrets(core.settings.data_dir, core.directories.sources("standard"), core.ids)
    await _customers(core, provider)
    if not path_of(core.settings).exists() or not await core.stores.access.has_tokens(provider):
        await _tokens(core, access, provider)


async def _customers(core: Core, provider: str) -> None:
    book = decode(_packaged("customers.yaml"), Book)
    first = book.customers[0]
    if await core.reads.customer(Scope(provider, first.client), first.id) is not None:
        return
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
    write(core.settings, found)


def _packaged(name: str) -> str:
    return resources.files("contactcenter.demo").joinpath(name).read_text(encoding="utf-8")


def _midnight(day: dt.date) -> int:
    return to_micros(dt.datetime.combine(day, dt.time(), dt.UTC)) // SECOND * SECOND
