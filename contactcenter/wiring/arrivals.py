"""What is done with each kind of arrival: the use cases of a process's one intake."""

from __future__ import annotations

from dataclasses import dataclass

from channels.phone.call import advance_stored
from channels.phone.callee import callee
from channels.port import (
    CallAlerting,
    CallAnswered,
    CallbackCancelled,
    CallbackRequested,
    CallbackSought,
    CallOffered,
    CallProgress,
    CallReleased,
    ChatLeft,
    ChatOpened,
    ChatSaid,
    DoNotCall,
    MailArrived,
    VoicemailLeft,
)
from contactcenter.clock import Ids
from contactcenter.services.admission import Admission
from contactcenter.services.callbacks import Callbacks, Link
from contactcenter.services.caller_wishes import CallerWishes
from contactcenter.services.cases import Cases
from contactcenter.services.dialled_calls import DialledCalls
from contactcenter.services.directories import Directories
from contactcenter.services.instructions import Instructions
from contactcenter.services.intake import Planner, UseCases
from contactcenter.services.intake_chat import ChatIntake
from contactcenter.services.intake_mail import MailIntake
from contactcenter.services.intake_phone import PhoneIntake
from contactcenter.services.left_messages import LeftMessages
from contactcenter.services.opening import Opening
from contactcenter.services.ports import DoorReads


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What those who plan an arrival work with."""

    directories: Directories
    reads: DoorReads
    opening: Opening
    cases: Cases
    messages: LeftMessages
    instructions: Instructions
    admission: Admission
    link: Link
    ids: Ids


def use_cases(hands: Hands) -> UseCases:
    """Inbound type -> who plans it."""
    opening, instructions = hands.opening, hands.instructions
    callbacks = Callbacks(reads=hands.reads, opening=opening, instructions=instructions, ids=hands.ids, link=hands.link)
    phone = PhoneIntake(
        directories=hands.directories,
        reads=hands.reads,
        opening=opening,
        callbacks=callbacks,
        instructions=instructions,
        advance=advance_stored,
        ids=hands.ids,
    )
    wishes = CallerWishes(directories=hands.directories, reads=hands.reads, instructions=instructions)
    dialled = DialledCalls(
        reads=hands.reads,
        directories=hands.directories,
        advance=advance_stored,
        legs=callee,
        others=phone.call_event,
        look=phone.look,
    )
    mail = MailIntake(
        directories=hands.directories,
        reads=hands.reads,
        opening=opening,
        cases=hands.cases,
        instructions=instructions,
        ids=hands.ids,
    )
    chat = ChatIntake(
        directories=hands.directories,
        reads=hands.reads,
        opening=opening,
        messages=hands.messages,
        ids=hands.ids,
    )
    calls = (CallOffered, CallAlerting, CallAnswered, CallReleased, CallProgress)
    planners: dict[type, Planner] = {
        **dict.fromkeys(calls, dialled.call_event),
        VoicemailLeft: phone.voicemail,
        CallbackRequested: phone.callback,
        CallbackCancelled: wishes.cancel,
        CallbackSought: wishes.sought,
        DoNotCall: wishes.do_not_call,
        MailArrived: mail.arrived,
        ChatOpened: chat.opened,
        ChatSaid: chat.said,
        ChatLeft: chat.left,
    }
    return UseCases(planners, {CallOffered: phone.recall}, hands.admission, dict.fromkeys(calls, dialled.look))
