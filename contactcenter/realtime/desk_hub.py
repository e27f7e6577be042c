"""An agent's desk in this process: one model, one trail of frames, one topic, however many sockets show it.

Subscribe, fetch, apply: the topic is heard before the desk is read, so nothing falls between the snapshot and the
pushes after it. Whoever comes with a cursor hears what he missed: from the trail, or nothing at all when the store
says that the desk stands where it stood. A gap, an overflow or a lost bus leads to a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import msgspec
from aiohttp import WSCloseCode

from contactcenter.client import protocol as p
from contactcenter.domain.directory import Directory
from contactcenter.errors import NotFound
from contactcenter.realtime import desk_frames as df
from contactcenter.realtime.desk_queues import Inbox
from contactcenter.realtime.desk_session import DeskSession
from contactcenter.realtime.desk_trail import Trail
from contactcenter.realtime.errands import Errands
from contactcenter.services.gathering import Gathering
from contactcenter.services.notices import NoticePush, decode_push, notice_text
from contactcenter.services.office import Office
from contactcenter.services.ports import Listener
from contactcenter.services.pushes import ConversationPush, DeskPush, decode_conversation
from contactcenter.services.screen_pop import ScreenPop
from contactcenter.services.seats import Seat, public_number
from contactcenter.services.unseen_offers import UnseenOffers
from contactcenter.services.views import ConsultView, DeskView
from routing import effects as fx
from routing.effects import Because
from routing.model import Outcome

log = logging.getLogger(__name__)
PAGE = 200
"""Messages of a conversation that are read at once."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Join:
    """A socket wants to know where the desk stands. `cursor` -1: a snapshot, whatever it has."""

    session: DeskSession
    cursor: int = -1
    conversations: dict[str, int] = field(default_factory=dict)


Item = DeskPush | NoticePush | ConversationPush | Join


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all desks of a process share. `views` reads many desks at once."""

    office: Office
    screen_pop: ScreenPop
    views: Gathering[tuple[str, str], DeskView]
    errands: Errands
    unseen: UnseenOffers
    waiting: int
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


class Desk:
    """`sessions` are the sockets that show it. A desk without sockets follows for a while, for who comes back."""

    __slots__ = (
        "_busy", "_conversations", "_house", "_inbox", "_listener", "_model", "_rung", "_trail",
        "seat", "seen", "sessions",
    )  # fmt: skip

    def __init__(self, house: House, seat: Seat) -> None:
        self._house = house
        self.seat = seat
        self.sessions: list[DeskSession] = []
        self.seen: int | None = None
        """The last seq that any socket here acknowledged; None while none ever did."""
        self._model: df.DeskModel | None = None
        self._trail = Trail()
        self._inbox: Inbox[Item] = Inbox(house.waiting)
        self._listener: Listener | None = None
        self._conversations: dict[str, Listener] = {}
        self._rung: dict[str, int] = {}
        self._busy = False

    @property
    def seq(self) -> int:
        return self._model.seq if self._model else 0

    # --- coming and going --------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Hear the topic from now on."""
        if self._listener is None:
            async with self._house.opening:
                if self._listener is None:
                    self._listener = await self._house.office.bus.listen(f"desk:{self.seat.agent}", self._heard)

    async def close(self) -> None:
        """Nobody comes back: nothing is followed any more."""
        listeners = [*self._conversations.values(), *([self._listener] if self._listener else [])]
        self._listener, self._conversations, self._model = None, {}, None
        for listener in listeners:
            await listener.stop()

    def join(self, session: DeskSession, cursor: int, conversations: dict[str, int]) -> None:
        self.sessions.append(session)
        self._put(Join(session, cursor, conversations))

    def leave(self, session: DeskSession) -> None:
        if session in self.sessions:
            self.sessions.remove(session)

    def again(self, session: DeskSession) -> None:
        self._put(Join(session))

    def saw(self, session: DeskSession, seq: int) -> None:
        self.seen = max(self.seen or 0, seq)

    def resync(self) -> None:
        """The bus lost something. Without sockets nobody asks: the desk is forgotten."""
        if self.sessions:
            self._inbox.resync()
            self._show_soon()
        else:
            self._model = None
            self._trail.clear()

    # --- what is heard -----------------------------------------------------------------------------------------

    def _heard(self, payload: bytes) -> None:
        try:
            self._put(decode_push(payload))
        except msgspec.MsgspecError:
            log.warning("a push for the desk of %s cannot be read", self.seat.agent)
            self.resync()

    def _heard_message(self, payload: bytes) -> None:
        try:
            self._put(decode_conversation(payload))
        except msgspec.MsgspecError:
            log.warning("a message for the desk of %s cannot be read", self.seat.agent)

    def _put(self, item: Item) -> None:
        self._inbox.put(item)
        self._show_soon()

    def _show_soon(self) -> None:
        if not self._busy:
            self._busy = True
            self._house.errands.run(self._show())

    async def _show(self) -> None:
        """Everything that waits, in its order. What fails ends the sockets: they come again and ask anew."""
        try:
            while self._inbox:
                if self._inbox.stale():
                    await self._snapshot(*self.sessions)
                elif (item := self._inbox.take()) is not None:
                    await self._handle(item)
        except Exception:
            log.exception("the desk of %s ended", self.seat.agent)
            self._model = None
            self._trail.clear()
            for session in tuple(self.sessions):
                session.end(WSCloseCode.INTERNAL_ERROR)
        finally:
            self._busy = False

    async def _handle(self, item: Item) -> None:
        if isinstance(item, Join):
            await self._joins(item)
        elif isinstance(item, DeskPush):
            await self._push(item)
        elif isinstance(item, NoticePush):
            self._tell(df.notice(item, self._say))
        elif frame := df.message(item, item.contact):
            self._tell(frame)

    # --- where the desk stands ---------------------------------------------------------------------------------

    async def _joins(self, join: Join) -> None:
        session = join.session
        missed = await self._missed(join.cursor)
        if missed is None:
            await self._snapshot(session)
        else:
            for payload in missed:
                session.frame(payload)
        await self._catch_up(session, join.conversations)
        if missed is not None:
            session.frame(_encode(p.ResumedFrame(seq=self.seq)))
            session.joined, session.at = True, self.seq

    async def _missed(self, cursor: int) -> list[bytes] | None:
        """The frames after `cursor`; None when only a snapshot can tell."""
        if cursor <= 0:
            return None
        if self._model is not None:
            return [] if cursor == self._model.seq else self._trail.after(cursor)
        view = await self._house.views.get((self.seat.provider, self.seat.agent))
        if view is None or view.cursor != cursor:
            return None
        asked = [offer.contact for offer in view.offers] + [each.contact for each in self._talks(view)]
        offered = await self._cards(dict.fromkeys(asked))
        self._model = df.resumed(self.seat.agent, view, offered, client=self.seat.client)
        self._rung = dict.fromkeys(self._model.offers, view.cursor)
        await self._follow()
        return []

    async def _snapshot(self, *sessions: DeskSession) -> None:
        """Read the desk. When it has moved on meanwhile, every socket hears where it stands."""
        seat = self.seat
        view = await self._house.views.get((seat.provider, seat.agent))
        capacity = self._directory.agent(seat.agent).capacity
        model, frame = df.snapshot(seat.agent, view, await self._cards_of(view), capacity=capacity, number=self._number)
        if self._model is None or model.seq != self._model.seq:
            self._trail.clear()
            sessions = (*sessions, *(each for each in self.sessions if each.joined and each not in sessions))
            self._rung = dict.fromkeys(model.offers, model.seq)
        self._model = model
        await self._follow()
        payload = _encode(frame)
        for session in sessions:
            session.joined, session.at = True, model.seq
            session.frame(payload)

    async def _catch_up(self, session: DeskSession, heard: dict[str, int]) -> None:
        """What was said meanwhile in the conversations that are still on the desk."""
        mine = self._model.conversations() if self._model and heard else {}
        for conversation in heard.keys() & mine.keys():
            after = heard[conversation]
            while True:
                listed = await self._house.office.reads.messages(self.seat.scope, conversation, after=after, limit=PAGE)
                for each in listed:
                    session.frame(_encode(df.missed_message(each, public_number(self._directory, each.agent))))
                if len(listed) < PAGE:
                    break
                after = listed[-1].seq

    # --- what happens ------------------------------------------------------------------------------------------

    async def _push(self, push: DeskPush) -> None:
        """What the snapshot has already is dropped; what does not follow it means that something was missed."""
        model = self._model
        if model is None or push.seq <= model.seq:
            return
        if push.prev != model.seq:
            await self._snapshot(*self.sessions)
            return
        cards = await self._cards(df.needed(push, model))
        told = df.frames(push, model, cards, units=self._units, say=self._say, number=self._number)
        await self._follow()
        payloads = [_encode(frame) for frame in told]
        self._trail.add(push.prev, push.seq, payloads)
        for session in self.sessions:
            if session.joined and session.at < push.seq:
                session.at = push.seq
                for payload in payloads:
                    session.frame(payload)
        await self._watch_offers(push, model)

    async def _watch_offers(self, push: DeskPush, model: df.DeskModel) -> None:
        """An offer that rang out and that no socket acknowledged: not the agent's fault, and said so."""
        for effect in push.effects:
            if isinstance(effect, fx.Offered) and effect.offer.id in model.offers:
                self._rung[effect.offer.id] = push.seq
            elif isinstance(effect, fx.OfferEnded):
                rung = self._rung.pop(effect.offer, None)
                unseen = rung is not None and self.seen is not None and self.seen < rung
                if unseen and effect.outcome is Outcome.NO_ANSWER:
                    await self._house.unseen.note(self.seat, effect, at=push.at)

    def _tell(self, frame: p.AnyFrame) -> None:
        payload = _encode(frame)
        for session in self.sessions:
            if session.joined:
                session.frame(payload)

    async def _follow(self) -> None:
        """Listen to the conversations of what is mine, before the frame says that it is mine."""
        wanted = self._model.conversations() if self._model else {}
        for gone in self._conversations.keys() - wanted.keys():
            await self._conversations.pop(gone).stop()
        for conversation in wanted.keys() - self._conversations.keys():
            bus = self._house.office.bus
            self._conversations[conversation] = await bus.listen(f"conversation:{conversation}", self._heard_message)

    # --- cards and words ---------------------------------------------------------------------------------------

    async def _cards_of(self, view: DeskView | None) -> dict[str, p.Card]:
        if view is None:
            return {}
        wanted: dict[str, Because | None] = {offer.contact: None for offer in view.offers}
        wanted.update({contact.id: None for contact in view.contacts})
        wanted.update({each.contact: None for each in self._talks(view)})
        return await self._cards(wanted)

    async def _cards(self, wanted: dict[str, Because | None]) -> dict[str, p.Card]:
        if not wanted:
            return {}
        cards = [self._card(contact, why) for contact, why in wanted.items()]
        # One alone, an offer's, needs no task of its own.
        found = [await cards[0]] if len(cards) == 1 else await asyncio.gather(*cards)
        return {card.contact: card for card in found if card is not None}

    async def _card(self, contact: str, because: Because | None) -> p.Card | None:
        seat = self.seat
        try:
            return await self._house.screen_pop.card(
                seat.scope, contact, agent=seat.agent, language=seat.language, because=because
            )
        except NotFound:
            log.warning("no card of %s for %s", contact, seat.agent)
            return None

    @property
    def _directory(self) -> Directory:
        return self._house.office.directory(self.seat.provider)

    def _talks(self, view: DeskView) -> list[ConsultView]:
        """Calls of colleagues on which he talks."""
        return [each for each in view.consults if each.talking and each.agent == self.seat.agent]

    def _number(self, agent: str) -> str:
        return public_number(self._directory, agent)

    def _units(self, medium: str) -> int:
        return self._directory.media(medium).units

    def _say(self, push: NoticePush) -> str:
        numbered = {"number": self.seat.number, **push.params}
        shown = msgspec.structs.replace(push, params=numbered)
        return notice_text(self._house.office.wording, shown, self.seat.language)
