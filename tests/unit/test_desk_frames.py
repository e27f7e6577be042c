"""From the router's pushes to what a desk hears: each push leaves the model where a snapshot would be."""

from __future__ import annotations

from contactcenter.client import protocol as p
from contactcenter.domain.texts import catalogue
from contactcenter.realtime import desk_frames as df
from contactcenter.services.notices import NoticePush, notice_text
from contactcenter.services.pushes import DeskPush
from contactcenter.services.views import DeskView, OfferView
from contactcenter.services.wording import Wording
from routing import effects as fx
from routing.model import Offer, Outcome, Presence, PresenceState

ME = "a1"
BECAUSE = fx.Because(rule="only", band=2, tier=2)


def card(contact: str, medium: str = "chat") -> p.Card:
    return p.Card(
        contact=contact, medium=medium, client="k", client_name="K", greeting="hi", conversation=f"cv-{contact}"
    )


def offered(contact: str, agent: str = ME) -> fx.Offered:
    offer = Offer(id=f"{contact}/1/{agent}", contact=contact, agent=agent, attempt=1, made_at=0, expires_at=20_000_000)
    return fx.Offered(contact=contact, agent=agent, offer=offer, because=BECAUSE)


def tell(model: df.DeskModel, *effects: fx.AnyEffect) -> list[p.AnyFrame]:
    push = DeskPush(ME, model.seq + 1, model.seq, 0, effects)
    cards = {contact: card(contact) for contact in df.needed(push, model)}
    return df.frames(push, model, cards, units=lambda medium: 20, say=lambda notice: notice.notice, number=str.upper)


def kinds(frames: list[p.AnyFrame]) -> list[str]:
    return [str(frame.__struct_config__.tag) for frame in frames]


def test_an_offer_becomes_mine_then_wraps_up_then_is_gone() -> None:
    model = df.DeskModel(ME)
    assert kinds(tell(model, offered("c"))) == ["offer", "presence"]
    taken = tell(
        model,
        fx.OfferEnded("c", ME, "c/1/a1", Outcome.ACCEPTED),
        fx.Owned("c", ME, "c/1/a1", 0),
    )
    assert kinds(taken) == ["offer_ended", "assigned"]
    assert model.conversations() == {"cv-c": "c"}
    assert kinds(tell(model, fx.WrapUpBegan("c", ME, 5, "agent"))) == ["wrap_up"]
    assert model.cards["c"].state == "wrap_up"
    assert kinds(tell(model, fx.Released("c", ME, "done"))) == ["released", "presence"]
    assert (model.mine, model.offers, model.cards, model.presence.used_units) == ({}, {}, {}, 0)


def test_who_missed_two_in_a_row_reads_it_as_a_sentence_about_himself() -> None:
    def say(told: NoticePush) -> str:
        return notice_text(Wording(catalogue()), told, "zh-CN")

    model = df.DeskModel(ME)
    push = DeskPush(ME, 1, 0, 0, (fx.Missed(agent=ME, misses=2),))
    (frame,) = df.frames(push, model, {}, units=lambda medium: 20, say=say, number=str.upper)
    assert isinstance(frame, p.NoticeFrame)
    assert (frame.code, frame.text) == ("missed_twice", "您连续两次未应答")


def test_frames_carry_the_number_of_their_push() -> None:
    model = df.DeskModel(ME, seq=41)
    assert {frame.seq for frame in tell(model, offered("c"))} == {42}


def test_units_of_offers_and_contacts_are_counted_once_each() -> None:
    model = df.DeskModel(ME)
    tell(model, offered("c"), offered("d"))
    assert model.presence.used_units == 40


def test_what_happens_to_a_colleague_is_not_shown() -> None:
    model = df.DeskModel(ME)
    told = tell(model, offered("c", "a2"), fx.Owned("c", "a2", "c/1/a2", 0), fx.Released("c", "a2", "x"))
    assert kinds(told) == ["passed"]


def test_an_owner_without_an_offer_gets_the_card_read() -> None:
    model = df.DeskModel(ME)
    push = DeskPush(ME, 1, 0, 0, (fx.Owned("c", ME, "", 0, by="a9", reason="urgent"),))
    assert df.needed(push, model) == {"c": None}


def test_an_accepted_offer_costs_no_second_reading() -> None:
    model = df.DeskModel(ME)
    tell(model, offered("c"))
    push = DeskPush(ME, 2, 1, 0, (fx.Owned("c", ME, "c/1/a1", 0),))
    assert df.needed(push, model) == {}


def test_a_contact_that_cannot_be_read_is_left_out() -> None:
    model = df.DeskModel(ME)
    push = DeskPush(ME, 1, 0, 0, (offered("c"),))
    assert kinds(df.frames(push, model, {}, units=lambda medium: 20, say=str, number=str.upper)) == ["passed"]
    assert model.seq == 1


def test_a_change_of_my_contact_is_shown_with_what_the_push_says() -> None:
    model = df.DeskModel(ME)
    tell(model, offered("c"), fx.Owned("c", ME, "c/1/a1", 0))
    (frame,) = tell(model, fx.Amended("c", True, 0, 7_000_000))
    assert isinstance(frame, p.ContactFrame)
    assert (frame.card.complaint, frame.card.state) == (True, "active")


def test_a_breach_of_what_is_mine_is_noticed_and_no_other() -> None:
    model = df.DeskModel(ME)
    tell(model, offered("c"))
    assert kinds(tell(model, fx.Breached("c", 1, "line"), fx.Breached("x", 1, "line"))) == ["notice"]


def test_presence_is_told_once_for_a_push() -> None:
    model = df.DeskModel(ME)
    moved = fx.PresenceMoved(ME, PresenceState.NOT_READY, "lunch", 9_000_000, "seat-1")
    frames = tell(model, fx.PresenceMoved(ME, PresenceState.READY), moved)
    assert kinds(frames) == ["presence"]
    assert (model.presence.state, model.presence.reason, model.presence.device) == ("not_ready", "lunch", "seat-1")


# --- consults ----------------------------------------------------------------------------------------------


def asked(agent: str, owner: str) -> tuple[fx.AnyEffect, fx.AnyEffect]:
    offer = Offer(f"c/2/{agent}", "c", agent, 2, made_at=0, expires_at=20_000_000, role="consult")
    return fx.ConsultAsked("c", agent, owner, offer.id), fx.Offered("c", agent, offer, BECAUSE)


def test_who_is_asked_sees_the_card_and_who_asks_while_it_rings() -> None:
    model = df.DeskModel(ME)
    offer, _ = tell(model, *asked(ME, "a2"))
    assert isinstance(offer, p.OfferFrame)
    assert (offer.offer.consult_by, offer.offer.card.contact) == ("A2", "c")


def test_who_talks_as_the_second_one_carries_the_call_until_he_leaves() -> None:
    model = df.DeskModel(ME)
    tell(model, *asked(ME, "a2"))
    ended = fx.OfferEnded("c", ME, "c/2/a1", Outcome.ACCEPTED)
    _, talking = tell(model, ended, fx.ConsultBegan("c", ME, "a2", "c/2/a1"))
    assert isinstance(talking, p.ConsultFrame)
    assert talking.consult.card is not None
    assert (talking.consult.by, talking.consult.state, talking.consult.card.state) == ("A2", "talking", "consulted")
    assert (model.mine, model.presence.used_units) == ({}, 20)
    over, presence = tell(model, fx.ConsultEnded("c", ME, "a2", "c/2/a1", "left", talked=True))
    assert isinstance(over, p.ConsultFrame)
    assert (over.consult.state, over.consult.reason, over.consult.card) == ("ended", "left", None)
    assert isinstance(presence, p.PresenceFrame)
    assert (presence.presence.used_units, model.cards) == (0, {})


def test_who_joined_has_the_call_without_reading_its_card_again() -> None:
    model = df.DeskModel(ME)
    tell(model, *asked(ME, "a2"))
    tell(model, fx.OfferEnded("c", ME, "c/2/a1", Outcome.ACCEPTED), fx.ConsultBegan("c", ME, "a2", "c/2/a1"))
    joined = fx.ConsultEnded("c", ME, "a2", "c/2/a1", "joined", talked=True)
    told = tell(model, joined, fx.Released("c", "a2", "joined"), fx.Owned("c", ME, "", 0, "a2", "consult"))
    assert kinds(told) == ["consult", "assigned"]
    assert list(model.mine) == ["c"]


def test_the_owner_hears_each_step_of_his_consult() -> None:
    model = df.DeskModel(ME)
    tell(model, offered("c"), fx.Owned("c", ME, "c/1/a1", 0))
    steps = [
        tell(model, *asked("a2", ME)),
        tell(model, fx.ConsultEnded("c", "a2", ME, "c/2/a2", "declined")),
    ]
    heard = [frame.consult for frames in steps for frame in frames if isinstance(frame, p.ConsultFrame)]
    assert [(each.agent, each.state, each.reason) for each in heard] == [
        ("A2", "ringing", ""),
        ("A2", "ended", "declined"),
    ]


def test_a_snapshot_leaves_out_what_has_no_card() -> None:
    view = DeskView(
        agent=ME,
        cursor=9,
        presence=Presence(agent=ME, state=PresenceState.READY),
        used_units=40,
        capacity=60,
        offers=tuple(OfferView(id=f"{c}/1/a1", contact=c, agent=ME, attempt=1, made_at=0, expires_at=1) for c in "cd"),
    )
    model, frame = df.snapshot(ME, view, {"c": card("c")}, capacity=60, number=str.upper)
    assert [offer.contact for offer in frame.offers] == ["c"]
    assert (frame.seq, model.seq, frame.presence.capacity) == (9, 9, 60)


def test_who_was_never_here_is_offline_with_his_capacity() -> None:
    _, frame = df.snapshot(ME, None, {}, capacity=60, number=str.upper)
    assert frame.presence == p.DeskPresence(state="offline", capacity=60)
