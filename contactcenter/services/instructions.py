"""What a phone platform is told to do with a call, and in whose words (A04, B18, D21, I4)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from channels.port import Receipt
from contactcenter.clock import Micros, to_datetime
from contactcenter.domain import callback_offers
from contactcenter.domain.facts import Fact
from contactcenter.services.directories import Door
from contactcenter.services.expected_waits import Told, told_when_queued
from contactcenter.services.wording import Wording, in_language
from routing import effects as fx

First = Callable[[Receipt, tuple[fx.AnyEffect, ...]], Receipt]


class TurnedAway(Struct, frozen=True, kw_only=True):
    """A contact that gets `answer` instead of an agent: why, and when that was decided. `caller`: his number."""

    contact: str
    answer: str
    reason: str
    at: Micros
    language: str = ""
    caller: str = ""


WORDS = {"closed": "closed", "max_wait": "overflowed"}
"""Which texts say it; all other reasons have those of busy lines."""


class Instructions:
    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def first(self, door: Door, contact: str, language: str, *, at: Micros, caller: str = "") -> First:
        """Turns the first decision about a contact into the reply: queue, or what a blocked call gets."""

        def instruct(receipt: Receipt, effects: tuple[fx.AnyEffect, ...]) -> Receipt:
            for effect in effects:
                if getattr(effect, "contact", "") != contact:
                    continue
                if isinstance(effect, fx.Queued):
                    said = Told.of(effect.position, effect.expected, effect.at_most)
                    return self.queued(door, contact, said, language)
                if isinstance(effect, fx.Blocked):
                    why, answer = effect.reason, effect.treatment
                    told = TurnedAway(
                        contact=contact, answer=answer, reason=why, at=at, language=language, caller=caller
                    )
                    return self.turned_away(door, told)
            return Receipt(contact, instruction="hang_up", language=language)

        return instruct

    def recalled(self, door: Door, facts: list[Fact], receipt: Receipt, language: str, *, caller: str = "") -> Receipt:
        """The first decision again, from its fact, or that it has overflowed since; `pending` while there is none."""
        later = next((fact for fact in facts if fact.kind == "contact.overflowed"), None)
        decided = later or next((fact for fact in facts if fact.kind in ("contact.queued", "contact.blocked")), None)
        if decided is None:
            return replace(receipt, pending=True)
        opened = next((str(fact.data.get("language", "")) for fact in facts if fact.kind == "contact.opened"), "")
        spoken = opened or language
        if decided.kind != "contact.queued":
            answer = self.turned_away(door, told_by(decided, spoken, caller))
        else:
            answer = self.queued(door, receipt.contact, told_when_queued(decided.data), spoken)
        return replace(answer, duplicate=True)

    def queued(self, door: Door, contact: str, said: Told, language: str) -> Receipt:
        """Where the caller stands and, from a minute on, how long it will probably take."""
        minutes = said.minutes()
        key = "call.queued_wait" if minutes else "call.queued"
        text = self.text(door, key, language, position=said.position, **minutes)
        return Receipt(
            contact,
            instruction="queue",
            text=text,
            language=language,
            position=said.position,
            expected_wait_s=said.expected_wait_s,
            at_most_wait_s=said.at_most_wait_s,
        )

    def turned_away(self, door: Door, told: TurnedAway) -> Receipt:
        """An apology and a way on; the callback itself is promised when the platform posts the wish."""
        opens = door.opens_at(told.at) if told.reason == "closed" else 0
        words = "blocked" if told.reason == "closed" and not opens else WORDS.get(told.reason, "blocked")
        params = {"until": self._latest_callback(door, told), "opens": self.hour(door, opens, told.caller)}
        text = self.text(door, f"call.{words}.{told.answer}", told.language, **params)
        return Receipt(told.contact, instruction=told.answer, text=text, language=told.language)

    def text(self, door: Door, key: str, language: str, **params: object) -> str:
        """A customer's text of this door's client, who is always named (I5)."""
        client = door.directory.client(door.client)
        spoken = language or client.default_language
        renderer = self._wording.of(door.directory, door.client)
        return renderer.render(key, spoken, client=in_language(client.name, spoken), **params)

    def hour(self, door: Door, at: Micros, number: str = "") -> str:
        """An instant as the customer with this number reads his clock, else the client's customers: 11-22 17:30."""
        zone = door.directory.callback_zone(number)
        return to_datetime(at).astimezone(zone).strftime("%m-%d %H:%M")

    def _latest_callback(self, door: Door, told: TurnedAway) -> str:
        """The end of the window that is promised to this caller if he asks now."""
        directory = door.directory
        _, until = callback_offers.promised(
            now=told.at,
            window_s=directory.document.callbacks.window_s,
            zone=directory.callback_zone(told.caller),
            calendar=directory.callback_calendar(door.client, door.line),
        )
        return self.hour(door, until, told.caller)


def told_by(fact: Fact, language: str, caller: str = "") -> TurnedAway:
    """What a fact `contact.blocked` or `contact.overflowed` says; an effect leaves out its defaults."""
    answer = str(fact.data.get("treatment") or fact.data.get("answer", ""))
    reason = str(fact.data.get("reason", "max_wait"))
    return TurnedAway(contact=fact.contact, answer=answer, reason=reason, at=fact.at, language=language, caller=caller)
