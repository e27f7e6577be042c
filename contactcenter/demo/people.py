"""Invented customers: the same for the same seed, with numbers and addresses that are new in every run."""

from __future__ import annotations

from msgspec import Struct

from contactcenter.clock import Micros, to_datetime
from contactcenter.demo.chance import Random
from contactcenter.demo.layout import House

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("秀英", "伟", "芳", "娜", "敏", "静", "强", "磊", "军", "洋", "艳", "勇", "杰", "涛", "明")


MOBILES = ((range(12), "139"), (range(12, 24), "+55119"))
"""By the hours of UTC: what a mobile begins with where it is day then. Nobody is called back at night."""


def awake(at: Micros) -> str:
    """How the number begins of somebody who may be called back now; eight digits follow."""
    return next(start for hours, start in MOBILES if to_datetime(at).hour in hours)


class Person(Struct, frozen=True, kw_only=True):
    """{run} in a number or an address stands for four digits that belong to the run alone, {mobile} for `awake`."""

    name: str
    phone: str
    mail: str


class Casting:
    """Gives every contact its label and every customer a face. `chats` counts those of the ordinary traffic."""

    def __init__(self, house: House, luck: Random) -> None:
        self.house = house
        self.chats = 0
        self._luck = luck
        self._labels = 0
        self._people = 0
        self.products = sorted({skill for agent in house.agents for skill in agent.skills if _is_product(skill)})

    def label(self, kind: str) -> str:
        self._labels += 1
        return f"{self.house.client}-{self._labels:03d}-{kind}"

    def stranger(self, *, called_back: bool = False) -> Person:
        """Somebody whom no run has met; `called_back` wherever it is day."""
        self._people += 1
        name = self._luck.choice(SURNAMES) + self._luck.choice(GIVEN)
        prefix = HOUSE_CODES.get(self.house.client, "9")
        digits = f"{prefix}{self._people:03d}"
        start = "{mobile}" if called_back else "139"
        return Person(name=name, phone=f"{start}{{run}}{digits}", mail=f"kunde{digits}.{{run}}@mail.example")


HOUSE_CODES = {"kangjia": "1", "xinghai": "2", "hongyan": "3"}


def _is_product(skill: str) -> bool:
    return not skill.startswith("lang:") and skill != "complaint"
