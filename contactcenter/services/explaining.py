"""Why did this contact go there, and who else was there: asked of the log, because nothing of it is stored.

Decisions row 11: explain replays. From the nearest snapshot the log is decided again up to the moment in question,
and there `routing.explain` looks around. A moment is one of

- `offer`: the contact was offered to an agent; everybody as in the middle of that decision, just before the offer;
- `waits`: it took or kept its place and nobody was offered it in that decision;
- `blocked`: it was not let in;
- `instant`: any instant that was asked for, after the last decision until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.facts import Fact
from contactcenter.services.playback import Playback, Played, last_before, last_until
from contactcenter.services.ports import RoutingStore
from contactcenter.services.views import SnapshotMark
from routing.effects import AnyEffect, Because, Blocked, Offered, Queued
from routing.events import Arrived
from routing.explain import Explained, explain, explain_blocked, explain_choice
from routing.state import State

TOLD = ("offer.made", "contact.queued", "contact.blocked")
"""Facts whose decisions are moments of a contact's path."""


class Moment(Struct, frozen=True, kw_only=True):
    """`seq` is the last event that was decided by then, 0 for none. `same` is False where the replay decided otherwise
    than the day did: then this is what would happen now. `explained` is None while the queue does not hold it."""

    kind: str
    at: Micros
    seq: int
    explained: Explained | None
    because: Because | None = None
    same: bool = True


class Explaining:
    """One replay at a time in a process: it is work for a processor, and nobody's call waits for it."""

    def __init__(self, store: RoutingStore) -> None:
        self._store = store
        self._alone = asyncio.Lock()

    async def path(
        self, domain: str, contact: str, facts: Iterable[Fact], *, everyone: bool = False
    ) -> tuple[Moment, ...]:
        """Every moment of the contact's path, in order. `facts` are the contact's own."""
        wanted = sorted({fact.seq for fact in facts if fact.seq is not None and fact.kind in TOLD})
        async with self._alone:
            marks = await self._store.snapshot_marks(domain)
            looking = _Looking(contact, everyone)
            playing: Playback | None = None
            for seq in wanted:
                playing = await self._nearer(domain, marks, seq, playing)
                if playing is not None:
                    async for played in playing.play(seq):
                        if played.line.seq == seq:
                            looking.at(played, playing.state)
            return tuple(looking.moments)

    async def _nearer(
        self, domain: str, marks: Sequence[SnapshotMark], seq: int, playing: Playback | None
    ) -> Playback | None:
        """The playback to go on with: the one under way, or a fresh one where a later snapshot saves work."""
        mark = last_before(marks, seq)
        if mark is None or (playing is not None and mark <= playing.mark):
            return playing
        if playing is not None and mark.epoch == playing.mark.epoch and playing.seq >= mark.seq:
            return playing
        return await Playback.start(self._store, domain, mark)

    async def instant(self, domain: str, contact: str, at: Micros, *, everyone: bool = False) -> Moment:
        """The contact as the router had it at `at`: after the last decision until then, with the clock of `at`."""
        async with self._alone:
            mark = last_until(await self._store.snapshot_marks(domain), at)
            if mark is None:
                return Moment(kind="instant", at=at, seq=0, explained=None)
            playing = await Playback.start(self._store, domain, mark)
            same = True
            async for played in playing.play(None, at + 1):
                same = same and (played.same or played.again is None)
            found = explain(playing.state, contact, at, everyone=everyone)
            return Moment(kind="instant", at=at, seq=playing.seq, explained=found, same=same)


class _Looking:
    """Picks a contact's moments out of the decisions that concern it."""

    def __init__(self, contact: str, everyone: bool) -> None:
        self._contact = contact
        self._everyone = everyone
        self.moments: list[Moment] = []

    def at(self, played: Played, state: State) -> None:
        if played.again is None:
            return
        effects = played.again.effects
        mine = [number for number, effect in enumerate(effects) if getattr(effect, "contact", "") == self._contact]
        offers = [number for number in mine if isinstance(effects[number], Offered)]
        for number in offers:
            self._offer(played, state, effects, number)
        if not offers:
            self._without_offer(played, state, [effects[number] for number in mine])

    def _offer(self, played: Played, state: State, effects: Sequence[AnyEffect], number: int) -> None:
        made = effects[number]
        assert isinstance(made, Offered)
        explained = explain_choice(state.snapshot(state.now), effects, number, everyone=self._everyone)
        self._add("offer", played, explained, made.because)

    def _without_offer(self, played: Played, state: State, effects: Sequence[AnyEffect]) -> None:
        if any(isinstance(effect, Blocked) for effect in effects):
            self._blocked(played, state)
        elif any(isinstance(effect, Queued) for effect in effects):
            explained = explain(state, self._contact, state.now, everyone=self._everyone)
            if explained is not None:
                self._add("waits", played, explained)

    def _blocked(self, played: Played, state: State) -> None:
        if isinstance(played.event, Arrived):
            contact = played.event.contact
            self._add("blocked", played, explain_blocked(state.snapshot(state.now), contact, everyone=self._everyone))

    def _add(self, kind: str, played: Played, explained: Explained, because: Because | None = None) -> None:
        line = played.line
        self.moments.append(
            Moment(kind=kind, at=line.at, seq=line.seq, explained=explained, because=because, same=played.same)
        )
