"""The pages in a real browser, before a small scripted service."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from browser_scene import CHROMIUM, FLAGS, Scene, board, foreign_site, full_card
from desk_stub import DeskStub, card, soon
from playwright.async_api import Browser, Page, async_playwright, expect

from contactcenter.client import protocol as d

XSS = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium binary"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="module")
async def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    stub = DeskStub()
    shots = tmp_path_factory.getbasetemp() / "screens"
    shots.mkdir(exist_ok=True)
    async with TestServer(stub.app()) as server:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        context.set_default_timeout(5000)
        scene = Scene(stub, server, context, shots)
        yield scene
        await context.close()
    assert scene.complaints == []


async def test_a_chinese_conversation_between_a_visitor_and_an_agent(scene: Scene) -> None:
    visitor = await scene.visitor()
    await expect(visitor.get_by_role("log")).to_contain_text("电视没有图像")
    agent = await scene.agent()
    await agent.get_by_role("button", name="签入").click()
    await agent.get_by_role("button", name="就绪", exact=True).click()
    assert isinstance(await scene.stub.heard(d.Ready), d.Ready)
    await scene.stub.offer(card("s1", "chat", subject="电视没有图像"))
    await scene.shot(agent, "agent-offer")
    await agent.get_by_role("button", name="接受").click()
    await expect(agent.get_by_role("log")).to_contain_text("电视没有图像")
    await expect(visitor.get_by_role("status")).to_contain_text("8012")
    await agent.get_by_role("textbox", name="回复").fill("您好,请问电视的型号是什么?")
    await agent.keyboard.press("Enter")
    await expect(visitor.get_by_role("log")).to_contain_text("您好,请问电视的型号是什么?")
    await visitor.get_by_label("写下您想说的").fill("康佳 55英寸,去年买的")
    await visitor.keyboard.press("Enter")
    await expect(agent.get_by_role("log")).to_contain_text("康佳 55英寸,去年买的")
    await scene.shot(agent, "agent-chat")
    await scene.shot(visitor, "visitor-chat")
    await agent.get_by_role("button", name="结束", exact=True).click()
    await agent.locator(".action-form").get_by_role("button", name="结束").click()
    await expect(visitor.get_by_role("status")).to_contain_text("感谢您对康佳的信任")
    await scene.shot(agent, "agent-wrap-up")
    await scene.shot(visitor, "visitor-closed")
    await agent.get_by_role("button", name="整理完毕").click()
    await expect(agent.locator("#work")).to_contain_text("暂无服务")


async def test_markup_from_anybody_stays_text(scene: Scene) -> None:
    visitor = await scene.visitor()
    await visitor.get_by_label("写下您想说的").fill(XSS)
    await visitor.keyboard.press("Enter")
    await expect(visitor.get_by_role("log")).to_contain_text(XSS)
    agent = await scene.agent()
    await scene.stub.assign(card("s1", "chat", customer_name=XSS, subject=XSS, greeting=XSS, context={"product": XSS}))
    await expect(agent.get_by_role("log")).to_contain_text(XSS)
    scene.stub.house.write("s1", XSS, "agent", agent="8012")
    await expect(visitor.get_by_role("log").locator(".agent")).to_contain_text(XSS)
    assert [await page.locator("img, main script").count() for page in (agent, visitor)] == [0, 0]
    assert "owned" not in (await agent.title(), await visitor.title())


async def test_a_visitor_who_reloads_or_loses_the_line_goes_on_where_he_was(scene: Scene) -> None:
    visitor = await scene.visitor()
    await expect(visitor.get_by_role("log")).to_contain_text("电视没有图像")
    await visitor.reload()
    await expect(visitor.get_by_role("log").locator("li")).to_have_count(1)
    await scene.stub.door.drain(0)
    scene.stub.door._draining = False
    scene.stub.house.write("s1", "您还在吗?", agent="8012")
    await expect(visitor.get_by_role("log")).to_contain_text("您还在吗?")
    await visitor.get_by_label("写下您想说的").fill("在的")
    await visitor.keyboard.press("Enter")
    await expect(visitor.get_by_role("log").locator("li")).to_have_count(3)
    assert [message.text for message in scene.stub.house.messages["s1"]] == ["电视没有图像", "您还在吗?", "在的"]


async def test_the_window_works_on_the_clients_own_site(scene: Scene) -> None:
    """Another origin, another policy: only the script, the connections and nothing inline are allowed there."""
    home = str(scene.server.make_url("/")).rstrip("/")
    async with TestServer(foreign_site(home)) as other:
        scene.stub.house.allowed = (str(other.make_url("/")).rstrip("/"),)
        visitor = await scene.context.new_page()
        visitor.on("console", lambda said: scene.complaints.append(said.text) if said.type == "error" else None)
        await visitor.goto(str(other.make_url("/")))
        await chat_in_english(visitor)
        await scene.shot(visitor, "visitor-elsewhere")
        await visitor.keyboard.press("Escape")
        await expect(visitor.get_by_role("log")).to_be_hidden()


async def chat_in_english(visitor: Page) -> None:
    await visitor.get_by_role("button", name="康佳 chat").click()
    await visitor.get_by_label("What is it about").fill("No picture")
    await visitor.keyboard.press("Enter")
    await expect(visitor.get_by_role("log")).to_contain_text("No picture")


async def test_a_call_pops_everything_the_agent_needs(scene: Scene) -> None:
    agent = await scene.agent()
    await scene.stub.present("ready")
    await scene.stub.assign(full_card("ct_1", "voice"))
    await scene.stub.assign(full_card("ct_2", "mail", complaint=False, customer_name="Mr Smith", language="en"))
    await scene.stub.offer(card("ct_3", "callback", tier="platinum", tier_label="铂金", complaint=True))
    await expect(agent.locator("#contacts .entry")).to_have_count(2)
    await agent.keyboard.press("Alt+2")
    await expect(agent.locator(".customer-name")).to_have_text("Mr Smith")
    await agent.keyboard.press("Alt+1")
    await expect(agent.locator(".greeting").first).to_contain_text("8012号为您服务")
    await expect(agent.locator("#card")).to_contain_text("KJ-0042")
    await expect(agent.locator("#card")).to_contain_text("投诉记录")
    await agent.get_by_role("button", name="登记投诉").click()
    await scene.shot(agent, "agent-call")
    await agent.get_by_label("投诉内容").fill("三次上门都没有修好")
    await agent.get_by_label("投诉原因").select_option("repair_quality")
    await scene.stub.push(d.WrapUpFrame(contact="ct_1", until="2026-01-05T01:00:00Z", by="customer"))
    await expect(agent.get_by_role("button", name="整理完毕")).to_be_visible()
    await agent.locator(".action-form").get_by_role("button", name="登记投诉").click()
    said = await scene.stub.heard(d.Complain)
    assert (said.contact, said.summary, said.cause) == ("ct_1", "三次上门都没有修好", "repair_quality")


async def test_a_call_is_held_consulted_about_and_handed_over(scene: Scene) -> None:
    agent = await scene.agent()
    await scene.stub.present("ready")
    await scene.stub.assign(full_card("ct_1", "voice"))
    actions = agent.locator("[data-action]")
    await actions.and_(agent.get_by_role("button", name="保持")).click()
    await agent.locator(".action-form").get_by_role("button", name="保持").click()
    assert (await scene.stub.heard(d.Hold)).contact == "ct_1"
    await expect(agent.locator("[data-action=join], [data-action=leave]")).to_have_count(0)
    await agent.locator("[data-action=consult]").click()
    await agent.get_by_label("转给工号").fill("8013")
    await agent.locator(".action-form").get_by_role("button", name="咨询同事").click()
    assert (await scene.stub.heard(d.Consult)).agent == "8013"
    await scene.stub.push(d.ConsultFrame(consult=consult("talking")))
    await expect(agent.locator("[data-consult]")).to_have_text("8012 → 8013: 通话中")
    await expect(agent.locator("[data-action=transfer]")).to_have_count(0)
    await scene.shot(agent, "agent-consult")
    await agent.locator("[data-action=join]").click()
    await agent.locator(".action-form").get_by_role("button", name="转给同事").click()
    assert (await scene.stub.heard(d.Join)).contact == "ct_1"


async def test_who_is_consulted_sees_the_call_and_can_only_leave_it(scene: Scene) -> None:
    agent = await scene.agent()
    await scene.stub.present("ready")
    told = consult("talking", agent="8012", by="8013", card=full_card("ct_1", "voice"))
    await scene.stub.push(d.ConsultFrame(consult=told))
    await expect(agent.locator("#card")).to_contain_text("KJ-0042")
    await expect(agent.locator("[data-action]:not(div)")).to_have_text(["结束咨询"])
    await scene.stub.push(d.ConsultFrame(consult=consult("ended", agent="8012", by="8013")))
    await expect(agent.locator("#contacts .entry")).to_have_count(0)


def consult(state: str, *, agent: str = "8013", by: str = "8012", card: d.Card | None = None) -> d.ConsultCard:
    return d.ConsultCard(contact="ct_1", agent=agent, by=by, state=state, card=card)


@pytest.mark.parametrize(
    ("language", "connected", "correct", "wrong", "done"),
    [
        ("中文", "已连接", "更正结果", "号码有误", "整理完毕"),
        ("English", "Connected", "Correct the result", "Wrong number", "Wrap-up done"),
    ],
)
async def test_a_callback_that_reached_somebody_else_is_corrected_in_the_wrap_up(
    scene: Scene, language: str, connected: str, correct: str, wrong: str, done: str
) -> None:
    agent = await scene.agent()
    await agent.get_by_role("button", name=language).last.click()
    await agent.reload()  # the choice of a language opens the line anew; it is kept
    await expect(agent.locator("#line")).to_have_text(connected)
    await scene.stub.assign(card("ct_5", "callback"))
    await scene.stub.push(d.WrapUpFrame(contact="ct_5", until=soon(30), by="customer"))
    await agent.get_by_label(correct).select_option(label=wrong)
    await agent.get_by_role("button", name=done).click()
    said = await scene.stub.heard(d.WrapUpDone)
    assert (said.contact, said.result) == ("ct_5", "wrong_number")


async def test_a_refusal_stands_beside_the_field_it_names(scene: Scene) -> None:
    agent = await scene.agent()
    scene.stub.refuse["finish"] = d.Problem(code="invalid", message="请先回复", field="no_reply_reason")
    scene.stub.refuse["say"] = d.Problem(code="forbidden_text", message="客户看到的只能是委托方的名字", field="text")
    await scene.stub.assign(card("ct_9", "mail"))
    await agent.get_by_role("textbox", name="回复").fill("瑞讯为您服务")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".reply [role=alert]")).to_have_text("客户看到的只能是委托方的名字")
    del scene.stub.refuse["say"]
    await agent.get_by_role("textbox", name="回复").fill("请稍等")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".reply .warning")).to_have_text("请稍等 → 我马上帮您查")
    await agent.get_by_role("button", name="结束", exact=True).click()
    await agent.locator(".action-form").get_by_role("button", name="结束").click()
    await expect(agent.locator(".field [role=alert]")).to_have_text("请先回复")
    await scene.shot(agent, "agent-refused")


async def test_an_agent_who_loses_the_line_comes_back_to_the_same_desk(scene: Scene) -> None:
    agent = await scene.agent()
    await scene.stub.assign(card("ct_1", "voice"))
    await expect(agent.locator("#contacts .entry")).to_have_count(1)
    socket = scene.stub.sockets.pop()
    del scene.stub.contacts["ct_1"]
    await scene.stub.assign(card("ct_2", "voice", customer_name="赵先生"))
    await socket.close(code=1012)
    await expect(agent.locator("#contacts")).to_contain_text("赵先生")
    await expect(agent.locator("#contacts .entry")).to_have_count(1)


async def test_a_wrong_token_is_told_and_forgotten(scene: Scene) -> None:
    page = await scene.open("/agent#token=wrong")
    await expect(page.locator("#sign-in-problem")).to_have_text("口令有误")
    assert await page.evaluate("location.hash + JSON.stringify(sessionStorage)") == "{}"
    await scene.shot(page, "agent-sign-in")


async def test_both_pages_speak_english(scene: Scene) -> None:
    agent = await scene.agent()
    await agent.get_by_role("button", name="English").last.click()
    await expect(agent.get_by_role("heading", name="Agent desk")).to_be_visible()
    await scene.stub.assign(full_card("ct_1", "voice", language="en"))
    await expect(agent.get_by_role("button", name="Raise a complaint")).to_be_visible()
    await agent.emulate_media(color_scheme="dark")
    await scene.shot(agent, "agent-english")


async def test_the_wallboard_shows_the_queue_and_turns_stale(scene: Scene) -> None:
    scene.stub.board = board()
    page = await scene.open("/wallboard#token=operator", our_time=True)
    await expect(page.locator("[data-tile='ops.waiting'] .value")).to_have_text("5")
    await expect(page.locator("[data-tile='ops.waiting'] .detail")).to_have_text("另有5个未到回拨时间")
    await expect(page.locator("[data-tile='ops.imbalance'] .value")).to_have_text("0")
    await expect(page.locator("#seats")).to_contain_text("kangjia-2026")
    await expect(page.get_by_text("0:45 ≤ 2:10").first).to_have_attribute("title", re.compile("铂金.*0:12.*0:30"))
    await scene.shot(page, "wallboard")
    scene.stub.board["queues"][0]["waiting"] = 9
    await scene.stub.boards[-1].send_json(scene.stub.board)
    await expect(page.locator("[data-tile='ops.waiting'] .value")).to_have_text("11")
    await expect(page.locator("[data-tile='ops.complaints'] .detail")).to_have_text("L0: 2 L2: 1")
    scene.stub.board = {}
    await page.clock.run_for(4000)
    await expect(page.locator("body")).not_to_have_class("stale")
    await page.clock.run_for(2000)
    await expect(page.locator("body")).to_have_class("stale")
    await scene.shot(page, "wallboard-stale")
    scene.complaints.clear()  # the browser itself reports the questions that were answered with 503


async def test_the_start_page_leads_to_the_others(scene: Scene) -> None:
    page = await scene.open("/")
    await scene.shot(page, "index")
    await page.get_by_role("link", name="Wallboard").click()
    await expect(page.get_by_label("口令")).to_be_visible()


async def test_how_a_lease_is_staffed_now_pushes_no_other_notice_off_the_page(scene: Scene) -> None:
    agent = await scene.agent()
    await scene.stub.push(d.NoticeFrame(code="complaint_held", text="1003号坐席让投诉客户等待。"))
    for staffed in range(9, 3, -1):
        await scene.stub.push(d.NoticeFrame(code="unstaffed", text=f"在岗{staffed}人，租用10席"))
    notices = agent.locator("#notices .notice")
    await expect(notices).to_have_count(2)
    await expect(notices.nth(0)).to_contain_text("让投诉客户等待")
    await expect(notices.nth(1)).to_contain_text("在岗4人")
