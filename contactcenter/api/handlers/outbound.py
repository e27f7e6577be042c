"""Sendings that were given up, and who subscribed to facts. A client sees and repeats its own alone (I7)."""

from __future__ import annotations

from channels.port import PostWebhook
from contactcenter.api import rendering
from contactcenter.api import shapes_outbound as s
from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.errors import NotFound
from contactcenter.services.privacy import mask_text
from contactcenter.services.views import OutboxItem


async def dead(services: Services, call: Call[s.DeadQuery, None]) -> s.DeadLetters:
    limit, now = call.query.limit, services.clock.now()
    items = await services.dead_letters.listed(call.scope, limit, call.query.before)
    following = items[-1].id if len(items) == limit else ""
    return s.DeadLetters(letters=tuple(_letter(item, now) for item in items), next=following)


async def replay(services: Services, call: Call[None, None]) -> s.Replayed:
    name = call.part("id")
    item = await services.dead_letters.replay(call.scope, name, f"{call.who.kind} {call.who.subject}")
    return s.Replayed(id=item.id, kind=item.kind)


async def webhooks(services: Services, call: Call[None, None]) -> s.WebhookList:
    await services.webhooks.refresh()
    sent_to = {each.id for each in services.webhooks.of(call.scope.provider)}
    return s.WebhookList(
        webhooks=tuple(
            s.WebhookOut(
                id=each.id,
                url=each.url,
                kinds=each.kinds,
                client=each.client,
                personal_data=each.personal_data,
                stopped=each.id not in sent_to,
            )
            for each in services.webhooks.configured(call.scope.provider)
            if call.scope.client in ("", each.client)
        )
    )


async def resume(services: Services, call: Call[None, None]) -> s.WebhookList:
    name = call.part("id")
    found = services.webhooks.named(call.scope.provider, name)
    if found is None or call.scope.client not in ("", found.client):
        raise NotFound(f"there is no webhook {name!r}", field="id")
    await services.webhooks.resume(call.scope.provider, name)
    return await webhooks(services, call)


def _letter(item: OutboxItem, now: int) -> s.DeadLetter:
    payload = item.payload
    return s.DeadLetter(
        id=item.id,
        kind=item.kind,
        client=item.client,
        contact=item.contact,
        webhook=payload.webhook if isinstance(payload, PostWebhook) else "",
        attempts=item.attempts,
        created_at=rendering.instant(item.created_at),
        died_at=rendering.instant(item.done_at),
        why=mask_text(item.outcome),
        replayable=item.not_after is None or item.not_after > now,
    )
