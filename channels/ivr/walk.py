"""One turn of a flow: the state as it changes, the notes of what was chosen, and how a turn ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from channels import verbs
from channels.flow import Flow, Node
from channels.ivr import state as of_state
from channels.ivr.state import State
from channels.ivr.surroundings import Surroundings
from channels.verbs import Exit, Note, Outcome, Turn, Verb

SECOND = 1_000_000
LONGEST_PATH = 32
Step = Turn | str
"""A turn to hand out, or the node to enter next."""


@dataclass
class Walk:
    """Lives for one call of the engine."""

    flow: Flow
    state: State
    house: Surroundings
    now: int
    notes: list[Note] = field(default_factory=list)

    @property
    def line(self) -> str:
        return self.state.caller.dialled

    def node(self, name: str) -> Node | None:
        return next((node for node in self.flow.nodes if node.id == name), None)

    # --- words ----------------------------------------------------------------------------------------------

    def said(self, text: Mapping[str, str], language: str = "", /, *, media: str = "") -> verbs.Say:
        """A text of the flow in the caller's language, or in another one."""
        spoken = language or self.state.language
        words = self.house.say(self.line, text, spoken, told=self.state.caller.text, callback=self._callback(spoken))
        return verbs.Say(words, spoken, media)

    def _callback(self, language: str) -> str:
        """When he will be called back; '' for who is promised nothing."""
        state = self.state
        if state.promised is None:
            return ""
        return self.house.when(self.line, state.caller.caller, language, span=state.promised, now=self.now)

    def words(self, key: str, /, **params: str) -> verbs.Say:
        """A text of the catalogue."""
        return verbs.Say(self.house.words(self.line, key, self.state.language, **params), self.state.language)

    def note(self, what: str, value: str) -> None:
        """A fact of the call, and a step of its path. Digits may be anybody's secret: the path says how many."""
        self.notes.append(Note(what, value))
        self.step(f"{self.state.node}={len(value)} digits" if what == "ivr.digits" else value)

    def step(self, step: str) -> None:
        """Of the path alone; of a long one the end is kept."""
        self.state.path = (*self.state.path, step)[-LONGEST_PATH:]

    # --- ends of a turn -------------------------------------------------------------------------------------

    def turn(self, verb: Verb, *, step: str = "") -> Turn:
        """Say or ask; the answer comes to the same node at `step`."""
        self.state.step = step
        return Turn(state=of_state.encode(self.state), verb=verb, notes=tuple(self.notes))

    def end(self, outcome: Outcome) -> Turn:
        """Over. A caller whom routing has turned away cannot queue: he is called back where he can be (I4)."""
        if outcome.exit is Exit.QUEUE and self.state.caller.why:
            outcome = self._instead()
        return Turn(state=of_state.encode(self.state), outcome=outcome, notes=tuple(self.notes))

    def _instead(self) -> Outcome:
        number = self.state.number or self.state.caller.caller
        if self.house.can_be_called(number):
            return self.state.outcome(Exit.CALLBACK, number=number)
        return self.state.outcome(Exit.HANG_UP)

    def ask(
        self, says: Iterable[verbs.Say], *, step: str = "ask", most: int = 1, timeout_s: int = 5, again: bool = False
    ) -> Turn:
        """Take keys while saying. `again` counts one more try of the same question."""
        self.state.tries = self.state.tries + 1 if again else 0
        spoken = tuple(each for each in says if each.text or each.media)
        return self.turn(verbs.Gather(say=spoken, most=most, timeout=timeout_s * SECOND), step=step)
