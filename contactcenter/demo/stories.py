"""The scripted scenes: what a supervisor would want to see in an hour. Each begins and ends with nobody busy.

Every house has some; the smallest has all, because only there ten calls take all lines.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from contactcenter.demo import script as s
from contactcenter.demo.layout import House
from contactcenter.demo.people import Casting

PLATINUM = "13800000101"
"""周明远，whose account owner is agent 1001 （demo/customers.yaml）."""
OWNER = "1001"
CANTONESE = "13800000106"
"""何秋月，gold，speaks Cantonese."""
BACK_OFF_S = 2.6


class Story(Struct, frozen=True):
    name: str
    steps: list[s.Step]

    @property
    def contacts(self) -> int:
        return sum(isinstance(step, s.ARRIVALS) for step in self.steps)


def of(house: House, casting: Casting) -> list[Story]:
    """The scenes of a house, in the order in which they are played."""
    names = SMALLEST if house.complaints is not None else OTHERS
    return [Story(name, SCENES[name](casting)) for name in names if _possible(name, house)]


def _possible(name: str, house: House) -> bool:
    wants_chat, wants_mail = name == "chat", name == "thread"
    return bool((house.site or not wants_chat) and (house.mailbox or not wants_mail))


# --- calls -------------------------------------------------------------------------------------------------


def _call(casting: Casting, **more: object) -> s.Call:
    who = casting.stranger()
    said = {"line": casting.house.hotline.number, "caller": who.phone, **more}
    return s.Call(casting.label("call"), **said)  # type: ignore[arg-type]


def _ended(label: str) -> list[s.Step]:
    return [s.HangUp(label), s.WrapUp(label)]


def second_ring(casting: Casting) -> list[s.Step]:
    """The first desk lets it ring; after six seconds a second one rings as well, and answers."""
    call = _call(casting)
    return [call, s.Ringing(call.label, desks=2), s.Take(call.label, last=True), *_ended(call.label)]


def parallel(casting: Casting) -> list[s.Step]:
    """After ten seconds five phones ring together; the last one wins."""
    call = _call(casting)
    return [call, s.Ringing(call.label, desks=5), s.Take(call.label, last=True), *_ended(call.label)]


def breach(casting: Casting) -> list[s.Step]:
    """Nobody answers within three rings: the breach is recorded and ringing goes on."""
    call = _call(casting)
    return [call, s.Breach(call.label), s.Take(call.label), *_ended(call.label)]


def declined(casting: Casting) -> list[s.Step]:
    call = _call(casting)
    return [call, s.Decline(call.label), s.Take(call.label), *_ended(call.label), s.Pause("", seconds=BACK_OFF_S)]


def abandoned(casting: Casting) -> list[s.Step]:
    """The caller gives up while it rings."""
    call = _call(casting)
    return [call, s.HangUp(call.label)]


def cantonese(casting: Casting) -> list[s.Step]:
    """Only two of ten speak Cantonese; one of them hears this caller."""
    call = _call(casting, caller=CANTONESE)
    return [call, s.Take(call.label), *_ended(call.label)]


def transfer(casting: Casting) -> list[s.Step]:
    """Over to a colleague, with everything that is known; the place in the queue is kept."""
    call = _call(casting)
    colleague = casting.house.agents[-1].number
    again = [s.Transfer(call.label, agent=colleague), s.Take(call.label)]
    return [call, s.Take(call.label), *again, *_ended(call.label)]


def complaint(casting: Casting) -> list[s.Step]:
    """L0, to the supervisor L1, to the client's own desk L2."""
    line = casting.house.complaints or casting.house.hotline
    call = _call(casting, line=line.number, complaint=True)
    climb = [
        s.Complain(call.label, summary="空调维修三次仍未解决，要求退货"),
        s.Escalate(call.label, to=1, reason="customer_asks_leader"),
        s.Escalate(call.label, to=2, reason="over_limit", supervisor=True),
    ]
    return [call, s.Take(call.label), *climb, *_ended(call.label)]


# --- all lines taken ---------------------------------------------------------------------------------------


def eleventh(casting: Casting) -> list[s.Step]:
    """Ten calls take all lines. The eleventh is promised a call back, the twelfth leaves a message; both are kept."""
    calls = [_call(casting) for _ in casting.house.agents]
    full = [step for call in calls for step in (call, s.Take(call.label))]
    blocked = _blocked(casting)
    free = [step for call in calls for step in _ended(call.label)]
    back, voice = blocked[1].label, blocked[4].label
    return [*full, *blocked, s.Apart(""), *free, *_called_back(back), *_called_back(voice)]


def _blocked(casting: Casting) -> list[s.Step]:
    house, promised, recorded = casting.house, casting.stranger(called_back=True), casting.stranger(called_back=True)
    toll_free = (house.toll_free or house.hotline).number
    eleventh = s.Call(casting.label("call"), line=toll_free, caller=promised.phone, expect=s.BLOCKED)
    twelfth = s.Call(casting.label("call"), line=house.hotline.number, caller=recorded.phone, expect=s.BLOCKED)
    back, voice = casting.label("callback"), casting.label("voicemail")
    return [
        eleventh,
        s.AskCallback(back, line=toll_free, number=promised.phone, after=eleventh.label, expect=s.WAITS),
        s.HangUp(eleventh.label),
        twelfth,
        s.Voicemail(voice, line=house.hotline.number, caller=recorded.phone, after=twelfth.label, expect=s.WAITS),
        s.HangUp(twelfth.label),
    ]


def _called_back(label: str) -> list[s.Step]:
    """Previewed, dialled, reached."""
    return [s.Take(label), s.Dial(label), s.Finish(label, result="reached"), s.WrapUp(label)]


def overtaking(casting: Casting) -> list[s.Step]:
    """Everybody wraps up. An ordinary customer waits, a platinum one comes later and is answered first."""
    calls = [_call(casting) for _ in casting.house.agents]
    full = [step for call in calls for step in (call, s.Take(call.label))]
    talked = [s.HangUp(call.label) for call in calls]
    iron, platinum = _call(casting, expect=s.WAITS), _call(casting, caller=PLATINUM, expect=s.WAITS)
    first = [s.Free("", agent=OWNER), s.Ringing(platinum.label, desks=1), s.Take(platinum.label)]
    second = [s.Free("", agent=casting.house.agents[1].number), s.Ringing(iron.label, desks=1), s.Take(iron.label)]
    wrapped = [s.WrapUp(call.label) for call in calls]
    over = [*_ended(platinum.label), *_ended(iron.label)]
    return [*full, *talked, iron, platinum, *first, *second, *wrapped, *over]


# --- text --------------------------------------------------------------------------------------------------


def callback(casting: Casting) -> list[s.Step]:
    """The toll-free line's menu takes a wish to be called back."""
    who, label = casting.stranger(called_back=True), casting.label("callback")
    line = casting.house.toll_free or casting.house.hotline
    return [s.AskCallback(label, line=line.number, number=who.phone), *_called_back(label)]


def thread(casting: Casting) -> list[s.Step]:
    """A mail is answered; the customer writes once more in the same thread."""
    who, first, second = casting.stranger(), casting.label("mail"), casting.label("mail")
    box = casting.house.mailbox
    answered: list[s.Step] = [
        s.Mail(first, mailbox=box, sender=who.mail, subject="屏幕有一条亮线", text="上周买的电视，屏幕有一条亮线。"),
        *_replied(first, "您好，我们明天上门检查。"),
    ]
    again = s.Mail(
        second, mailbox=box, sender=who.mail, subject="Re：屏幕有一条亮线", text="好的，上午在家。", thread=first
    )
    return [*answered, again, *_replied(second, "谢谢，师傅九点到。")]


def _replied(label: str, text: str) -> list[s.Step]:
    return [s.Take(label), s.Say(label, text=text), s.Finish(label), s.WrapUp(label)]


def chat(casting: Casting) -> list[s.Step]:
    """A conversation in Chinese."""
    who, label = casting.stranger(), casting.label("chat")
    site = casting.house.site
    return [
        s.Chat(label, site=site, name=who.name, text="你好，新买的电视连不上网络。", contact_point=who.phone),
        s.Take(label),
        s.Say(label, text="您好，请问是无线还是网线连接？"),
        s.Speak(label, text="无线，密码是对的。"),
        s.Say(label, text="请在设置里选择恢复网络，再连接一次。"),
        s.Speak(label, text="好了，谢谢！"),
        s.OpenCase(label, kind="consult", subject="网络连接"),
        s.HangUp(label),
        s.WrapUp(label),
    ]


SCENES: dict[str, Callable[[Casting], list[s.Step]]] = {
    "second_ring": second_ring,
    "parallel": parallel,
    "breach": breach,
    "declined": declined,
    "abandoned": abandoned,
    "cantonese": cantonese,
    "transfer": transfer,
    "complaint": complaint,
    "eleventh": eleventh,
    "overtaking": overtaking,
    "callback": callback,
    "thread": thread,
    "chat": chat,
}
SMALLEST = (
    "chat", "cantonese", "second_ring", "declined", "thread", "eleventh", "complaint", "transfer", "abandoned",
    "overtaking", "parallel", "callback",
)  # fmt: skip
OTHERS = ("second_ring", "chat", "thread", "complaint", "breach", "abandoned", "callback", "parallel", "declined")
