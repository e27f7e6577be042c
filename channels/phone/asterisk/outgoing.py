"""A callback: the agent's device first, then the customer, so that nobody picks up into silence.

Dialled at most once: the ids are the call's own, Asterisk refuses a second channel of the same id, and a call that
has been is remembered (board.py). The agent hears ringing while the customer's phone rings.
"""

from __future__ import annotations

from typing import Final

import phonenumbers

from channels.phone.asterisk import causes, names, sides
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.record import Leg, State
from channels.phone.asterisk.step import Step
from channels.port import CallAlerting, CallAnswered, PhoneCommand

SECOND: Final = 1_000_000
AGENT_RINGS: Final = 30 * SECOND
CUSTOMER_RINGS_S: Final = 60
AGENT: Final = "agent"
"""The name of the agent's leg here, where no offer was made: never told."""


def dial_string(pattern: str, number: str) -> str:
    """`{number}` as the house keeps it (E.164), `{digits}` without the plus, `{national}` as dialled in its country."""
    national = number
    if "{national}" in pattern and number.startswith("+"):
        parsed = phonenumbers.parse(number)
        said = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        national = "".join(letter for letter in said if letter.isdigit())
    values = {"{number}": number, "{digits}": number.removeprefix("+"), "{national}": national}
    for name, value in values.items():
        pattern = pattern.replace(name, value)
    return pattern


def dial(step: Step, command: PhoneCommand) -> str:
    """Begin with the agent."""
    call = step.call
    call.outbound, call.state = True, State.RESERVING
    call.number, call.agent, call.caller = command.number, command.agent, step.rules.caller_id
    leg = Leg(
        channel=names.agent(call.id),
        offer=command.offer or AGENT,
        device=command.device,
        agent=command.agent,
        asked_at=step.now,
        until=step.now + AGENT_RINGS,
    )
    call.legs[leg.offer] = leg
    endpoint = leg.device if "/" in leg.device else step.rules.endpoint.replace("{device}", leg.device)
    body = {
        "endpoint": endpoint,
        "app": step.rules.app,
        "appArgs": "leg",
        "channelId": leg.channel,
        "timeout": AGENT_RINGS // SECOND,
        "callerId": command.number,
    }
    step.leg(leg, "POST", "channels", body=body, why=f"ring {leg.offer}")
    step.wake(f"ring {leg.offer}", leg.until)
    return "rings the agent"


def agent_there(step: Step, leg: Leg) -> None:
    """His device answered; once it is ours, the customer is dialled."""
    call = step.call
    if not leg.here or call.state is not State.RESERVING:
        return
    step.calm(f"ring {leg.offer}")
    call.state = State.DIALLING
    call.winner = leg.offer
    call.bridged = True
    step.customer("POST", "bridges", body={"type": "mixing,dtmf_events", "bridgeId": names.bridge(call.id)})
    step.leg(leg, "POST", "channels", leg.channel, "ring")
    body = {
        "endpoint": dial_string(step.rules.trunk, call.number),
        "app": step.rules.app,
        "appArgs": "leg",
        "channelId": call.channel,
        "timeout": CUSTOMER_RINGS_S,
        "callerId": step.rules.caller_id,
        "originator": leg.channel,
    }
    step.customer("POST", "channels", body=body, why="dial")


def dialled(step: Step, status: int) -> None:
    if 200 <= status < 300 or status == 409:
        step.call.dialled_at = step.call.dialled_at or step.now
    else:
        _over(step, "unreachable")


def rings(step: Step, event: ev.AnyEvent) -> None:
    call = step.call
    if call.rang:
        return
    call.rang = True
    step.tell(
        CallAlerting(source=call.source, external_id=f"{call.id}/alerting", occurred_at=step.spoke_at, call=call.id)
    )


def answered(step: Step, event: ev.AnyEvent) -> None:
    call = step.call
    if call.answered:
        return
    call.answered = True
    tell_answer(step)


def tell_answer(step: Step) -> None:
    """Also by whoever finds them talking: the process before may not have told it. Told twice it is stored once."""
    call = step.call
    leg = call.talker
    step.tell(
        CallAnswered(
            source=call.source,
            external_id=f"{call.id}/answered",
            occurred_at=step.spoke_at,
            call=call.id,
            offer=leg.offer if leg and leg.offer != AGENT else "",
            agent=call.agent,
        )
    )


def here(step: Step, event: ev.AnyEvent) -> None:
    """The customer is ours too: they talk, unless a machine is found to have answered."""
    call = step.call
    answered(step, event)
    status = _amd(event)
    if step.rules.screen and not status and not call.unscreened:
        _screen(step)
        return
    if status:
        step.progress("answered_by", status.lower(), key="amd")
    if status == "MACHINE":
        sides.hang_up(step, by="platform")
        return
    call.here, call.state, call.inside = True, State.TALKING, True
    leg = call.talker
    if leg is None or not leg.alive:
        sides.hang_up(step, by="agent")
        return
    step.leg(leg, "DELETE", "channels", leg.channel, "ring")
    body = {"channel": [leg.channel, call.channel]}
    step.customer("POST", "bridges", names.bridge(call.id), "addChannel", body=body, why=f"join {leg.offer}")


def _amd(event: ev.AnyEvent) -> str:
    """AMDSTATUS, as the dialplan hands it back: Stasis(app,leg,${AMDSTATUS})."""
    args = event.args if isinstance(event, ev.StasisStart) else ()
    return args[1] if len(args) > 1 else ""


def _screen(step: Step) -> None:
    """Once, the dialplan listens to who answered, and hands the channel back."""
    call = step.call
    if not call.screening:
        call.screening = True
        body = {"context": step.rules.screen, "extension": "s", "priority": 1}
        step.customer("POST", "channels", call.channel, "continue", body=body, why="screen")


def screened(step: Step, status: int) -> None:
    """A dialplan that cannot be entered keeps nobody from talking."""
    if 200 <= status < 300 or step.call.over or step.call.state is not State.DIALLING:
        return
    step.call.unscreened = True
    here(step, ev.StasisStart(channel=ev.Channel(id=step.call.channel, state="Up")))


def failed(step: Step, event: ev.AnyEvent) -> None:
    """The customer was not reached, and why."""
    call = step.call
    if isinstance(event, ev.StasisEnd):
        return
    assert isinstance(event, ev.ChannelDestroyed)
    cause, tech = event.cause or call.cause, event.tech_cause or call.tech_cause
    if call.hung_up_by:
        sides.over(step, by=call.hung_up_by, cause=causes.text(cause, tech))
    else:
        end = causes.of_unanswered(cause, tech, rang=call.rang)
        sides.over(step, by="customer" if end.by == "agent" else "platform", cause=end.cause)


def agent_gone(step: Step, leg: Leg) -> None:
    """Without the agent there is no callback: before the customer is dialled it has failed, later he is let go."""
    call = step.call
    if call.over:
        return
    if call.state is State.RESERVING:
        end = causes.of_unanswered(leg.cause, leg.tech_cause, rang=leg.rang)
        leg.gone = True
        _over(step, f"agent_{end.cause}")
    else:
        sides.hang_up(step, by="agent")


def _over(step: Step, cause: str) -> None:
    sides.over(step, by="platform", cause=cause)
