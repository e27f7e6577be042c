"""Neutral verbs as TwiML, by the builders of Twilio's own package, which escape whatever a text holds: pure."""

from __future__ import annotations

from typing import Any, Final

from twilio.twiml.voice_response import VoiceResponse

from channels.phone.twilio.links import Links, conference_name
from channels.verbs import Caller, Gather, Record, Say, Verb

VOICES: Final = {
    "zh-CN": ("cmn-CN", "Polly.Zhiyu"),
    "yue": ("yue-CN", "Polly.Hiujin-Neural"),
    "en": ("en-US", "Polly.Joanna"),
}
"""Our language tags as Twilio's language and a voice that speaks it."""
_SECOND: Final = 1_000_000
_AGAIN_S: Final = 1
MUSIC: Final = "https://twimlets.com/holdmusic?Bucket=com.twilio.music.classical"
"""Twilio's own for those who wait, which goes on by itself."""
_ADDRESS: Final = ("http://", "https://")
LONGEST_LABEL: Final = 128
EVENTS: Final = "start end join leave hold"


def verb(one: Verb, state: bytes, links: Links, caller: Caller) -> str:
    """What to do next in a dialogue; the answer is posted to the turn's address."""
    response = VoiceResponse()
    match one:
        case Say():
            _say(response, one)
            response.redirect(links.turn(state, "said"), method="POST")
        case Gather():
            _gather(response, one, state, links)
        case Record():
            _record(response, one, state, links, caller)
    return str(response)


def _gather(response: VoiceResponse, one: Gather, state: bytes, links: Links) -> None:
    to = links.turn(state, "nothing")
    gather = response.gather(
        input="dtmf",
        num_digits=one.most,
        timeout=max(one.timeout // _SECOND, 1),
        finish_on_key=one.finish,
        action=to,
        method="POST",
        action_on_empty_result=True,
    )
    for say in one.say:
        _say(gather, say)
    response.redirect(to, method="POST")


def _record(response: VoiceResponse, one: Record, state: bytes, links: Links, caller: Caller) -> None:
    for say in one.say:
        _say(response, say)
    response.record(
        max_length=max(one.longest // _SECOND, 1),
        timeout=max(one.silence // _SECOND, 1),
        finish_on_key=one.finish,
        play_beep=True,
        action=links.turn(state, "nothing"),
        method="POST",
        recording_status_callback=links.recorded(state, dialled=caller.dialled, caller=caller.caller),
        recording_status_callback_event="completed",
    )
    response.redirect(links.turn(state, "nothing"), method="POST")


def _say(parent: Any, say: Say) -> None:
    """A recording goes before the words that it says; the name of another platform's recording is none here."""
    if say.media.startswith(_ADDRESS):
        parent.play(say.media)
    elif say.text:
        language, voice = VOICES.get(say.language, (say.language or "en-US", None))
        parent.say(say.text, language=language, voice=voice)


# --- waiting and talking ----------------------------------------------------------------------------------


def again(to: str) -> str:
    """Nothing is decided yet: ask again in a second."""
    response = VoiceResponse()
    response.pause(length=_AGAIN_S)
    response.redirect(to, method="POST")
    return str(response)


def waiting(call: str, says: tuple[Say, ...], links: Links) -> str:
    """The caller enters his conference, which begins when an agent walks in and ends when the caller leaves."""
    response = VoiceResponse()
    dial = response.dial(action=links.left(), method="POST")
    dial.conference(
        conference_name(call),
        start_conference_on_enter=False,
        end_conference_on_exit=True,
        wait_url=links.wait(says),
        wait_method="POST",
        beep=False,
        status_callback=links.conference(call),
        status_callback_event=EVENTS,
        status_callback_method="POST",
    )
    return str(response)


def meanwhile(says: tuple[Say, ...], music: str, on: str) -> str:
    """What a waiting caller hears: his place and wait, then music, and from `on` what follows.

    After the last verb Twilio plays silence, so the last one leads on.
    """
    response = VoiceResponse()
    for say in says:
        _say(response, say)
    if music:
        response.play(music)
        response.redirect(on, method="POST")
    else:
        response.redirect(MUSIC, method="GET")
    return str(response)


def join(call: str, offer: str, links: Links, *, last: bool = False) -> str:
    """An agent walks in. `last`: the conference ends with him (a callback that he made).

    His label is the offer, so that whoever finds him in the conference knows whose he is.
    """
    response = VoiceResponse()
    dial = response.dial(action=links.agent_left(call, offer), method="POST")
    dial.conference(
        conference_name(call),
        start_conference_on_enter=True,
        end_conference_on_exit=last,
        participant_label=offer if len(offer) <= LONGEST_LABEL else None,
        beep=False,
        status_callback=links.conference(call),
        status_callback_event=EVENTS,
        status_callback_method="POST",
    )
    return str(response)


def last_words(says: tuple[Say, ...], over: str) -> str:
    """Who is still there when they are over is told goodbye at `over`."""
    response = VoiceResponse()
    for say in says:
        _say(response, say)
    response.redirect(over, method="POST")
    return str(response)


def bye() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)
