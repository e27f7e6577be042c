"""The customers' side of the script: they call, write, hang up. Each act waits until what must follow can be seen."""

from __future__ import annotations

from contactcenter.client.chat import Visitor
from contactcenter.client.phone import Receipt
from contactcenter.demo import script as s
from contactcenter.demo.doors import Letter
from contactcenter.demo.lane import ENDED, Act, Gone, Ref, Stage

# --- arrivals ------------------------------------------------------------------------------------------------


async def call(stage: Stage, step: s.Call) -> None:
    ref = stage.ref(step.label)
    ref.medium, ref.call = "voice", f"{stage.run.digits}-{step.label}"
    said = {"language": step.language, "product": step.product, "complaint": step.complaint}
    receipt = await stage.doors.phone.offered(
        ref.call,
        dialled=step.line,
        caller=stage.run.name(step.caller),
        **{key: value for key, value in said.items() if value},
    )
    await _arrived(stage, ref, receipt, step.expect)


async def ask_callback(stage: Stage, step: s.AskCallback) -> None:
    ref = stage.ref(step.label)
    ref.medium = "callback"
    number = stage.run.name(step.number)
    subject = _call_of(stage, step.after or step.label)
    receipt = await stage.doors.phone.callback(subject, dialled=step.line, number=number)
    await _arrived(stage, ref, receipt, step.expect)


async def voicemail(stage: Stage, step: s.Voicemail) -> None:
    ref = stage.ref(step.label)
    ref.medium = "callback"
    receipt = await stage.doors.phone.voicemail(
        _call_of(stage, step.after or step.label),
        dialled=step.line,
        caller=stage.run.name(step.caller),
        seconds=12,
        recording=f"https://pbx.example/recordings/{stage.run.digits}-{step.label}.wav",
    )
    await _arrived(stage, ref, receipt, step.expect)


def _call_of(stage: Stage, label: str) -> str:
    return stage.ref(label).call or f"{stage.run.digits}-{label}"


async def _arrived(stage: Stage, ref: Ref, receipt: Receipt, expect: s.Expected) -> None:
    ref.contact, ref.sent = receipt["contact"], True
    await _expected(stage, ref, expect)


async def _expected(stage: Stage, ref: Ref, expect: s.Expected) -> None:
    if expect == s.RINGS:
        await stage.see(ref, lambda: bool(stage.floor.rings(ref.contact) or stage.floor.owner(ref.contact)), "it rings")
    elif expect == s.WAITS:
        await stage.reaches(ref, "waiting", "offered", "active")
    else:
        await stage.reaches(ref, *ENDED)


async def mail(stage: Stage, step: s.Mail) -> None:
    ref = stage.ref(step.label)
    ref.medium = "mail"
    ref.message_id = f"<{stage.run.digits}.{step.label}@mail.example>"
    letter = Letter(
        sender=stage.run.name(step.sender),
        to=step.mailbox,
        subject=f"{step.subject} {stage.run.tag(step.label)}",
        text=step.text,
        message_id=ref.message_id,
        references=stage.ref(step.thread).message_id if step.thread else "",
    )
    await stage.doors.mail(letter)
    ref.sent = True
    await _found(stage, ref)
    await _expected(stage, ref, step.expect)


async def chat(stage: Stage, step: s.Chat) -> None:
    ref = stage.ref(step.label)
    ref.medium = "chat"
    who = Visitor(
        name=step.name,
        language=step.language,
        contact_point=stage.run.name(step.contact_point),
        topic=stage.run.tag(step.label),
    )
    ref.visitor = await stage.doors.visitor(step.site, who).__aenter__()
    ref.sent = True
    await _found(stage, ref)
    await _expected(stage, ref, step.expect)
    await ref.visitor.say(step.text)


async def _found(stage: Stage, ref: Ref) -> None:
    """Which contact it became: a desk shows its subject, or the API knows it."""
    tag = stage.run.tag(ref.label)
    for looks in range(200):
        ref.contact = stage.floor.with_subject(tag)
        if not ref.contact and looks % 10 == 9:
            ref.contact = await stage.doors.find(tag)
        if ref.contact:
            return
        await stage.floor.change(0.05)
    raise Gone("its contact was never found")


# --- the customer ----------------------------------------------------------------------------------------------


async def hang_up(stage: Stage, step: s.HangUp) -> None:
    """A caller who was told to ring off, gave up, or has said everything."""
    ref = stage.ref(step.label)
    if ref.medium == "voice":
        await stage.doors.phone.released(ref.call)
    elif ref.visitor is not None:
        await ref.visitor.leave()
        await ref.visitor.__aexit__(None, None, None)
    if stage.floor.owner(ref.contact) is not None:
        await stage.see(ref, lambda: over(stage, ref), "wrap-up")
        return
    await stage.see(ref, lambda: not stage.floor.rings(ref.contact), "it stops ringing")
    await stage.reaches(ref, *ENDED)


def over(stage: Stage, ref: Ref) -> bool:
    seat = stage.floor.owner(ref.contact)
    return seat is None or seat.client.desk.wraps_up(ref.contact)


async def speak(stage: Stage, step: s.Speak) -> None:
    ref = stage.ref(step.label)
    if ref.visitor is not None:
        await ref.visitor.say(step.text)
        await stage.see(ref, lambda: _heard(stage, ref, step.text), "the agent reads it")


def _heard(stage: Stage, ref: Ref, text: str) -> bool:
    """Messages are not part of a snapshot: after a reconnect only the connection is asked for."""
    seat = stage.floor.owner(ref.contact)
    if seat is None or seat.client.connections > 1:
        return True
    return any(message.text == text for message in seat.client.desk.conversations.get(ref.contact, ()))


CUSTOMERS: dict[type[s.Step], Act] = {
    s.Call: call,
    s.AskCallback: ask_callback,
    s.Voicemail: voicemail,
    s.Mail: mail,
    s.Chat: chat,
    s.HangUp: hang_up,
    s.Speak: speak,
}
