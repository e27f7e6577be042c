"""What a decision about a consult says to the phone platform."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from channels.port import PhoneCommand
from contactcenter.services import handles
from contactcenter.services.phone_orders import orders
from routing import effects as fx
from routing.model import Contact, End, Medium, Offer, Record, Status, Tier

NOW = 1_000_000


def record(device: str = "", **known: Any) -> Record:
    contact = Contact(
        id="c",
        client="k",
        lease="k",
        medium=Medium.VOICE,
        tier=Tier.IRON,
        enqueued_at=0,
        clock_from=0,
        deadline=NOW,
        plan="",
        handle=handles.phone("pbx", "call-1"),
    )
    asked = Offer("c/2/a2", "c", "a2", 2, made_at=0, expires_at=9 * NOW, device=device, role="consult")
    return Record(contact, 1, owner="a1", **{"status": Status.ACTIVE, "consult": asked, **known})


def ordered(effect: fx.AnyEffect, of: Record) -> list[tuple[str, str, str]]:
    commands = [each.payload for each in orders(effect, of, provider="p", number="1002", now=NOW)]
    assert all(isinstance(each, PhoneCommand) for each in commands)
    return [(each.id, each.verb, each.offer) for each in commands if isinstance(each, PhoneCommand)]


def ended(reason: str, *, talked: bool) -> fx.ConsultEnded:
    return fx.ConsultEnded("c", "a2", "a1", "c/2/a2", reason, talked=talked)


BEGAN = fx.ConsultBegan("c", "a2", "a1", "c/2/a2")
JOINED = fx.Owned("c", "a2", "", 0, by="a1", reason="consult")


def test_a_phone_is_rung_at_the_offer_and_not_again_when_it_is_answered() -> None:
    asked = record("sip/2").consult
    assert asked is not None
    offered = fx.Offered("c", "a2", asked, fx.Because("named", 2, 2))
    (sending,) = orders(offered, record(consult=None), provider="p", number="1002", now=NOW)
    assert isinstance(sending.payload, PhoneCommand)
    assert (sending.payload.verb, sending.payload.device, sending.not_after) == ("consult", "sip/2", 9 * NOW)
    assert ordered(BEGAN, record("sip/2")) == []


def test_without_a_device_the_platform_hears_of_it_when_he_has_said_yes() -> None:
    assert ordered(BEGAN, record()) == [("c/2/a2/consult", "consult", "c/2/a2")]
    assert ordered(ended("declined", talked=False), record()) == []
    assert ordered(ended("left", talked=True), record()) == [("c/2/a2/leave", "leave", "c/2/a2")]


def test_a_join_is_one_command_and_no_bridge() -> None:
    assert ordered(ended("joined", talked=True), record("sip/2")) == []
    assert ordered(JOINED, record("sip/2")) == [("c/2/a2/join", "join", "c/2/a2")]


def test_a_supervisor_whose_reason_is_called_consult_bridges_as_ever() -> None:
    assert ordered(JOINED, record(consult=None)) == [("c/0/bridge", "bridge", "")]


def test_an_agent_who_ends_a_call_without_wrap_up_hangs_up_too() -> None:
    finished = fx.Ended("c", End.FINISHED, by="agent", agent="a1")
    assert ordered(finished, record(consult=None)) == [("c/hang_up", "hang_up", "")]
    assert ordered(fx.Ended("c", End.FINISHED, agent="a1"), record(consult=None)) == []


def test_a_call_that_is_handed_on_leaves_its_agent_and_each_turn_has_its_own_command() -> None:
    released = fx.Released("c", "a1", "transfer")
    first, again = record(consult=None), record(consult=None)
    again = replace(again, contact=replace(again.contact, clock_from=5))
    assert ordered(released, first) == [("c/0/requeue", "requeue", "")]
    assert ordered(released, again) == [("c/5/requeue", "requeue", "")]
    assert ordered(JOINED, again) == [("c/5/bridge", "bridge", "")]


def test_a_call_that_a_supervisor_closes_ends_and_neither_side_hung_up() -> None:
    closed = fx.Ended("c", End.CLOSED, by="boss", agent="a1")
    (sending,) = orders(closed, record(consult=None), provider="p", number="1001", now=NOW)
    assert isinstance(sending.payload, PhoneCommand)
    assert (sending.payload.verb, sending.payload.agent) == ("hang_up", "")
    assert ordered(closed, record(consult=None, status=Status.WRAP_UP)) == []
