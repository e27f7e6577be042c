"""What a caller's posts come to: events for the intake, and the TwiML that says what to do next.

Without memory of its own: a dialogue's state and a call's outcome travel in the addresses. A post that comes twice
gets the same answer; what the intake cannot take now is answered with an error, and is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

from channels.phone.twilio import forms, twiml
from channels.phone.twilio.board import Board
from channels.phone.twilio.forms import Form
from channels.phone.twilio.links import Links, outcome_of, says_of, unpacked
from channels.phone.twilio.telling import Tell
from channels.port import AnyInbound, Receipt
from channels.verbs import Caller, Dialogue, Exit, Outcome, Say, Turn

Query = Mapping[str, str]
QUEUED: Final = Outcome(exit=Exit.QUEUE)
_TREATMENTS: Final = ("ivr", "voicemail", "callback")


class Callers:
    """One source's; `now` gives microseconds UTC, `music` is the address of what waiting callers hear."""

    def __init__(
        self,
        *,
        source: str,
        tell: Tell,
        dialogue: Dialogue,
        links: Links,
        board: Board,
        now: Callable[[], int],
        music: str = "",
    ) -> None:
        self._source = source
        self._tell = tell
        self._dialogue = dialogue
        self._links = links
        self._board = board
        self._now = now
        self._music = music

    # --- the caller ---------------------------------------------------------------------------------------

    async def voice(self, form: Form, query: Query) -> str:
        """A call came to one of our numbers: its flow, or the queue at once."""
        self._board.began(forms.required(form, "CallSid"))
        turn = self._dialogue.begin(self._caller(form), self._now())
        return await (self._queue(form, QUEUED, alerting=True) if turn is None else self._turned(form, turn, b""))

    async def turn(self, form: Form, query: Query) -> str:
        """The answer to the last verb of a flow."""
        state = unpacked(query.get("s", ""))
        turn = self._dialogue.go_on(state, forms.heard(form, query.get("h", "")), self._now())
        return await self._turned(form, turn, state)

    async def again(self, form: Form, query: Query) -> str:
        """What was decided about a call that had to be asked for once more."""
        return await self._queue(form, outcome_of(query.get("o", "")) or QUEUED, alerting=query.get("a") == "1")

    async def treated(self, form: Form, query: Query) -> str:
        """Routing wants something else for a caller who is already here."""
        text = unpacked(query.get("w", "")).decode("utf-8", "replace")
        receipt = Receipt(instruction=query.get("why", ""), text=text, language=query.get("lang", ""))
        return await self._instructed(form, receipt, QUEUED, alerting=False)

    async def wait(self, form: Form, query: Query) -> str:
        """Place and wait are said once: they change, and the address does not."""
        return twiml.meanwhile(says_of(query.get("w", "")), self._music, self._links.wait(()))

    async def left(self, form: Form, query: Query) -> str:
        """The conference is over. Who is there though nobody has ended his call was not let in, as when `wait` failed:
        he waits on, a second later."""
        call = forms.required(form, "CallSid")
        over = self._board.is_over(call) or self._board.we_ended(call)
        if over or form.get("CallStatus", "") != "in-progress":
            return twiml.bye()
        return twiml.again(self._links.again(QUEUED, alerting=False))

    async def over(self, form: Form, query: Query) -> str:
        """Everything is said."""
        return self._bye(form)

    def _bye(self, form: Form, *says: Say) -> str:
        """We hang up once our words are over; who leaves during them has hung up himself (A19)."""
        if any(say.text or say.media for say in says):
            return twiml.last_words(says, self._links.over())
        self._board.we_end(forms.required(form, "CallSid"))
        return twiml.bye()

    async def _turned(self, form: Form, turn: Turn, state: bytes) -> str:
        """Post what was chosen, then the next verb or what the end of the flow comes to."""
        call = forms.required(form, "CallSid")
        mark = blake2b(state, digest_size=8).hexdigest()
        for number, note in enumerate(turn.notes):
            name = f"note:{mark}:{number}"
            await self._tell(forms.fact(self._source, call, name=name, what=note.what, value=note.value))
        if turn.verb is not None:
            return twiml.verb(turn.verb, turn.state, self._links, self._caller(form))
        return await self._over(form, turn.outcome or QUEUED)

    async def _over(self, form: Form, outcome: Outcome) -> str:
        match outcome.exit:
            case Exit.QUEUE:
                return await self._queue(form, outcome, alerting=False)
            case Exit.VOICEMAIL:
                return await self._promised(form, forms.voicemail(self._source, form, outcome))
            case Exit.CALLBACK:
                return await self._promised(form, forms.callback(self._source, form, outcome))
            case Exit.CANCEL_CALLBACK | Exit.DO_NOT_CALL:
                return await self._promised(form, forms.wish(self._source, form, outcome))
            case Exit.HANG_UP:
                return self._bye(form)

    async def _promised(self, form: Form, inbound: AnyInbound) -> str:
        """A message or a wish is stored: the caller hears what was promised."""
        receipt = await self._tell(inbound)
        return self._bye(form, Say(receipt.text, receipt.language))

    async def _queue(self, form: Form, outcome: Outcome, *, alerting: bool) -> str:
        receipt = await self._tell(forms.offered(self._source, form, outcome, alerting=alerting))
        return await self._instructed(form, receipt, outcome, alerting=alerting)

    async def _instructed(self, form: Form, receipt: Receipt, outcome: Outcome, *, alerting: bool) -> str:
        """The routing's first decision, or a later one, as TwiML."""
        if receipt.pending:
            return twiml.again(self._links.again(outcome, alerting=alerting))
        call = forms.required(form, "CallSid")
        self._board.tell(call, receipt.instruction)
        if receipt.instruction in _TREATMENTS:
            caller = self._caller(form, why=receipt.instruction, text=receipt.text, language=receipt.language)
            turn = self._dialogue.begin(caller, self._now())
            return self._bye(form) if turn is None else await self._turned(form, turn, b"")
        if receipt.instruction == "hang_up":
            return self._bye(form, Say(receipt.text, receipt.language))
        says = self._dialogue.waiting(self._caller(form), receipt, self._now())
        return twiml.waiting(call, says, self._links)

    def _caller(self, form: Form, *, why: str = "", text: str = "", language: str = "") -> Caller:
        return Caller(
            source=self._source,
            call=forms.required(form, "CallSid"),
            dialled=forms.dialled(form),
            caller=forms.caller(form),
            why=why,
            text=text,
            language=language,
        )

    async def recording(self, form: Form, query: Query) -> str:
        """A recording is ready: of a talk a fact; of a voicemail the message, should its own post have been lost."""
        if call := query.get("call", ""):
            sid, url = forms.required(form, "RecordingSid"), form.get("RecordingUrl", "")
            await self._tell(forms.fact(self._source, call, name=f"recording:{sid}", what="recording", value=url))
        elif state := unpacked(query.get("s", "")):
            turn = self._dialogue.go_on(state, forms.heard(form, ""), self._now())
            if turn.outcome is not None and turn.outcome.exit is Exit.VOICEMAIL:
                numbers = {"To": query.get("to", ""), "From": query.get("from", "")}
                await self._tell(forms.voicemail(self._source, {**form, **numbers}, turn.outcome))
        return ""

    async def transcription(self, form: Form, query: Query) -> str:
        """A message's words, where the platform writes them down."""
        call, sid = forms.required(form, "CallSid"), form.get("TranscriptionSid", "")
        if text := form.get("TranscriptionText", ""):
            await self._tell(forms.fact(self._source, call, name=f"text:{sid}", what="voicemail.text", value=text))
        return ""
