"""While a caller and an agent talk: hold, warm transfer, recording.

One bridge is enough. A held caller is taken out of it and hears music; the agent stays, and a consulted agent comes
to him there. Joining brings the caller back and lets the first agent go.
"""

from __future__ import annotations

from channels.phone.asterisk import agents, names, sides, talk
from channels.phone.asterisk.record import State
from channels.phone.asterisk.step import Step
from channels.port import PhoneCommand

RECORDING = "CONTACTCENTER_RECORDING"
"""The channel variable with the name of the running recording."""


def hold(step: Step) -> str:
    call = step.call
    if call.held or call.over or not call.winner:
        return "nobody to hold"
    call.held = True
    sides.alone(step)
    step.progress("held")
    return "held"


def resume(step: Step) -> str:
    call = step.call
    if not call.held or call.over:
        return "not held"
    call.held = False
    sides.quiet(step)
    call.inside = True
    step.customer("POST", "bridges", names.bridge(call.id), "addChannel", body={"channel": call.channel}, why="back")
    step.progress("resumed")
    return "resumed"


def consult(step: Step, command: PhoneCommand) -> str:
    """Hold the caller and ring a second agent for the first."""
    if not step.call.winner or step.call.over:
        return "nobody talks"
    hold(step)
    return agents.ring(step, command, consult=True)


def join(step: Step, offer: str) -> str:
    """The consulted agent takes over: the caller comes back, the first agent is let go."""
    call = step.call
    second = call.legs.get(offer)
    if second is None or not second.alive or not second.here or call.over:
        return "the consulted agent is not there"
    first = call.talker
    second.consult = False
    call.winner = offer
    resume(step)
    if first is not None and first is not second and first.alive:
        sides.drop(step, first, "joined")
    return "joined"


def leave(step: Step, offer: str) -> str:
    """The consulted agent goes again, the caller comes back to the first."""
    second = step.call.legs.get(offer)
    if second is not None and second.alive:
        sides.drop(step, second, "withdrawn")
    return resume(step)


def requeue(step: Step, agent: str) -> str:
    """The agent gave the call back to the queue: he is let go, the caller waits with music for the next ring.

    Said again it finds another agent, who keeps the caller; whose leg it is was not always kept over a restart.
    """
    call, first = step.call, step.call.talker
    if call.over or first is None or first.agent not in ("", agent):
        return "he does not talk"
    call.winner, call.held, call.state = "", False, State.WAITING
    sides.alone(step)
    sides.drop(step, first, "withdrawn")
    return "waits again"


def record(step: Step) -> str:
    """Begin, or go on after a pause."""
    call = step.call
    if call.over or not call.winner:
        return "nobody talks"
    if call.recording:
        step.customer("DELETE", "recordings", "live", call.recording, "pause")
        return "records again"
    call.step += 1
    call.recording = names.recording(call.id, call.step)
    _keep(step)
    body = {"name": call.recording, "format": step.rules.recording_format, "ifExists": "overwrite"}
    step.customer("POST", "bridges", names.bridge(call.id), "record", body=body, why=f"recorded {call.recording}")
    return "records"


def recorded(step: Step, name: str, status: int) -> None:
    """Told once, when it begins: most recordings end with the call, and by then nobody may be there to hear of it.

    Without an answer (0) it may run: better an address in vain than a recording that nobody knows.
    """
    call = step.call
    if status in (0, 409) or 200 <= status < 300:
        step.progress("recording", talk.reference(step, name), key=name)
    elif call.recording == name:
        call.recording = ""
        step.progress("recording_failed", str(status), key=f"{name}/failed")


def pause(step: Step) -> str:
    """Nothing of what follows is kept, a card number say; silence is not recorded either."""
    if not step.call.recording:
        return "nothing is recorded"
    step.customer("POST", "recordings", "live", step.call.recording, "pause")
    return "paused"


def stop(step: Step) -> str:
    call = step.call
    if not call.recording:
        return "nothing is recorded"
    name, call.recording = call.recording, ""
    _keep(step)
    step.customer("POST", "recordings", "live", name, "stop")
    return "stopped"


def _keep(step: Step) -> None:
    """What is recorded, on the channel itself: who comes after us must be able to pause it."""
    body = {"variable": RECORDING, "value": step.call.recording}
    step.customer("POST", "channels", step.call.channel, "variable", body=body)


def recall_recording(step: Step) -> None:
    body = {"variable": RECORDING}
    step.customer("GET", "channels", step.call.channel, "variable", body=body, why="recording")


def recalled(step: Step, status: int, said: str) -> None:
    call = step.call
    if 200 <= status < 300 and not call.recording and not call.over:
        call.recording = talk.variable(said)
