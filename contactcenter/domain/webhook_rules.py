"""Rules about outbound webhooks: who hears what (I7), and names that would never be met."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from contactcenter.domain.configuration import Document, Webhook
from contactcenter.domain.facts import KINDS, Fact
from contactcenter.domain.problem import Problem, repeated


def webhook_problems(document: Document) -> Iterator[Problem]:
    """Ids once, clients that exist, kinds that happen, and personal data for the client it belongs to alone."""
    yield from repeated("webhooks", "id", (webhook.id for webhook in document.webhooks))
    clients = {client.id for client in document.clients}
    for index, webhook in enumerate(document.webhooks):
        path = f"webhooks[{index}]"
        if webhook.client and webhook.client not in clients:
            yield Problem(f"{path}.client", "unknown", f"there is no client {webhook.client!r}")
        if webhook.personal_data and not webhook.client:
            yield Problem(
                f"{path}.personal_data", "personal_data", "only a client's own webhook may have its customers' data"
            )
        parts = urlsplit(webhook.url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
            yield Problem(f"{path}.url", "url", "must be https://host/..., without a name or password")
        yield from _kinds(webhook, path)


def _kinds(webhook: Webhook, path: str) -> Iterator[Problem]:
    if not webhook.kinds:
        yield Problem(f"{path}.kinds", "kinds", "names no kind of fact; '*' is all of them")
    for index, pattern in enumerate(webhook.kinds):
        if not any(matches(pattern, kind) for kind in KINDS):
            yield Problem(f"{path}.kinds[{index}]", "kinds", f"there is no fact of the kind {pattern!r}")


def matches(pattern: str, kind: str) -> bool:
    """`*` is everything, `contact.*` a group, anything else itself."""
    return pattern in ("*", kind) or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))


def hears(webhook: Webhook, fact: Fact) -> bool:
    """Whether this fact is this subscriber's business. A webhook that died is told to nobody: it could never end."""
    if webhook.client and fact.client != webhook.client:
        return False
    if fact.kind == "ops.outbox_dead" and fact.data.get("kind") == "webhook":
        return False
    return any(matches(pattern, fact.kind) for pattern in webhook.kinds)
