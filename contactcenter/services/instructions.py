"""What a phone platform is told to do with a call, and in whose words (B18, I4)."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from channels.port import Receipt
from contactcenter.clock import Micros, to_datetime
from contactcenter.domain.facts import Fact
from contactcenter.services.directories import Door
from contactcenter.services.wording import Wording, in_language
from routing import effects as fx

First = Callable[[Receipt, tuple[fx.AnyEffect, ...]], Receipt]


class Instructions:
    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def first(self, door: Door, contact: str, language: str) -> First:
        """Turns the first decision about a contact into the reply: queue, or what a blocked call gets."""

        def instruct(receipt: Receipt, effects: tuple[fx.AnyEffect, ...]) -> Receipt:
            for effect in effects:
                if getattr(effect, "contact", "") != contact:
                    continue
                if isinstance(effect, fx.Queued):
                    text = self.text(door, "call.queued", language, position=effect.position)
                    return Receipt(contact, instruction="queue", text=text, language=language, position=effect.position)
                if isinstance(effect, fx.Blocked):
                    return self.blocked(door, contact, language, effect.treatment)
            return Receipt(contact, instruction="hang_up", language=language)

        return instruct

    def recalled(self, door: Door, facts: list[Fact], receipt: Receipt, language: str) -> Receipt:
        """The first decision again, from its fact; `pending` while there is none."""
        decided = next((fact for fact in facts if fact.kind in ("contact.queued", "contact.blocked")), None)
        if decided is None:
            return replace(receipt, pending=True)
        opened = next((str(fact.data.get("language", "")) for fact in facts if fact.kind == "contact.opened"), "")
        spoken = opened or language
        if decided.kind == "contact.blocked":
            answer = self.blocked(door, receipt.contact, spoken, decided.data["treatment"])
        else:
            position = int(decided.data.get("position", 0))
            text = self.text(door, "call.queued", spoken, position=position)
            answer = Receipt(receipt.contact, instruction="queue", text=text, language=spoken, position=position)
        return replace(answer, duplicate=True)

    def blocked(self, door: Door, contact: str, language: str, treatment: str) -> Receipt:
        """An apology and a way on; the callback itself is promised when the platform posts the wish."""
        text = self.text(door, f"call.blocked.{treatment}", language, until=self._latest_callback(door))
        return Receipt(contact, instruction=treatment, text=text, language=language)

    def text(self, door: Door, key: str, language: str, **params: object) -> str:
        """A customer's text of this door's client, who is always named (I5)."""
        client = door.directory.client(door.client)
        spoken = language or client.default_language
        renderer = self._wording.of(door.directory, door.client)
        return renderer.render(key, spoken, client=in_language(client.name, spoken), **params)

    def hour(self, door: Door, at: Micros) -> str:
        """An instant as the client's customers read a clock: 11-22 17:30."""
        calendar = door.directory.document.provider.time_zone
        return to_datetime(at).astimezone(ZoneInfo(calendar)).strftime("%m-%d %H:%M")

    def _latest_callback(self, door: Door) -> str:
        minutes = door.directory.document.callbacks.window_s // 60
        return f"{minutes} min"
