"""What is done with each kind of arrival: the use cases of a process's one intake."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from contactcenter.services.callbacks import Callbacks, no_link
from contactcenter.services.caller_wishes import CallerWishes
from contactcenter.services.dialled_calls import DialledCalls
from contactcenter.services.intake import Planner, UseCases
from contactcenter.services.intake_chat import ChatIntake
from contactcenter.services.intake_mail import MailIntake
from contactcenter.services.intake_phone import PhoneIntake
from contactcenter.wiring.callback_links import links

if TYPE_CHECKING:
    from contactcenter.wiring.core import Core


def use_cases(core: Core) -> UseCases:
    """Inbound type -> who plans it."""
    opening, instructions = core.opening, core.instructions
    callbacks = Callbacks(
        reads=core.reads, opening=opening, instructions=instructions, ids=core.ids, link=links(core) or no_link
    )
    phone = PhoneIntake(
        directories=core.directories,
        reads=core.reads,
        opening=opening,
        callbacks=callbacks,
        instructions=instructions,
        advance=advance_stored,
        ids=core.ids,
    )
    wishes = CallerWishes(directories=core.directories, reads=core.reads, instructions=instructions)
    dialled = DialledCalls(
        reads=core.reads,
        directories=core.directories,
        advance=advance_stored,
        legs=callee,
        others=phone.call_event,
        look=phone.look,
    )
    mail = MailIntake(
        directories=core.directories,
        reads=core.reads,
        opening=opening,
        cases=core.cases,
        instructions=instructions,
        ids=core.ids,
    )
    chat = ChatIntake(
        directories=core.directories,
        reads=core.reads,
        opening=opening,
        messages=core.left_messages,
        ids=core.ids,
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
    return UseCases(planners, {CallOffered: phone.recall}, core.admission, dict.fromkeys(calls, dialled.look))
