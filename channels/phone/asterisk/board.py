"""All calls of one Asterisk: which call an event, an outcome, a timer or a command belongs to. Pure.

Ended calls are remembered for a while: a late event finds a call that is over instead of beginning a new one, and a
callback is never dialled twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from channels.phone.asterisk import agents, customer, holding, life, names, outgoing, sides, talk
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.actions import Out, Rest, Timer
from channels.phone.asterisk.record import Call, Line, Rules, State
from channels.phone.asterisk.step import Step
from channels.port import PhoneCommand, Receipt, Refused
from channels.verbs import Dialogue

REMEMBERED: Final = 5000
"""Ended calls."""
OFFER_AGAIN: Final = 500_000
OFFERS: Final = 6
"""How often a call that the house cannot take now is offered again before the dialplan gets it back."""


class Unknown(Exception):
    """A command about a call that is not here, or not here yet."""


class Board:
    """`line` says how a dialled number is picked up."""

    def __init__(self, rules: Rules, dialogue: Dialogue, line: Callable[[str], Line]) -> None:
        self.rules = rules
        self.calls: dict[str, Call] = {}
        self._dialogue = dialogue
        self._line = line
        self._of: dict[str, str] = {}
        self._past: dict[str, None] = {}

    @property
    def live(self) -> list[Call]:
        return [call for call in self.calls.values() if not call.over]

    # --- what is heard ----------------------------------------------------------------------------------------

    def hear(self, event: ev.AnyEvent, now: int) -> Out:
        out = Out()
        call = self._about(event)
        if call is None and isinstance(event, ev.StasisStart):
            call = self._arrival(event, out)
        if call is not None:
            life.hear(self.step(call, now, out), event)
            self.settle(call)
        return out

    def _about(self, event: ev.AnyEvent) -> Call | None:
        match event:
            case ev.PlaybackFinished(playback=playback):
                named = names.read(playback.id)
                return self.calls.get(named.call) if named else None
            case ev.RecordingFinished(recording=recording) | ev.RecordingFailed(recording=recording):
                return self.calls.get(_call_of_recording(recording.name))
            case ev.Dial(peer=channel):
                return self.of_channel(channel.id)
            case ev.ApplicationReplaced() | ev.ChannelUserevent():
                return None
            case _:
                return self.of_channel(event.channel.id)

    def of_channel(self, channel: str) -> Call | None:
        named = names.read(channel)
        return self.calls.get(named.call if named else self._of.get(channel, channel))

    def _arrival(self, event: ev.StasisStart, out: Out) -> Call | None:
        """A new caller; or a channel of ours whose call we do not know, which a look round will place."""
        if names.read(event.channel.id) is not None:
            out.survey = True
            return None
        if self.is_past(event.channel.id):
            # Heard late, or the dialplan brought back a call that we had given up: its own answer goes on.
            path = names.path("channels", event.channel.id, "continue")
            rest = Rest(call=event.channel.id, lane=event.channel.id, method="POST", path=path, body={})
            out.rests.append(rest)
            return None
        return self.add(event.channel, event.args)

    def add(self, channel: ev.Channel, args: tuple[str, ...]) -> Call:
        """The caller's number as Asterisk has it; what was dialled is the application's second argument."""
        dialled = args[1] if len(args) > 1 and args[0] == "inbound" else channel.dialplan.exten
        call = Call(
            id=channel.id,
            source=self.rules.source,
            channel=channel.id,
            dialled=dialled,
            caller=channel.caller.number,
            born=ev.micros(channel.creationtime),
        )
        self.calls[call.id] = call
        return call

    # --- what the house says ----------------------------------------------------------------------------------

    def command(self, command: PhoneCommand, now: int) -> tuple[str, Out]:
        """Do it; what came of it, in words for the log. Raises Unknown, and Refused for what can never be done."""
        out = Out()
        if command.verb == "dial":
            return self._dial(command, now, out), out
        call = self.calls.get(command.call)
        if call is None:
            if command.call in self._past:
                return "the call is over", out
            raise Unknown(command.call)
        said = _obey(self.step(call, now, out), command)
        self.settle(call)
        return said, out

    def _dial(self, command: PhoneCommand, now: int, out: Out) -> str:
        if command.call in self.calls or command.call in self._past:
            return "dialled already"
        if not self.rules.trunk:
            raise Refused("this source has no trunk to dial by")
        call = Call(id=command.call, source=self.rules.source, channel=names.customer(command.call))
        self.calls[call.id] = call
        return outgoing.dial(self.step(call, now, out), command)

    def is_heard_of(self, rest: Rest) -> bool:
        """A device whose ringing or end was heard must not be rung again because the answer to our request was lost."""
        call, (what, _, offer) = self.calls.get(rest.call), rest.why.partition(" ")
        if call is None:
            return what in ("ring", "dial")
        leg = call.legs.get(offer) if what == "ring" else None
        if leg is not None:
            return leg.rang or leg.gone or bool(leg.up_at)
        return what == "dial" and (call.rang or call.over or call.answered)

    def receipt(self, call_id: str, receipt: Receipt, now: int) -> Out:
        """What the house answered to `call.offered`, or to a wish."""

        def told(step: Step) -> None:
            customer.told(step, receipt)
            talk.answered(step, receipt)

        return self._do(call_id, now, told)

    def not_taken(self, call_id: str, now: int, *, again: bool) -> Out:
        """The house refused the offered call: for now (`again`), or for good."""

        def offer_again(step: Step) -> None:
            step.call.tries += 1
            if again and step.call.tries < OFFERS:
                step.wake("offer", step.now + OFFER_AGAIN)
            else:
                customer.back_to_dialplan(step)

        return self._do(call_id, now, offer_again)

    # --- what became of a request, and timers -----------------------------------------------------------------

    def outcome(self, rest: Rest, status: int, said: str, now: int) -> Out:
        """`status` 0: Asterisk could not be reached."""
        return self._do(rest.call, now, lambda step: _outcome(step, rest.why, status, said))

    def rang(self, timer: Timer, now: int) -> Out:
        return self._do(timer.call, now, lambda step: _woken(step, timer.name))

    # --- inside -----------------------------------------------------------------------------------------------

    def _do(self, call_id: str, now: int, what: Callable[[Step], None]) -> Out:
        out = Out()
        call = self.calls.get(call_id)
        if call is not None:
            what(self.step(call, now, out))
            self.settle(call)
        return out

    def step(self, call: Call, now: int, out: Out) -> Step:
        return Step(call, rules=self.rules, line=self._line(call.dialled), dialogue=self._dialogue, now=now, out=out)

    def settle(self, call: Call) -> None:
        """A call that is over stays until its legs are gone and its message is named."""
        if call.over and call.flow is None and all(leg.gone for leg in call.legs.values()):
            del self.calls[call.id]
            self._past[call.id] = None
            if len(self._past) > REMEMBERED:
                del self._past[next(iter(self._past))]

    def is_past(self, call_id: str) -> bool:
        return call_id in self._past


def _obey(step: Step, command: PhoneCommand) -> str:
    verb, offer = command.verb, command.offer
    if verb == "ring":
        return agents.ring(step, command)
    if verb == "consult":
        return holding.consult(step, command)
    if verb == "requeue":
        return holding.requeue(step, command.agent)
    if verb in _ABOUT_OFFER:
        return _ABOUT_OFFER[verb](step, offer)
    if verb in _ABOUT_TALK:
        return _ABOUT_TALK[verb](step)
    if verb == "treat":
        return _treat(step, command)
    if verb == "hang_up":
        return _hang_up(step, command)
    raise Refused(f"{verb!r} is no verb of a phone")


def _bridge(step: Step, offer: str) -> str:
    """The router confirms what the answer has done; a winner that is not connected yet is connected."""
    leg = step.call.legs.get(offer)
    if leg is None or not leg.alive:
        raise Refused(f"no device of {offer} is on the line")
    if leg.here and not step.call.inside:
        agents.connect(step, leg)
    return "bridged"


def _treat(step: Step, command: PhoneCommand) -> str:
    receipt = Receipt(instruction=command.treatment, text=command.text, language=command.language)
    customer.told(step, receipt)
    return "told" if not step.call.over else "the call is over"


def _hang_up(step: Step, command: PhoneCommand) -> str:
    """With an offer only that agent's leg; without one the call, on behalf of the agent who is named."""
    call = step.call
    if not command.offer:
        sides.hang_up(step, by="agent" if command.agent else "platform")
        return "hangs up"
    leg = call.legs.get(command.offer)
    if leg is None or leg.gone:
        return "it is gone"
    sides.drop(step, leg, "withdrawn")
    return "hangs up"


_ABOUT_OFFER: Final = {"stop_ringing": agents.stop, "bridge": _bridge, "join": holding.join, "leave": holding.leave}
_ABOUT_TALK: Final = {
    "hold": holding.hold,
    "resume": holding.resume,
    "record": holding.record,
    "pause_record": holding.pause,
    "stop_record": holding.stop,
}


def _outcome(step: Step, why: str, status: int, said: str) -> None:
    what, _, which = why.partition(" ")
    match what:
        case "ring":
            agents.placed(step, which, status, said)
        case "drop":
            agents.deleted(step, which, status)
        case "join":
            agents.joined(step, which, status)
        case "play":
            talk.not_played(step, which, status)
        case "record":
            talk.record_asked(step, status)
        case "recording":
            holding.recalled(step, status, said)
        case "recorded":
            holding.recorded(step, which, status)
        case "stored":
            talk.stored(step, status)
        case "recall":
            customer.recalled(step, status, said)
        case "screen":
            outgoing.screened(step, status)
        case "dial":
            outgoing.dialled(step, status)
        case "hang_up" | "answer" | "continue" if status == 404 and step.call.state is not State.NEW:
            # The customer's channel is gone; its end may have been lost with the connection.
            sides.over(step, by=step.call.hung_up_by or "customer", cause="gone")
        case _:
            return


def _woken(step: Step, name: str) -> None:
    what, _, which = name.partition(" ")
    call = step.call
    match what:
        case "ring":
            agents.rung_out(step, which)
        case "silent":
            agents.silent(step, which)
        case "join":
            agents.join_again(step, which)
        case "words":
            talk.words_out(step)
        case "keys":
            talk.keys_out(step)
        case "message":
            talk.look_for_message(step)
        case "offer" if call.offered is not None and not call.over:
            step.tell(call.offered)
        case "backstop" if not call.winner and not any(leg.alive for leg in call.legs.values()):
            sides.hang_up(step, by="agent")
        case _:
            return


def _call_of_recording(name: str) -> str:
    """`cc-<call>-<step>`."""
    inner = name.removeprefix("cc-").rpartition("-")[0]
    return inner.replace("~2", ":").replace("~1", "/").replace("~0", "~")
