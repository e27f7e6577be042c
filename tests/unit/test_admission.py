"""When doors refuse new contacts, whom, and when they take them again; time is an argument."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from channels import port
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.services.admission import RETRY_S, Admission, Bounds
from contactcenter.services.directories import Directories
from contactcenter.services.views import Backlog
from contactcenter.storage.memory import memory_stores

EXAMPLE = (Path(__file__).parents[2] / "contactcenter" / "demo" / "kangjia.yaml").read_text(encoding="utf-8")
T0, SECOND = 1_767_225_600_000_000, 1_000_000
NOTHING = Backlog()
LINE, MAILBOX, SITE = "4000000101", "service@kangjia.example", "kangjia-web"
CALL = port.CallOffered(source="pbx-1", external_id="1", call="c", dialled=LINE)
WISH = port.CallbackRequested(source="pbx-1", external_id="2", call="c", dialled=LINE, number="13900000000")
MAIL = port.MailArrived(source=MAILBOX, external_id="3", mailbox=MAILBOX, sender="li@example.com")
CHAT = port.ChatOpened(source=SITE, external_id="4", site=SITE, session="s")
SAID = port.ChatSaid(source=SITE, external_id="5", site=SITE, session="s", text="?")
NEW = {"phone": CALL, "callback": WISH, "mail": MAIL, "chat": CHAT}
HERE_ALREADY = [
    port.CallAlerting(source="pbx-1", external_id="6", call="c"),
    port.CallAnswered(source="pbx-1", external_id="7", call="c", agent="1001"),
    port.CallReleased(source="pbx-1", external_id="8", call="c"),
    port.CallProgress(source="pbx-1", external_id="9", call="c", what="held"),
    port.VoicemailLeft(source="pbx-1", external_id="10", call="c", dialled=LINE),
    port.ChatLeft(source=SITE, external_id="11", site=SITE, session="s"),
]


@pytest.fixture
async def admission() -> Admission:
    stores = memory_stores()
    await stores.configuration.save("ruixun", 1, load_yaml(EXAMPLE), "test", T0)
    directories = Directories(stores.configuration)
    await directories.refresh()
    return Admission(directories, Bounds(depth=100, age_s=10.0))


def takes(admission: Admission, inbound: port.AnyInbound = CALL) -> bool:
    try:
        admission.check(inbound)
    except port.IntakeOverloaded:
        return False
    return True


def seen(admission: Admission, depth: int, *, age_s: float = 0.0, here: Backlog = NOTHING) -> None:
    admission.seen({"ruixun": Backlog(depth, T0 - round(age_s * SECOND))}, here, T0)


@pytest.mark.parametrize("depth", [0, 99])
def test_below_its_bounds_everything_is_taken(admission: Admission, depth: int) -> None:
    assert takes(admission)
    seen(admission, depth, age_s=9.9)
    assert all(takes(admission, inbound) for inbound in (*NEW.values(), *HERE_ALREADY))


@pytest.mark.parametrize(
    ("depth", "age_s", "here"),
    [(100, 0.0, NOTHING), (1, 10.0, NOTHING), (0, 0.0, Backlog(100, T0)), (0, 0.0, Backlog(1, T0 - 10 * SECOND))],
)
def test_beyond_a_bound_only_what_is_here_already_is_taken(
    admission: Admission, depth: int, age_s: float, here: Backlog
) -> None:
    seen(admission, depth, age_s=age_s, here=here)
    for inbound in (*NEW.values(), SAID):
        with pytest.raises(port.IntakeOverloaded) as refusal:
            admission.check(inbound)
        assert refusal.value.retry_after_s == RETRY_S
    assert all(takes(admission, inbound) for inbound in HERE_ALREADY)


def test_new_ones_are_taken_again_when_half_is_worked_off(admission: Admission) -> None:
    for depth, taken in ((100, False), (60, False), (50, False), (49, True), (99, True), (101, False)):
        seen(admission, depth)
        assert takes(admission) is taken, depth


def test_each_refusal_is_counted_by_its_channel_and_an_episode_is_said_once(
    admission: Admission, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    admission.heard = heard.append
    with caplog.at_level(logging.INFO):
        for depth in (200, 300, 0, 0):
            seen(admission, depth)
            for inbound in NEW.values():
                takes(admission, inbound)
    assert heard == [*NEW] * 2
    assert [record.getMessage().split(":")[1] for record in caplog.records] == [
        " overloaded, new contacts are refused",
        " new contacts are taken again; 8 were refused",
    ]


def test_while_the_store_does_not_answer_nothing_new_is_taken(
    admission: Admission, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        admission.unseen("refused")
    assert not takes(admission)
    assert all(takes(admission, inbound) for inbound in HERE_ALREADY)
    seen(admission, 0)
    assert takes(admission)
    assert len(caplog.records) == 2


def test_a_door_that_nobody_configured_is_not_the_admissions_business(admission: Admission) -> None:
    seen(admission, 1000)
    assert takes(admission, port.CallOffered(source="pbx-1", external_id="1", call="c", dialled="000"))
