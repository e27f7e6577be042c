"""Reading commands, and answering each once."""

from __future__ import annotations

import pytest

from contactcenter.client import protocol as p
from contactcenter.domain.texts import catalogue
from contactcenter.errors import Busy, Conflict, Invalid, StaleWrite
from contactcenter.realtime.desk_commands import Answers, MalformedCommand, problem, read_command
from contactcenter.services.commands import stamp_of
from contactcenter.services.wording import Wording

WORDING = Wording(catalogue())


class Work:
    """Counts how often it was done."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.done = 0

    async def __call__(self) -> dict[str, object]:
        self.done += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"n": self.done}


def test_a_command_is_read_by_its_type() -> None:
    assert read_command('{"type": "accept", "id": "1", "offer": "o"}') == p.Accept(id="1", offer="o")


@pytest.mark.parametrize("raw", ['{"type": "ready", "id": ""}', b"\xff\xfe", "[]", "null"])
def test_what_is_no_command_is_named_malformed(raw: str | bytes) -> None:
    with pytest.raises(MalformedCommand) as wrong:
        read_command(raw)
    assert wrong.value.reply.error is not None
    assert wrong.value.reply.error.code == "malformed"


def test_a_malformed_command_is_answered_under_its_own_id() -> None:
    with pytest.raises(MalformedCommand) as wrong:
        read_command('{"type": "accept", "id": "7"}')
    assert wrong.value.reply.re == "7"


async def test_a_repeat_is_answered_without_being_done_again() -> None:
    answers, work = Answers(WORDING), Work()
    command = p.Ready(id="1")
    assert await answers.once("a1", command, "en", work) == await answers.once("a1", command, "en", work)
    assert work.done == 1


async def test_the_same_id_of_another_agent_is_another_command() -> None:
    answers, work = Answers(WORDING), Work()
    for agent in ("a1", "a2"):
        await answers.once(agent, p.Ready(id="1"), "en", work)
    assert work.done == 2


async def test_an_id_that_meant_something_else_is_refused() -> None:
    answers, work = Answers(WORDING), Work()
    await answers.once("a1", p.Ready(id="1"), "en", work)
    reply = await answers.once("a1", p.SignOut(id="1"), "en", work)
    assert reply.error is not None
    assert (reply.error.code, work.done) == ("command_id_reused", 1)


async def test_a_passing_trouble_is_not_remembered() -> None:
    answers, work = Answers(WORDING), Work(Busy("later", code="undecided"))
    first = await answers.once("a1", p.Ready(id="1"), "en", work)
    second = await answers.once("a1", p.Ready(id="1"), "en", work)
    assert first.error is not None
    assert (first.error.code, second.ok) == ("undecided", {"n": 2})


async def test_only_so_many_answers_are_kept() -> None:
    answers, work = Answers(WORDING, limit=1), Work()
    for name in ("1", "2", "1"):
        await answers.once("a1", p.Ready(id=name), "en", work)
    assert work.done == 3


async def test_a_defect_of_ours_is_said_to_be_ours() -> None:
    reply = await Answers(WORDING).once("a1", p.Ready(id="1"), "en", Work(RuntimeError("boom")))
    assert reply.error is not None
    assert reply.error.code == "internal"
    assert "boom" not in reply.error.message


def test_errors_speak_the_agents_language_and_keep_their_code() -> None:
    said = problem(Conflict("x", code="not_accepted"), WORDING, "zh-CN")
    assert (said.code, said.message) == ("not_accepted", "先受理，再决定")


def test_a_wrong_field_is_explained_in_its_own_words() -> None:
    said = problem(Invalid("reason is one of a, b", field="reason"), WORDING, "zh-CN")
    assert (said.field, said.message) == ("reason", "reason is one of a, b")


@pytest.mark.parametrize("code", ["called_in", "callback_over", "do_not_call", "no_number", "put_off", "too_late"])
def test_why_a_callback_is_not_dialled_is_told_in_the_agents_language(code: str) -> None:
    said = problem(Conflict("the service's English", code=code), WORDING, "zh-CN")
    assert (said.code, said.message.isascii()) == (code, False)


@pytest.mark.parametrize("code", ["target", "result", "recording", "unknown_agent", "unknown_view"])
def test_a_wrong_field_of_a_call_is_explained_in_the_agents_language(code: str) -> None:
    explained = Invalid("state is one of on, pause, off", code=code, field="state")
    assert problem(explained, WORDING, "en").message == "state is one of on, pause, off"
    assert not problem(explained, WORDING, "zh-CN").message.isascii()


def test_an_answer_that_is_late_is_no_decision_that_is_due() -> None:
    said = problem(Busy("not decided yet", code="undecided"), WORDING, "zh-CN")
    assert (said.code, said.message) == ("undecided", "结果还没有出来：操作已经记下，稍后会显示")
    assert problem(Conflict("x", code="undecided"), WORDING, "zh-CN").message == "先作出决定，再转回下级"


def test_a_lost_race_is_told_as_what_it_is_to_the_agent() -> None:
    said = problem(StaleWrite("contact ct_1 changed"), WORDING, "zh-CN")
    assert (said.code, said.message.isascii()) == ("busy", False)


def test_the_same_command_derives_the_same_ids() -> None:
    one, two = (stamp_of("r", "a1", p.Say(id=name, contact="c", text="t")) for name in ("1", "2"))
    assert one.derived("ms") == stamp_of("r", "a1", p.Say(id="1", contact="c", text="t")).derived("ms")
    assert one.derived("ms") != two.derived("ms")
