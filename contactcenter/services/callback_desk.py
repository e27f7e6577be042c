"""The signed link at which a customer may cancel his callback, and what its page says (A04).

The token names provider and callback and is signed as visitors' tokens are; whoever has the link may cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from itsdangerous import BadData
from msgspec import Struct

from contactcenter.clock import Clock, Micros, to_datetime
from contactcenter.domain.cards import mask_phone
from contactcenter.domain.directory import Directory
from contactcenter.errors import NotFound
from contactcenter.services.access import MAX_TOKEN, signing
from contactcenter.services.callback_cancelling import Standing, cancelling, standing_of
from contactcenter.services.callback_rows import CALLER
from contactcenter.services.commands import again
from contactcenter.services.ports import Bus, ChangeStore, Reads
from contactcenter.services.views import CallbackView, Scope
from contactcenter.services.wording import Wording, in_language

MAX_AGE_S: Final = 30 * 24 * 3600


class CallbackTokens:
    def __init__(self, secrets: list[str], clock: Clock) -> None:
        self._serializer = signing(secrets, "contactcenter.callback.v1", clock)

    def sign(self, provider: str, callback: str) -> str:
        return str(self._serializer.dumps([provider, callback]))

    def verify(self, token: str) -> tuple[str, str]:
        """(provider, callback). Raises NotFound `callback_link` for whatever we did not sign, or too long ago."""
        try:
            if not token or len(token) > MAX_TOKEN:
                raise BadData("no token of ours")
            provider, callback = self._serializer.loads(token, max_age=MAX_AGE_S)
        except (BadData, ValueError, TypeError):
            raise NotFound("this link is not valid, or it has expired", code="callback_link") from None
        return str(provider), str(callback)


class Page(Struct, frozen=True, kw_only=True):
    """What the customer reads; `button` is empty when there is nothing to press."""

    standing: Standing
    title: str
    text: str
    button: str
    language: str


class CallbackDesk:
    def __init__(
        self,
        *,
        reads: Reads,
        store: ChangeStore,
        bus: Bus,
        clock: Clock,
        tokens: CallbackTokens,
        words: tuple[Wording, Callable[[str], Directory]],
    ) -> None:
        self._reads = reads
        self._store = store
        self._bus = bus
        self._clock = clock
        self._tokens = tokens
        self._wording, self._directory_of = words

    async def look(self, token: str, language: str) -> Page:
        """What would be cancelled. Raises NotFound `callback_link`. Changes nothing."""
        view = await self._found(token)
        return self._page(view, standing_of(view), language)

    async def cancel(self, token: str, language: str) -> Page:
        """Cancel it, if it is not too late; said again it says the same. Raises NotFound `callback_link`."""

        async def attempt() -> Page:
            view = await self._found(token)
            done = await cancelling(self._reads, view, by=CALLER, now=self._clock.now())
            if done.changes is not None:
                await self._store.apply(done.changes)
                await self._bus.publish(f"domain:{view.provider}")
            return self._page(view, done.standing, language)

        return await again(attempt)

    async def _found(self, token: str) -> CallbackView:
        provider, callback = self._tokens.verify(token)
        view = await self._reads.callback(Scope(provider), callback)
        if view is None:
            raise NotFound("this link is not valid, or it has expired", code="callback_link")
        return view

    def _page(self, view: CallbackView, standing: Standing, language: str) -> Page:
        directory = self._directory_of(view.provider)
        client = directory.client(view.client)
        renderer = self._wording.of(directory, view.client)
        zone = directory.callback_zone(view.number)

        def hour(at: Micros) -> str:
            return to_datetime(at).astimezone(zone).strftime("%m-%d %H:%M")

        window = {"from": hour(view.window_from), "until": hour(view.window_until), "number": mask_phone(view.number)}
        name = in_language(client.name, language)
        text = renderer.render(f"callback.page.{standing}", language, client=name, **window)
        button = renderer.render("callback.page.button", language) if standing == "open" else ""
        title = renderer.render("callback.page.title", language)
        return Page(standing=standing, title=f"{name} - {title}", text=text, button=button, language=language)
