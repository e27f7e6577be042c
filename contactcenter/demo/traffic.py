"""The hour as a script: ordinary traffic, with the stories told in between. Pure: (houses, seed, contacts) -> lanes.

Ordinary contacts overlap: several calls, chats and mails are open at a time, and chance picks which goes on. What
rings goes on soon (the ring ladder must not climb by accident), who wraps up is done soon, and there are always more
free people than open contacts, so that what arrives rings at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from contactcenter.demo import script as s
from contactcenter.demo import stories
from contactcenter.demo.chance import Random, dice
from contactcenter.demo.layout import House
from contactcenter.demo.people import Casting, Person

SHARES = (0.22, 0.33, 0.45)
"""Of all contacts, by house, smallest first."""
CHATS = 13
"""Chats of one house: the door takes thirty new sessions a minute from one address."""
RINGS_FOR, WRAPS_FOR = 2, 4
"""How many other steps may come between arriving and answering, and between hanging up and being ready again."""


class Open(Struct):
    """An ordinary contact that is going on: its remaining steps, and since when it must go on."""

    steps: list[s.Step]
    urgent_in: int = 0


def lanes(houses: tuple[House, ...], *, seed: int, contacts: int) -> tuple[s.Lane, ...]:
    """One script a house. The same arguments give the same scripts."""
    shares = SHARES if len(houses) == len(SHARES) else (1 / len(houses),) * len(houses)
    return tuple(
        _lane(house, dice(seed, house.client), round(contacts * share))
        for house, share in zip(houses, shares, strict=True)
    )


def _lane(house: House, luck: Random, contacts: int) -> s.Lane:
    casting = Casting(house, luck)
    told = stories.of(house, casting)
    ordinary = max(0, contacts - sum(story.contacts for story in told))
    between = _cut(ordinary, len(told) + 1)
    steps: list[s.Step] = []
    for at, count in enumerate(between):
        steps += _stretch(casting, luck, count)
        if at < len(told):
            steps += told[at].steps
    return s.Lane(house.client, tuple(_paced(steps)))


def _cut(count: int, parts: int) -> list[int]:
    """As even as can be."""
    return [count * (at + 1) // parts - count * at // parts for at in range(parts)]


def _stretch(casting: Casting, luck: Random, count: int) -> Iterator[s.Step]:
    """`count` ordinary contacts, overlapping; all are over at the end."""
    most = max(2, min(16, len(casting.house.agents) // 2 - 1))
    going: list[Open] = []
    left = count
    while left or going:
        urgent = min((one for one in going if one.urgent_in), key=lambda one: one.urgent_in, default=None)
        if urgent is not None and (urgent.urgent_in == 1 or luck.random() < 0.5):
            yield _advance(urgent, going)
        elif left and len(going) < most and (not going or luck.random() < 0.5):
            left -= 1
            going.append(_begin(casting, luck))
            yield _advance(going[-1], going)
        else:
            yield _advance(luck.choice(going), going)


def _advance(one: Open, going: list[Open]) -> s.Step:
    step = one.steps.pop(0)
    for other in going:
        other.urgent_in = max(1, other.urgent_in - 1) if other.urgent_in else 0
    one.urgent_in = RINGS_FOR if isinstance(step, s.ARRIVALS) else WRAPS_FOR if isinstance(step, _ENDS) else 0
    if not one.steps:
        going.remove(one)
    return step


_ENDS = s.HangUp | s.Finish


# --- ordinary contacts -------------------------------------------------------------------------------------


def _begin(casting: Casting, luck: Random) -> Open:
    roll = luck.random()
    if casting.house.site and casting.chats < CHATS and roll < 0.2:
        casting.chats += 1
        return Open(_chat(casting, luck))
    if casting.house.mailbox and roll < 0.35:
        return Open(_mail(casting, luck))
    return Open(_call(casting, luck))


def _call(casting: Casting, luck: Random) -> list[s.Step]:
    who, label = casting.stranger(), casting.label("call")
    product = luck.choice(casting.products) if luck.random() < 0.3 else ""
    line = casting.house.hotline if casting.house.toll_free is None or luck.random() < 0.7 else casting.house.toll_free
    steps: list[s.Step] = [s.Call(label, line=line.number, caller=who.phone, product=product), s.Take(label)]
    steps += _matter(label, who, luck)
    steps.append(s.HangUp(label) if luck.random() < 0.8 else s.Finish(label))
    return [*steps, s.WrapUp(label)]


def _matter(label: str, who: Person, luck: Random) -> list[s.Step]:
    """What comes of the talk: mostly nothing to keep."""
    roll = luck.random()
    if roll < 0.08:
        return [s.OpenCase(label, kind="repair", subject="上门维修")]
    if roll < 0.11:
        return [s.Complain(label, summary="维修超过约定时间")]
    if roll < 0.13:
        return [s.Complain(label, summary="同一故障第三次报修"), s.Escalate(label, to=1, reason="customer_asks_leader")]
    return []


def _mail(casting: Casting, luck: Random) -> list[s.Step]:
    who, label = casting.stranger(), casting.label("mail")
    subject, text = luck.choice(MAILS)
    return [
        s.Mail(label, mailbox=casting.house.mailbox, sender=who.mail, subject=subject, text=text),
        s.Take(label),
        s.Say(label, text="您好，已收到您的邮件，我们马上为您处理。"),
        s.Finish(label),
        s.WrapUp(label),
    ]


def _chat(casting: Casting, luck: Random) -> list[s.Step]:
    who, label = casting.stranger(), casting.label("chat")
    asked = luck.choice(QUESTIONS)
    return [
        s.Chat(label, site=casting.house.site, name=who.name, text=asked, contact_point=who.phone),
        s.Take(label),
        s.Say(label, text="您好，请问产品型号是多少？"),
        s.Speak(label, text="型号在背面，我看一下。"),
        s.Say(label, text="好的，不着急。"),
        s.HangUp(label) if luck.random() < 0.5 else s.Finish(label),
        s.WrapUp(label),
    ]


MAILS = (
    ("询问保修期", "你好，我想问一下保修期是多久。"),
    ("发票补开", "请补开上个月的发票，谢谢。"),
    ("遥控器失灵", "遥控器按键没有反应，电池已经换过。"),
    ("预约安装", "希望本周六上午上门安装。"),
)
QUESTIONS = ("电视没有声音怎么办？", "怎么连接无线网络？", "请问附近有维修点吗？", "订单什么时候发货？")

# --- the hour's clock --------------------------------------------------------------------------------------


def _paced(steps: list[s.Step]) -> Iterator[s.Step]:
    """A place on the hour's clock before every arrival at which nothing rings and nobody wraps up."""
    total = max(1, sum(isinstance(step, s.ARRIVALS) for step in steps))
    come, hurried, taken = 0, set[str](), set[str]()
    for step in steps:
        if isinstance(step, s.ARRIVALS):
            if not hurried:
                yield s.Pace("", at=come / total)
            come += 1
        yield step
        _hurry(step, hurried, taken)


def _hurry(step: s.Step, hurried: set[str], taken: set[str]) -> None:
    """Who may not be kept waiting after this step: what rings, and who wraps up."""
    if isinstance(step, s.ARRIVALS) and step.expect != s.BLOCKED:
        hurried.add(step.label)
    elif isinstance(step, s.Take):
        hurried.discard(step.label)
        taken.add(step.label)
    elif isinstance(step, _ENDS) and step.label in taken:
        hurried.add(step.label)
    elif isinstance(step, _ENDS | s.WrapUp):
        hurried.discard(step.label)
