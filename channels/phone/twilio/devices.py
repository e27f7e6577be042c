"""What the posts of devices, called-back customers and conferences come to; and who is still there."""

from __future__ import annotations

from collections.abc import Mapping

from channels.phone.twilio import forms, twiml
from channels.phone.twilio.board import CUSTOMER, Board, Leg
from channels.phone.twilio.control import RINGING, Control, Ring, is_over, is_sid
from channels.phone.twilio.forms import Form
from channels.phone.twilio.links import Links
from channels.phone.twilio.telling import Tell
from channels.port import ENDED_AWAY, CallProgress, Refused

Query = Mapping[str, str]


class Devices:
    """One source's."""

    def __init__(self, *, source: str, tell: Tell, links: Links, board: Board, control: Control) -> None:
        self._source = source
        self._tell = tell
        self._links = links
        self._board = board
        self._control = control

    # --- devices ------------------------------------------------------------------------------------------

    async def agent(self, form: Form, query: Query) -> str:
        """A device answered: the first of an offer's set walks in, a later one is released."""
        call, offer = forms.required(query, "call"), forms.required(query, "offer")
        leg, role = forms.required(form, "CallSid"), query.get("role", "")
        self._board.learn(Leg(leg, call, offer, role))
        late = self._board.we_ended(call) or self._board.is_over(call)
        if late or (role == "" and not self._board.wins(call, offer)):
            await self._tell(forms.ended(self._source, call, offer, name=leg, cause="withdrawn"))
            return twiml.bye()
        await self._tell(forms.answered(self._source, call, offer, form))
        if role == "dial":
            await self._call_customer(call, offer, query.get("number", ""))
        return twiml.join(call, offer, self._links, last=role == "dial")

    async def _call_customer(self, call: str, offer: str, number: str) -> None:
        """The other half of a callback, once; a number that the platform will not call ends it."""
        url, leg = self._links.customer(call), Leg("", call, CUSTOMER, CUSTOMER)
        ring = Ring(id=f"{call}:customer", leg=leg, to=number, url=url, once=True, screen=self._control.screen)
        self._board.dials(call)
        try:
            await self._control.ring(ring)
            if self._board.leg(call, offer) is None:
                # He hung up while the platform took its time.
                await self._without_agent(call)
        except Refused as refused:
            await self._tell(forms.fact(self._source, call, name="refused", what="dial_refused", value=str(refused)))
            await self._tell(forms.caller_gone(self._source, call, {"CallStatus": "failed"}, by="platform"))
            await self._control.finish(call)

    async def customer(self, form: Form, query: Query) -> str:
        """A customer who is called back is there; an answering machine is not, where the platform tells."""
        call, by = forms.required(query, "call"), form.get("AnsweredBy", "")
        self._board.learn(Leg(forms.required(form, "CallSid"), call, CUSTOMER, CUSTOMER))
        self._board.connects(call)
        await self._tell(forms.fact(self._source, call, name="callee_answered", what="callee_answered"))
        if by:
            await self._tell(answered_by(self._source, call, by))
        if by.startswith(forms.MACHINES):
            # Nobody to talk to: the agent need not listen to a machine. The end of this leg ends the call.
            return twiml.bye()
        return twiml.join(call, CUSTOMER, self._links, last=True)

    async def agent_left(self, form: Form, query: Query) -> str:
        """An agent's or a called customer's conference is over. While he is still there, the other side ended it: the
        caller by leaving, or we by treating him otherwise."""
        call, offer = forms.required(query, "call"), query.get("offer", "")
        if form.get("CallStatus", "") == "in-progress":
            if offer == CUSTOMER:
                self._board.we_end(call, by="agent")
            elif is_sid(call):
                await self.check(call)
        return twiml.bye()

    # --- what happens meanwhile ------------------------------------------------------------------------------

    async def status(self, form: Form, query: Query) -> str:
        """A leg changed: a device that rings, a customer who is called back, or the caller himself."""
        call, offer, role = query.get("call", ""), query.get("offer", ""), query.get("role", "")
        leg, status = forms.required(form, "CallSid"), form.get("CallStatus", "")
        over = status in forms.ENDED
        if not call:
            if over:
                await self._gone(leg, form)
        elif role == CUSTOMER or offer == CUSTOMER:
            await self._customer_status(call, leg, form, over=over)
        else:
            offer = forms.required(query, "offer")
            if not over:
                self._board.learn(Leg(leg, call, offer, role))
            if event := forms.device(self._source, call, offer, form, ours=self._board.we_stopped(leg)):
                await self._tell(event)
            if over:
                self._board.forget(call, offer)
                if role == "dial":
                    await self._without_agent(call)
        return ""

    async def _without_agent(self, call: str) -> None:
        """The agent of a callback has gone: its customer, whose phone may still ring, would meet silence."""
        customer = self._board.leg(call, CUSTOMER)
        if customer is not None and await self._control.status(customer.sid) in RINGING:
            self._board.we_end(call)
            await self._control.end(customer.sid)

    async def _customer_status(self, call: str, leg: str, form: Form, *, over: bool) -> None:
        """A called-back customer's leg: its end is the call's end, and the agent is told why by its cause."""
        if not over:
            self._board.learn(Leg(leg, call, CUSTOMER, CUSTOMER))
            return
        machine, answered = form.get("AnsweredBy", ""), form.get("CallStatus") == "completed"
        if machine.startswith(forms.MACHINES):
            await self._tell(answered_by(self._source, call, machine))
        if answered and self._board.met_nobody(call):
            # He took the call and hung up before our door was asked what to do, as while Twilio listens who he is.
            form = {**form, "CallStatus": forms.MET_NOBODY}
        by = self._board.ended_by(call) if answered else "platform"
        await self._tell(forms.caller_gone(self._source, call, form, by=by))
        self._board.forget(call, CUSTOMER)
        await self._control.finish(call)

    async def conference(self, form: Form, query: Query) -> str:
        """Hold and resume are facts; a caller who left is looked after, since his own callback may be lost."""
        call = forms.required(query, "call")
        if event := forms.conference(self._source, call, form):
            await self._tell(event)
        if form.get("StatusCallbackEvent") == "participant-leave" and form.get("CallSid") == call:
            await self.check(call)
        return ""

    async def check(self, call: str) -> bool:
        """Ask the platform whether a caller is still there, and tell when he is not."""
        status = await self._control.status(call)
        over = is_over(status)
        if over:
            await self._gone(call, {"CallStatus": status})
        return over

    async def check_leg(self, leg: Leg) -> bool:
        """The same for a device."""
        status = await self._control.status(leg.sid)
        over = is_over(status)
        if over:
            form = {"CallSid": leg.sid, "CallStatus": "completed" if status == "gone" else status}
            if event := forms.device(self._source, leg.call, leg.offer, form, ours=self._board.we_stopped(leg.sid)):
                await self._tell(event)
            self._board.forget(leg.call, leg.offer)
        return over

    async def check_customer(self, call: str, leg: str) -> bool:
        """The same for the customer of a call that we made: with his leg it is over."""
        status = await self._control.status(leg)
        if is_over(status):
            form = {"CallStatus": "completed" if status == "gone" else status}
            await self._customer_status(call, leg, form, over=True)
        return is_over(status)

    async def check_nobody(self, call: str, number: str, since: int) -> bool:
        """A call that we made, with nobody in it: Twilio may know how it went; if not, it ended while we were away."""
        made = await self._control.made_to(number, since) if number else None
        if made is None:
            await self._tell(forms.caller_gone(self._source, call, {"CallStatus": ENDED_AWAY}, by="platform"))
            return True
        if made.answered_by:
            await self._tell(answered_by(self._source, call, made.answered_by))
        self._board.learn(Leg(made.sid, call, CUSTOMER, CUSTOMER))
        return await self.check_customer(call, made.sid)

    async def _gone(self, call: str, form: Form) -> None:
        await self._tell(forms.caller_gone(self._source, call, form, by=self._board.ended_by(call)))
        self._board.over(call)
        for leg in self._board.legs_of(call):
            # Whoever answered in the same moment would open a new conference, and wait in it for ever.
            await self._control.end(leg.sid)


def answered_by(source: str, call: str, by: str) -> CallProgress:
    """Whether a machine took it, where the platform finds that out; the same fact however it is learned."""
    return forms.fact(source, call, name="answered_by", what="answered_by", value=by)
