"""Our words to a caller: the verbs of a flow played and listened to, announcements while he waits, and messages.

Words are recordings: a `Say`'s own `media`, else a file of the configured folder, `<sounds>/<language>/<digest>`
with the first 16 hex digits of the text's SHA-256. Without a folder the words are left out and the log says so.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from channels.phone.asterisk import events as ev
from channels.phone.asterisk import names, sides
from channels.phone.asterisk.record import Flow, Rules, Says, State, Words
from channels.phone.asterisk.step import Step
from channels.port import CallbackCancelled, CallbackRequested, DoNotCall, Receipt, VoicemailLeft
from channels.verbs import Answer, Exit, Gather, Heard, Outcome, Record, Say, Turn

QUEUE: Final = Exit.QUEUE
MICRO: Final = 1_000_000
SCHEMES: Final = ("sound:", "recording:", "number:", "digits:", "characters:", "tone:")
ANSWER_IN: Final = 10 * MICRO
"""How long the answer to a wish is waited for."""
LONGEST_WORDS: Final = 120 * MICRO
"""Words whose end is never heard of are over after this."""


def words(rules: Rules, says: Says) -> Words:
    """What to play for these sentences, and the texts for which there is nothing."""
    media: list[str] = []
    missing: list[str] = []
    for say in says:
        if say.media:
            media.append(say.media if say.media.startswith(SCHEMES) else f"sound:{say.media}")
        elif rules.sounds and say.text:
            media.append(f"sound:{rules.sounds}/{say.language}/{digest(say.text)}")
        elif say.text:
            missing.append(say.text)
    return Words(tuple(media), tuple(missing))


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def reference(step: Step, name: str) -> str:
    """Where a stored recording is fetched."""
    return f"{step.rules.recordings}/recordings/stored/{name}/file"


# --- a flow goes on -------------------------------------------------------------------------------------------


def go(step: Step, turn: Turn) -> None:
    """Do what the flow says next."""
    call = step.call
    for note in turn.notes:
        step.progress(note.what, note.value)
    call.flow = Flow(state=turn.state, verb=turn.verb)
    if turn.outcome is not None:
        call.flow = None
        finish(step, turn.outcome)
    elif turn.verb is not None:
        sides.pick_up(step)
        _play(step, call.flow, _says(turn))


def _says(turn: Turn) -> Says:
    if isinstance(turn.verb, Say):
        return (turn.verb,)
    return turn.verb.say if turn.verb is not None else ()


def _play(step: Step, flow: Flow, says: Says) -> None:
    found = words(step.rules, says)
    step.out.missing.extend(found.missing)
    if not found.media:
        _spoken(step, flow)
        return
    step.call.step += 1
    flow.playing = names.sound(step.call.id, step.call.step)
    language = says[0].language.replace("-", "_")
    body = {"media": list(found.media), "playbackId": flow.playing, "lang": language}
    step.customer("POST", "channels", step.call.channel, "play", body=body, why=f"play {flow.playing}")
    step.wake("words", step.now + LONGEST_WORDS)


def _spoken(step: Step, flow: Flow) -> None:
    """The words are over, or there were none."""
    flow.playing, flow.spoken = "", True
    step.calm("words")
    if isinstance(flow.verb, Say):
        _answer(step, Answer(Heard.SAID))
    elif isinstance(flow.verb, Gather):
        step.wake("keys", step.now + flow.verb.timeout)
    elif isinstance(flow.verb, Record):
        _record(step, flow, flow.verb)
    elif step.call.state is State.WAITING:
        step.call.flow = None
        sides.music(step)
    elif step.call.last_words:
        step.call.flow = None
        sides.hang_up(step, by="platform")


def _answer(step: Step, answer: Answer) -> None:
    flow = step.call.flow
    if flow is None or not flow.state:
        return
    step.calm("keys")
    go(step, step.dialogue.go_on(flow.state, answer, step.now))


# --- what is heard --------------------------------------------------------------------------------------------


def played(step: Step, event: ev.AnyEvent) -> None:
    assert isinstance(event, ev.PlaybackFinished)
    _over(step, event.playback.id)


def not_played(step: Step, playback: str, status: int) -> None:
    """A refused playback is words that are over."""
    if not 200 <= status < 300:
        _over(step, playback)


def words_out(step: Step) -> None:
    """Words whose end was not heard of, or an answer to a wish that did not come."""
    flow = step.call.flow
    if flow is not None and flow.playing:
        _over(step, flow.playing)
    elif flow is not None and step.call.last_words:
        sides.hang_up(step, by="platform")


def _over(step: Step, playback: str) -> None:
    flow = step.call.flow
    if flow is not None and flow.playing == playback and not step.call.over:
        _spoken(step, flow)


def key(step: Step, event: ev.AnyEvent) -> None:
    """A key ends the words; it is taken while they are said."""
    assert isinstance(event, ev.ChannelDtmfReceived)
    flow = step.call.flow
    if flow is None or not isinstance(flow.verb, Gather):
        return
    sides.hush(step)
    if event.digit == flow.verb.finish:
        _keyed(step, flow.keys)
        return
    flow.keys += event.digit
    if len(flow.keys) >= flow.verb.most:
        _keyed(step, flow.keys)
    else:
        step.wake("keys", step.now + flow.verb.timeout)


def _keyed(step: Step, keys: str) -> None:
    _answer(step, Answer(Heard.KEYS, keys) if keys else Answer(Heard.NOTHING))


def keys_out(step: Step) -> None:
    """No key in time; what was typed counts."""
    if step.call.flow is not None and isinstance(step.call.flow.verb, Gather):
        _keyed(step, step.call.flow.keys)


# --- messages -------------------------------------------------------------------------------------------------


def _record(step: Step, flow: Flow, verb: Record) -> None:
    step.call.step += 1
    flow.recording = names.recording(step.call.id, step.call.step)
    body = {
        "name": flow.recording,
        "format": step.rules.recording_format,
        "maxDurationSeconds": max(verb.longest // MICRO, 1),
        "maxSilenceSeconds": max(verb.silence // MICRO, 1),
        "ifExists": "overwrite",
        "beep": True,
        "terminateOn": verb.finish if verb.finish in ("#", "*") else "any",
    }
    step.customer("POST", "channels", step.call.channel, "record", body=body, why=f"record {flow.recording}")


def recorded(step: Step, event: ev.AnyEvent) -> None:
    """A message is done; also after the caller hung up, which is how most end."""
    flow = step.call.flow
    if flow is None or not isinstance(event, ev.RecordingFinished | ev.RecordingFailed):
        return
    if event.recording.name != flow.recording:
        return
    if isinstance(event, ev.RecordingFinished):
        # Of a caller who hung up while he spoke, which is how most end, Asterisk says 0 seconds.
        _message(step, event.recording.duration or _seconds(flow, step.now))
    else:
        _answer(step, Answer(Heard.FAILED))


def record_asked(step: Step, status: int) -> None:
    flow = step.call.flow
    if not 200 <= status < 300:
        _answer(step, Answer(Heard.FAILED))
    elif flow is not None:
        flow.recorded_at = step.now


def _message(step: Step, seconds: int) -> None:
    """Of less than a second there is nothing to hear: he hung up on the beep. Nobody need call back for that."""
    flow = step.call.flow
    assert flow is not None
    name, flow.recording = flow.recording, ""
    step.calm("message")
    if seconds:
        _answer(step, Answer(Heard.MESSAGE, reference(step, name), seconds * MICRO))
        return
    step.customer("DELETE", "recordings", "stored", name)
    if step.call.over:
        step.call.flow = None
    else:
        _answer(step, Answer(Heard.NOTHING))


def _seconds(flow: Flow, until: int) -> int:
    return max(until - flow.recorded_at, 0) // MICRO if flow.recorded_at else 0


def look_for_message(step: Step) -> None:
    """Its end was never heard of: is it there?"""
    flow = step.call.flow
    if flow is not None and flow.recording:
        step.customer("GET", "recordings", "stored", flow.recording, why="stored")


def stored(step: Step, status: int) -> None:
    flow = step.call.flow
    if flow is not None and flow.recording:
        if 200 <= status < 300:
            _message(step, _seconds(flow, step.now - sides.LATE_MESSAGE))
        else:
            step.call.flow = None


# --- how a flow ends ------------------------------------------------------------------------------------------


def finish(step: Step, said: Outcome) -> None:
    call = step.call
    if said.exit is Exit.VOICEMAIL:
        _leave_message(step, said)
    elif said.exit is Exit.CALLBACK:
        _ask_callback(step, said)
    elif said.exit in (Exit.CANCEL_CALLBACK, Exit.DO_NOT_CALL):
        _ask_wish(step, said)
        return
    if call.over:
        return
    if said.exit is Exit.QUEUE and call.offered is None:
        sides.offer(step, said, alerting=False)
        _keep(step)
        sides.ring(step)
    elif said.exit is Exit.QUEUE and call.instruction not in sides.TREATMENTS:
        call.state = State.WAITING
        sides.ring(step)
    else:
        sides.hang_up(step, by="platform")


def _keep(step: Step) -> None:
    """What the flow learnt, on the channel itself: a process that comes after us offers the same call again."""
    offered = step.call.offered
    assert offered is not None
    complaint = "1" if offered.complaint else ""
    value = "|".join((offered.language, offered.member, offered.product, complaint, ",".join(offered.path)))
    body = {"variable": "CONTACTCENTER", "value": value}
    step.customer("POST", "channels", step.call.channel, "variable", body=body)


def kept(said: str) -> Outcome:
    """What `_keep` wrote. Nothing readable is nothing learnt."""
    value = variable(said)
    language, member, product, complaint, path = (value.split("|") + [""] * 5)[:5]
    return Outcome(
        exit=Exit.QUEUE,
        language=language,
        member=member,
        product=product,
        complaint=bool(complaint),
        path=tuple(path.split(",")) if path else (),
    )


def variable(said: str) -> str:
    """A channel's variable as Asterisk says it: {"value": ...}."""
    try:
        return msgspec.json.decode(said, type=dict[str, str]).get("value", "")
    except msgspec.DecodeError:
        return ""


def _leave_message(step: Step, said: Outcome) -> None:
    call = step.call
    step.tell(
        VoicemailLeft(
            source=call.source,
            external_id=f"{call.id}/voicemail",
            occurred_at=step.spoke_at,
            call=call.id,
            dialled=call.dialled,
            caller=call.caller,
            recording=said.recording,
            seconds=said.seconds,
            language=said.language,
            path=said.path,
        )
    )


def _ask_callback(step: Step, said: Outcome) -> None:
    call = step.call
    step.tell(
        CallbackRequested(
            source=call.source,
            external_id=f"{call.id}/callback",
            occurred_at=step.spoke_at,
            call=call.id,
            dialled=call.dialled,
            number=said.number or call.caller,
            window_from=said.window_from,
            window_until=said.window_until,
            language=said.language,
            member=said.member,
            product=said.product,
            complaint=said.complaint,
            path=said.path,
        )
    )


def _ask_wish(step: Step, said: Outcome) -> None:
    """Told; the call goes on with the answer (`answered`), and ends without one after a while."""
    call, asked = step.call, CallbackCancelled if said.exit is Exit.CANCEL_CALLBACK else DoNotCall
    step.tell(
        asked(
            source=call.source,
            external_id=f"{call.id}/{said.exit.value}",
            occurred_at=step.spoke_at,
            call=call.id,
            dialled=call.dialled,
            number=said.number or call.caller,
            language=said.language,
        )
    )
    call.last_words = True
    call.flow = Flow(state=b"")
    sides.pick_up(step)
    step.wake("words", step.now + ANSWER_IN)


def answered(step: Step, receipt: Receipt) -> None:
    """What came of the wish, said; then the call is over."""
    call = step.call
    if call.over or not call.last_words or call.flow is None or call.flow.playing:
        return
    step.calm("words")
    _play(step, call.flow, (Say(receipt.text, receipt.language),) if receipt.text else ())


# --- words without a flow -------------------------------------------------------------------------------------


def announce(step: Step, says: Says) -> None:
    """While he waits: the words, then music again."""
    sides.quiet(step)
    flow = step.call.flow = Flow(state=b"")
    _play(step, flow, says)


def treat(step: Step, receipt: Receipt) -> None:
    """No agent will take it: the line's flow for that, else our words and the end."""
    call = step.call
    call.state = State.FLOW
    about = step.about(why=receipt.instruction, text=receipt.text, language=receipt.language)
    turn = step.dialogue.begin(about, step.now)
    if turn is not None:
        go(step, turn)
        return
    call.last_words = True
    if receipt.instruction == "callback" and call.caller:
        _ask_callback(step, Outcome(exit=Exit.CALLBACK, language=receipt.language))
    sides.pick_up(step)
    flow = call.flow = Flow(state=b"")
    _play(step, flow, (Say(receipt.text, receipt.language),) if receipt.text else ())
