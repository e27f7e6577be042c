"""The desk's commands as use cases: step 6 of the main flow, where an agent's answer becomes an event.

What moves the queue goes to the router and waits for its decision; everything else is written here, once. Errors
are the tree of `contactcenter.errors`, with stable codes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from contactcenter.client import protocol as p
from contactcenter.errors import Conflict, ContactCenterError, Invalid
from contactcenter.services.asking import Asking
from contactcenter.services.callback_attempts import CallbackAttempts
from contactcenter.services.cases import Cases
from contactcenter.services.changes import Changes, ContactLink, ConversationMove
from contactcenter.services.commands import Stamp, again, stamp_of
from contactcenter.services.complaint_raising import Grievance
from contactcenter.services.complaints import Complaints
from contactcenter.services.conversation import Conversation, owned_contact
from contactcenter.services.destinations import colleague, view_for
from contactcenter.services.office import Office
from contactcenter.services.seats import Seat
from contactcenter.services.talk import Talk
from contactcenter.services.views import ContactView, ConversationView
from routing import events as ev
from routing.model import PresenceState

NOT_READY_REASONS: Final = ("break", "lunch", "meeting", "training", "after_hard_contact", "other")
REPLY_SEARCH: Final = 200
Answer = dict[str, Any]
Handler = Callable[[Seat, Any], Awaitable[Answer]]


class DeskService:
    def __init__(
        self,
        office: Office,
        asking: Asking,
        *,
        conversation: Conversation,
        cases: Cases,
        complaints: Complaints,
        attempts: CallbackAttempts,
        talk: Talk,
    ) -> None:
        self._office = office
        self._asking = asking
        self._conversation = conversation
        self._cases = cases
        self._complaints = complaints
        self._attempts = attempts
        self._handlers: dict[type[p.Command], Handler] = {
            p.SignIn: self._sign_in,
            p.SignOut: self._sign_out,
            p.Ready: self._ready,
            p.NotReady: self._not_ready,
            p.Accept: self._accept,
            p.Decline: self._decline,
            p.Finish: self._finish,
            p.WrapUpDone: self._wrap_up_done,
            p.Transfer: self._transfer,
            p.Say: self._say,
            p.Messages: self._messages,
            p.OpenCase: self._open_case,
            p.Complain: self._complain,
            p.Escalate: self._escalate,
            p.CloseCase: self._close_case,
            p.Note: self._note,
            p.Dial: self._dial,
            **talk.handlers(self._once),
        }

    async def carry_out(self, seat: Seat, command: p.Command) -> Answer:
        """Do it and say what `ok` holds. Raises ContactCenterError; `undecided` means: stored, the answer is late."""
        handler = self._handlers.get(type(command))
        if handler is None:
            raise Conflict("this command has no place here", code="unknown_command")
        return await handler(seat, command)

    # --- what the router decides -------------------------------------------------------------------------------

    async def _ask(self, seat: Seat, command: p.Command, event: ev.AnyEvent, changes: Changes | None = None) -> Answer:
        await self._asking.ask(seat.provider, _key(seat, command), event, changes)
        return {}

    async def _once(self, seat: Seat, command: p.Command, work: Callable[[Stamp], Awaitable[Answer]]) -> Answer:
        """For what looks at the state first: said again, the state has moved, and the first answer is given again.

        Nothing is read beforehand: only what cannot be done now is asked whether it was done before.
        """
        stamp = stamp_of(seat.provider, seat.agent, command)
        try:
            return await again(lambda: work(stamp))
        except ContactCenterError:
            first = await self._office.store.first_receipt(stamp.source, stamp.id)
            if first is None:
                raise
        stamp.first_answer(first)
        await self._asking.outcome(seat.provider, _key(seat, command))
        return {}

    async def _sign_in(self, seat: Seat, command: p.SignIn) -> Answer:
        return await self._ask(seat, command, ev.SignedIn(seat.agent, command.device, _key(seat, command)))

    async def _sign_out(self, seat: Seat, command: p.SignOut) -> Answer:
        """A call in progress stays with its agent. Of a callback's the queue knows nothing: he ends it first."""
        desk = await self._office.reads.desk(seat.provider, seat.agent)
        for contact in desk.contacts if desk else ():
            await self._attempts.stays(contact)
        return await self._ask(seat, command, ev.SignedOut(seat.agent, _key(seat, command)))

    async def _ready(self, seat: Seat, command: p.Ready) -> Answer:
        event = ev.PresenceSet(seat.agent, PresenceState.READY, "", _key(seat, command))
        return await self._ask(seat, command, event)

    async def _not_ready(self, seat: Seat, command: p.NotReady) -> Answer:
        if command.reason not in NOT_READY_REASONS:
            raise Invalid(f"reason is one of {', '.join(NOT_READY_REASONS)}", code="reason", field="reason")
        event = ev.PresenceSet(seat.agent, PresenceState.NOT_READY, command.reason, _key(seat, command))
        return await self._ask(seat, command, event)

    async def _accept(self, seat: Seat, command: p.Accept) -> Answer:
        return await self._ask(seat, command, ev.OfferAccepted(command.offer, seat.agent, _key(seat, command)))

    async def _decline(self, seat: Seat, command: p.Decline) -> Answer:
        event = ev.OfferDeclined(command.offer, seat.agent, command.reason, _key(seat, command))
        return await self._ask(seat, command, event)

    async def _wrap_up_done(self, seat: Seat, command: p.WrapUpDone) -> Answer:
        """With a `result` the agent corrects what the platform told of a callback, in the same transaction."""
        event = ev.WrappedUp(command.contact, seat.agent, _key(seat, command))
        if not command.result:
            return await self._ask(seat, command, event)

        async def work(stamp: Stamp) -> Answer:
            contact = await owned_contact(self._office.reads, seat, command.contact, any_state=True)
            changes = Changes(receipt=stamp.receipt({}, self._office.clock.now()))
            await self._attempts.corrected(seat, contact, command.result, changes)
            try:
                return await self._ask(seat, command, event, changes)
            except Conflict as late:
                if late.code != "unknown_contact":
                    raise
                return {}  # the wrap-up ran out meanwhile: he is free, and his word is stored

        return await self._once(seat, command, work)

    # --- finishing ---------------------------------------------------------------------------------------------

    async def _finish(self, seat: Seat, command: p.Finish) -> Answer:
        """A mail needs a reply or a reason for none (A10), a callback its result."""
        return await self._once(seat, command, lambda stamp: self._finished(seat, command, stamp))

    async def _finished(self, seat: Seat, command: p.Finish, stamp: Stamp) -> Answer:
        contact = await owned_contact(self._office.reads, seat, command.contact)
        changes, result = Changes(receipt=stamp.receipt({}, self._office.clock.now())), command.result
        if contact.conversation:
            result = await self._close_turn(seat, contact, command, changes)
        if contact.medium == "callback":
            await self._attempts.attempted(seat, contact, command.result, changes)
        event = ev.Finished(contact.id, seat.agent, result, _key(seat, command))
        answer = await self._ask(seat, command, event, changes)
        if changes.outbox:
            await self._office.bus.publish("outbox")
        return answer

    async def _close_turn(self, seat: Seat, contact: ContactView, command: p.Finish, changes: Changes) -> str:
        """From here on what the customer writes opens the next contact; nothing falls between the two."""
        found = await self._office.reads.conversation(seat.scope, contact.conversation)
        if found is None or found.contact != contact.id:
            return command.result
        mail = contact.medium == "mail"
        seen = found.last_seq if mail else None
        changes.conversation_moves.append(ConversationMove(id=found.id, expected=contact.id, contact="", last_seq=seen))
        return await self._mail_result(seat, contact, found, command, changes) if mail else command.result

    async def _mail_result(
        self, seat: Seat, contact: ContactView, found: ConversationView, command: p.Finish, changes: Changes
    ) -> str:
        if await self._was_answered(seat, contact, found):
            return command.result
        if not command.no_reply_reason.strip():
            raise Invalid("reply first, or say why there is no reply", code="no_reply", field="no_reply_reason")
        context = {**contact.context, "no_reply_reason": command.no_reply_reason}
        changes.contact_links.append(ContactLink(id=contact.id, context=context))
        return f"no_reply: {command.no_reply_reason}"

    async def _was_answered(self, seat: Seat, contact: ContactView, found: ConversationView) -> bool:
        """An agent wrote in this contact, and the customer has not written again since."""
        after = max(0, found.last_seq - REPLY_SEARCH)
        listed = await self._office.reads.messages(seat.scope, found.id, after=after, limit=REPLY_SEARCH)
        spoken = [each.sender for each in listed if each.contact == contact.id and each.sender != "system"]
        return bool(spoken) and spoken[-1] == "agent"

    # --- transferring ------------------------------------------------------------------------------------------

    async def _transfer(self, seat: Seat, command: p.Transfer) -> Answer:
        """Back into the queue at the old place. A complaint goes to a person, never blindly to a view (G13).

        On the phone not even to a person who has not heard of it: `consult_first`.
        """
        if bool(command.view) == bool(command.agent):
            raise Invalid("name a view or an agent", code="target", field="view")
        return await self._once(seat, command, lambda stamp: self._transferred(seat, command, stamp))

    async def _transferred(self, seat: Seat, command: p.Transfer, stamp: Stamp) -> Answer:
        contact = await owned_contact(self._office.reads, seat, command.contact)
        await self._attempts.stays(contact)
        event = await self._transfer_event(seat, contact, command)
        changes = Changes(receipt=stamp.receipt({}, self._office.clock.now()))
        return await self._ask(seat, command, event, changes)

    async def _transfer_event(self, seat: Seat, contact: ContactView, command: p.Transfer) -> ev.Transferred:
        key = _key(seat, command)
        if contact.complaint and contact.medium == "voice":
            raise Conflict("a complaint is handed on with a consult", code="consult_first", field="contact")
        if command.agent:
            target = await colleague(self._office, seat, contact, command.agent)
            return ev.Transferred(contact.id, seat.agent, to_agent=target, reason=command.reason, command=key)
        if contact.complaint:
            raise Conflict("a complaint is handed to a person", code="blind_transfer", field="view")
        view, wanted = view_for(self._office.directory(seat.provider), contact, command.view)
        return ev.Transferred(contact.id, seat.agent, view=view.id, needs=wanted, reason=command.reason, command=key)

    # --- what is written here ----------------------------------------------------------------------------------

    async def _say(self, seat: Seat, command: p.Say) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._conversation.say(seat, contact=command.contact, text=command.text, stamp=stamp)

    async def _messages(self, seat: Seat, command: p.Messages) -> Answer:
        return await self._conversation.messages(seat, contact=command.contact, after=command.after)

    async def _open_case(self, seat: Seat, command: p.OpenCase) -> Answer:
        """Of kind complaint: raised like any complaint, with the subject as its summary."""
        if command.kind == "complaint":
            summary = command.subject or await self._subject(seat, command.contact)
            grievance = Grievance(summary=summary)
            return await self._raise(seat, command, command.contact, grievance)
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._cases.open_case(
            seat, contact=command.contact, kind=command.kind, subject=command.subject, stamp=stamp
        )

    async def _subject(self, seat: Seat, contact: str) -> str:
        return (await owned_contact(self._office.reads, seat, contact, any_state=True)).subject

    async def _complain(self, seat: Seat, command: p.Complain) -> Answer:
        grievance = Grievance(
            summary=command.summary,
            cause=command.cause,
            desired_remedy=command.desired_remedy,
            accused=command.accused,
        )
        return await self._raise(seat, command, command.contact, grievance)

    async def _raise(self, seat: Seat, command: p.Command, contact: str, grievance: Grievance) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._complaints.raise_from(seat, contact=contact, grievance=grievance, stamp=stamp)

    async def _escalate(self, seat: Seat, command: p.Escalate) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._complaints.escalate(
            seat, case=command.case, reason=command.reason, note=command.note, stamp=stamp
        )

    async def _close_case(self, seat: Seat, command: p.CloseCase) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._cases.close_case(
            seat, case=command.case, outcome=command.outcome, proof=command.proof, stamp=stamp
        )

    async def _note(self, seat: Seat, command: p.Note) -> Answer:
        """Severe words in a note send an L0 complaint up at once (E35)."""
        stamp = stamp_of(seat.provider, seat.agent, command)
        answer = await self._cases.note(seat, case=command.case, text=command.text, stamp=stamp)
        level = await self._complaints.heard(seat.scope, case=command.case, text=command.text, by=seat.agent)
        return answer if level is None else {**answer, "level": level}

    async def _dial(self, seat: Seat, command: p.Dial) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)
        return await self._attempts.dial(seat, contact=command.contact, stamp=stamp)


def _key(seat: Seat, command: p.Command) -> str:
    """Names the command for the router, its deduplication and its answer."""
    return f"{seat.agent}:{command.id}"
