"""Chromium before the real service: a visitor chats in Chinese with an agent at his desk, the wallboard shows it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser_scene import CHROMIUM, FLAGS
from floor import close_all
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from process import Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium binary"),
]
SLOW_MS = 15_000


class Scene:
    """One browser; each of the people has a window of his own. What a page complains about fails the test."""

    def __init__(self, service: Service, browser: Browser, shots: Path) -> None:
        self.service, self.browser, self.shots = service, browser, shots
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []

    async def open(self, path: str) -> Page:
        context = await self.browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        context.set_default_timeout(SLOW_MS)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("console", lambda said: self._said(path, said.type, said.text))
        page.on("requestfailed", lambda request: self.complaints.append(f"{path}: {request.url} {request.failure}"))
        await page.goto(self.service.url + path)
        return page

    def _said(self, path: str, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{path.partition('#')[0]}: {kind}: {text}")

    async def shot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.shots / f"{name}.png")


@pytest.fixture
async def scene(shared: Service) -> AsyncIterator[Scene]:
    await close_all(shared)
    shots = Path(tempfile.gettempdir()) / "contactcenter-screens"
    shots.mkdir(exist_ok=True)
    expect.set_options(timeout=SLOW_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        scene = Scene(shared, browser, shots)
        try:
            yield scene
        finally:
            for context in scene.contexts:
                await context.close()
            await browser.close()
    assert scene.complaints == []


async def _agent(scene: Scene, agent: str = "a1002") -> Page:
    """Signed in by the address, at the seat, ready."""
    page = await scene.open(f"/agent#token={scene.service.access['agents'][agent]}")
    await expect(page.locator("#me")).to_contain_text(agent.removeprefix("a"))
    assert "token" not in page.url, "the token leaves the address bar"
    await page.get_by_role("button", name="签入").click()
    await page.get_by_role("button", name="就绪", exact=True).click()
    return page


async def _visitor(scene: Scene, topic: str) -> Page:
    page = await scene.open("/chat-demo")
    await page.get_by_role("button", name="康佳在线客服").click()
    await page.get_by_label("怎么称呼您").fill("王女士")
    await page.get_by_label("您想咨询什么").fill(topic)
    await page.get_by_role("button", name="开始咨询").click()
    return page


async def test_a_visitor_chats_in_chinese_with_an_agent_and_the_wallboard_shows_it(scene: Scene) -> None:
    board = await scene.open(f"/wallboard#token={scene.service.access['operator']}")
    await expect(board.locator("body")).to_contain_text("已连接")
    ours = board.get_by_role("row").filter(has_text="kangjia").filter(has_text="在线")
    await expect(ours).to_have_count(0)
    agent = await _agent(scene)
    visitor = await _visitor(scene, "电视没有图像")
    await agent.get_by_role("button", name="接受").click()
    await expect(agent.locator("body")).to_contain_text("电视没有图像")
    await scene.shot(agent, "agent-accepted")
    await expect(visitor.get_by_role("status")).to_contain_text("1002")

    await visitor.get_by_label("写下您想说的").fill("您好,电视有声音,没有图像 🙏")
    await visitor.keyboard.press("Enter")
    await expect(agent.get_by_role("log")).to_contain_text("您好,电视有声音,没有图像 🙏")
    await agent.get_by_role("textbox", name="回复").fill("您好,我是康佳客服,请问型号是什么?")
    await agent.keyboard.press("Enter")
    await expect(visitor.get_by_role("log")).to_contain_text("您好,我是康佳客服,请问型号是什么?")
    await visitor.get_by_label("写下您想说的").fill("<b>LED55X8000</b>,去年买的")
    await visitor.keyboard.press("Enter")
    await expect(agent.get_by_role("log")).to_contain_text("<b>LED55X8000</b>,去年买的")
    await scene.shot(agent, "agent-chat")
    await scene.shot(visitor, "visitor-chat")

    # The board was never touched: it changed by itself.
    await expect(ours).to_have_count(1)
    await scene.shot(board, "wallboard")
    told = await visitor.locator("body").inner_text()
    assert not re.search("瑞讯|Ruixun", told), "a customer reads the client's name alone"

    await agent.get_by_role("button", name="结束", exact=True).click()
    await agent.locator(".action-form").get_by_role("button", name="结束").click()
    await expect(visitor.get_by_role("status")).to_contain_text("感谢您对康佳的信任")
    await scene.shot(visitor, "visitor-over")
    await agent.get_by_role("button", name="整理完毕").click()
    await expect(agent.locator("#work")).to_contain_text("暂无服务")
    await agent.get_by_role("button", name="签出").click()
    await scene.shot(agent, "agent-signed-out")


async def test_a_page_that_is_loaded_again_finds_its_conversation(scene: Scene) -> None:
    agent = await _agent(scene, "a1003")
    visitor = await _visitor(scene, "保修")
    await agent.get_by_role("button", name="接受").click()
    await visitor.get_by_label("写下您想说的").fill("保修期多久?")
    await visitor.keyboard.press("Enter")
    await expect(agent.get_by_role("log")).to_contain_text("保修期多久?")
    await agent.reload()
    await expect(agent.get_by_role("log")).to_contain_text("保修期多久?")
    await visitor.reload()
    await expect(visitor.locator("body")).to_contain_text("保修期多久?")
    await agent.get_by_role("textbox", name="回复").fill("一年。")
    await agent.keyboard.press("Enter")
    await expect(visitor.get_by_role("log")).to_contain_text("一年。")
    await scene.shot(visitor, "visitor-again")
    await agent.get_by_role("button", name="结束", exact=True).click()
    await agent.locator(".action-form").get_by_role("button", name="结束").click()
    await agent.get_by_role("button", name="整理完毕").click()
    await agent.get_by_role("button", name="签出").click()


async def test_the_pages_load_in_both_languages_without_a_complaint(scene: Scene) -> None:
    for path, word in (("/", "contactcenter"), ("/agent", "坐席"), ("/wallboard", ""), ("/chat-demo", "康佳")):
        page = await scene.open(path)
        await expect(page.locator("body")).to_contain_text(word)
        await scene.shot(page, f"page-{path.strip('/') or 'index'}")
