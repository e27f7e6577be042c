"""Where a contact went and why, as sentences in the reader's language, from the facts alone.

Each line is an instant, what happened, and the reason the decision gave (`routing.effects.Because`): the numbers
it compared, not a story made up afterwards. A kind without a sentence is left out; the facts stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import asdict

from contactcenter.clock import SECOND, Micros, to_datetime
from contactcenter.domain.facts import Fact
from contactcenter.domain.texts import Renderer
from contactcenter.services import handles
from routing.effects import Because

NumberOf = Callable[[str], str]
"""Agent id -> the public number: agents are never named here."""
Say = Callable[[Fact], str]
_BETWEEN: Final = {"zh-CN": "；", "en": "; "}


class Words:
    """For one reader: a language, a time zone, and how agents are shown."""

    def __init__(self, texts: Renderer, language: str, zone: ZoneInfo, number_of: NumberOf) -> None:
        self._texts = texts
        self._language = language
        self._zone = zone
        self._number_of = number_of

    def _key(self, key: str, **values: object) -> str:
        """The catalogue's text; a word of the core that has none yet is shown as it is, never an error."""
        if key not in self._texts.catalogue:
            return key.rpartition(".")[2]
        return self._texts.render(key, self._language, **values)

    def _join(self, *parts: str) -> str:
        return _BETWEEN.get(self._language, "; ").join(part for part in parts if part)

    def clock(self, at: Micros) -> str:
        return to_datetime(at).astimezone(self._zone).strftime("%H:%M:%S.%f")[:-3]


class Explanation(Words):
    def __init__(self, texts: Renderer, language: str, zone: ZoneInfo, number_of: NumberOf) -> None:
        super().__init__(texts, language, zone, number_of)
        self._sayings: dict[str, Say] = {
            "contact.opened": self._opened,
            "contact.queued": self._queued,
            "contact.blocked": self._blocked,
            "contact.overflowed": self._overflowed,
            "contact.relaxed": self._relaxed,
            "contact.breached": self._breached,
            "contact.changed": self._changed,
            "offer.made": self._offered,
            "offer.ended": self._offer_ended,
            "contact.assigned": self._assigned,
            "consult.asked": self._consult,
            "consult.began": self._consult,
            "consult.ended": self._consult,
            "wrap_up.began": self._wrap_up,
            "contact.ended": self._ended,
            "callback.held": self._held,
            "callback.put_off": self._put_off,
        }

    def why(self, facts: Iterable[Fact]) -> tuple[str, ...]:
        """One line a fact, in the order given."""
        return tuple(line for fact in facts if (line := self.line(fact)))

    def line(self, fact: Fact) -> str:
        """Instant and sentence; empty for a kind without one."""
        said = self._said(fact)
        return f"{self.clock(fact.at)} {said}" if said else ""

    def because(self, reason: Because | dict[str, Any]) -> str:
        """The reason of an offer, a `Because` or its stored fields: rule first, then what it weighed."""
        data = asdict(reason) if isinstance(reason, Because) else reason
        said = [
            self._key(
                f"why.{data.get('rule', 'only')}",
                able=data.get("able", 1),
                level=data.get("level", 0),
                idle=seconds(data.get("idle", 0)),
            ),
            self._key("why.waited", waited=seconds(data.get("waited", 0)), ahead=data.get("ahead", 0)),
        ]
        if data.get("band", 2) != 2:
            said.append(self._key(f"why.band.{data.get('band')}"))
        if data.get("step"):
            said.append(self._key("why.relaxed", step=data["step"]))
        if data.get("ring_step"):
            said.append(self._key("why.parallel"))
        return self._join(*said, data.get("reason", ""))

    def _said(self, fact: Fact) -> str:
        saying = self._sayings.get(fact.kind)
        return saying(fact) if saying else ""

    # --- one kind each -------------------------------------------------------------------------------------

    def _opened(self, fact: Fact) -> str:
        return self._join(self._key(f"desk.medium.{fact.data.get('medium', '')}"), str(fact.data.get("view", "")))

    def _queued(self, fact: Fact) -> str:
        reason = fact.data.get("reason", "")
        position = fact.data.get("position", 0)
        expected = fact.data.get("expected", 0)
        return self._join(
            self._key("desk.status.waiting"),
            f"{self._key('desk.position')} {position}" if position else "",
            self._key("why.expected", expected=seconds(expected)) if expected else "",
            self._key(f"why.requeued.{reason}") if reason else "",
        )

    def _blocked(self, fact: Fact) -> str:
        data = fact.data
        cause = self._key(f"why.blocked.{data.get('reason', '')}", limit=data.get("limit", 0), used=data.get("used", 0))
        return self._join(self._key("ops.blocked"), cause, str(data.get("treatment", "")))

    def _overflowed(self, fact: Fact) -> str:
        waited = self._key("why.overflowed", waited=seconds(fact.data.get("waited", 0)))
        return self._join(waited, str(fact.data.get("answer", "")))

    def _relaxed(self, fact: Fact) -> str:
        return self._key("why.relaxed", step=fact.data.get("step", 0))

    def _breached(self, fact: Fact) -> str:
        return self._key("desk.overdue")

    def _changed(self, fact: Fact) -> str:
        return self._key("desk.complaint") if fact.data.get("complaint") else ""

    def _offered(self, fact: Fact) -> str:
        return f"{self._key('desk.status.offered')} {self._agent(fact)}: {self.because(fact.data.get('because', {}))}"

    def _offer_ended(self, fact: Fact) -> str:
        return f"{self._agent(fact)}: {self._key('why.outcome.' + str(fact.data.get('outcome', '')))}"

    def _assigned(self, fact: Fact) -> str:
        waited = f"{self._key('desk.waited')} {seconds(fact.data.get('waited', 0))} s"
        by = self._by(fact) if fact.data.get("by") else ""
        return f"{self._key('desk.status.active')} {self._agent(fact)}: {self._join(waited, by)}"

    def _by(self, fact: Fact) -> str:
        """A supervisor, with his reason, or the colleague who consulted him."""
        if fact.data.get("reason") == "consult":
            return self._key("why.joined")
        return self._join(self._key("why.override"), str(fact.data.get("reason", "")))

    def _consult(self, fact: Fact) -> str:
        """Who asked whom, and how far it has come."""
        owner, step = self._number_of(str(fact.data.get("owner", ""))), fact.kind.removeprefix("consult.")
        told = self._key(f"why.consulted.{fact.data.get('reason') if step == 'ended' else step}")
        return f"{self._key('why.consult')} {owner} → {self._agent(fact)}: {told}"

    def _wrap_up(self, fact: Fact) -> str:
        return f"{self._key('desk.status.wrap_up')} {self._agent(fact)}"

    def _ended(self, fact: Fact) -> str:
        return self._key(f"desk.end.{fact.data.get('how', '')}")

    def _held(self, fact: Fact) -> str:
        """By his contact; while he is in a flow by his platform's name for the call."""
        name = str(fact.data.get("call", ""))
        return f"{self._key('why.callback_held')}: {' '.join(handles.call_of(name) or (name,))}"

    def _put_off(self, fact: Fact) -> str:
        until = to_datetime(int(fact.data.get("until", 0))).astimezone(self._zone)
        return f"{self._key('why.callback_put_off')} {until:%m-%d %H:%M}"

    def _agent(self, fact: Fact) -> str:
        return self._number_of(fact.agent) if fact.agent else ""


def seconds(micros: object) -> str:
    """One decimal is enough for a person: 3.2"""
    return f"{micros / SECOND:.1f}".removesuffix(".0") if isinstance(micros, int) else "0"
