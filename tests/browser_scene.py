"""What the browser tests share: a browser before the stub service, and cards and boards to show."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from desk_stub import TOKEN, DeskStub, card
from playwright.async_api import BrowserContext, Page, expect

from contactcenter.client import protocol as d

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


class Scene:
    """One browser before one service; what a page complains about in its console fails the test."""

    def __init__(self, stub: DeskStub, server: TestServer, context: BrowserContext, shots: Path) -> None:
        self.stub, self.server, self.context, self.shots = stub, server, context, shots
        self.complaints: list[str] = []

    async def open(self, path: str, *, our_time: bool = False) -> Page:
        page = await self.context.new_page()
        if our_time:
            await page.clock.install()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        await page.goto(str(self.server.make_url("/")).rstrip("/") + path)
        return page

    async def agent(self) -> Page:
        page = await self.open(f"/agent#token={TOKEN}")
        await expect(page.locator("#me")).to_have_text("李明 · 8012")
        return page

    async def visitor(self) -> Page:
        page = await self.open("/chat-demo")
        await page.get_by_role("button", name="康佳在线客服").click()
        await page.get_by_label("怎么称呼您").fill("王女士")
        await page.get_by_label("您想咨询什么").fill("电视没有图像")
        await self.shot(page, "visitor-start")
        await page.get_by_role("button", name="开始咨询").click()
        return page

    async def shot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.shots / f"{name}.png")


def foreign_site(home: str) -> web.Application:
    """A client's own page, under a policy as strict as can be."""
    strict = f"default-src 'none'; script-src {home}; connect-src {home} {home.replace('http', 'ws')}; img-src data:"
    page = f'''<!doctype html><html lang="en"><head><link rel="icon" href="data:,"></head><body><h1>Kangjia</h1>
        <script src="{home}/widget.js" data-site="kangjia-web" data-language="en" async></script></body></html>'''

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": strict})

    app = web.Application()
    app.router.add_get("/", show)
    return app


def full_card(contact: str, medium: str, **more: Any) -> d.Card:
    return card(
        contact,
        medium,
        **{
            "complaint": True,
            "subject": "电视第三次报修",
            "address": "138****0042",
            "customer_since": "2019-03-01T00:00:00.000000Z",
            "deadline": "2026-01-05T01:00:15.000000Z",
            "context": {"product": "tv", "member": "KJ8844", "language": "zh-CN"},
            "history": (
                {
                    "medium": "voice",
                    "opened_at": "2026-01-02T02:10:00Z",
                    "outcome": "finished",
                    "agent_number": "8031",
                    "subject": "电视没有图像",
                },
                {"medium": "mail", "opened_at": "2025-12-20T09:00:00Z", "outcome": "closed", "subject": "保修期查询"},
            ),
            "cases": (
                {
                    "id": "cs_42",
                    "number": "KJ-0042",
                    "kind": "complaint",
                    "state": "open",
                    "due_at": "2026-01-05T10:00:00Z",
                    "subject": "投诉记录",
                    "level": 1,
                },
            ),
            "records": ({"kind": "consumption", "at": "2024-06-18T00:00:00Z", "summary": "康佳55英寸电视 ¥3,299"},),
            **more,
        },
    )


def board() -> dict[str, Any]:
    def line(view: str, medium: str, **more: Any) -> dict[str, Any]:
        figures = {
            "waiting": 1,
            "offered": 1,
            "active": 3,
            "wrap_up": 1,
            "oldest_wait_s": 8.2,
            "breached": 0,
            "by_tier": {"platinum": 0, "gold": 1, "iron": 0, "lead": 0},
            "expected_wait": {
                "platinum": {"expected_s": 12.0, "at_most_s": 30.0},
                "gold": {"expected_s": None, "at_most_s": None},
                "iron": {"expected_s": 45.0, "at_most_s": 130.0},
                "lead": {"expected_s": 200.0, "at_most_s": 610.0},
            },
        }
        return {"client": "kangjia", "view": view, "medium": medium, **figures, **more}

    return {
        "at": "2026-01-05T01:00:00.000000Z",
        "queues": [
            line("tv", "voice", waiting=3, breached=1, oldest_wait_s=21.0),
            line("chat", "chat"),
            line("mail", "mail", active=0, offered=0),
            line("callback", "callback", waiting=5, held=5, wrap_up=0),
        ],
        "seats": [
            {"client": "kangjia", "lease": "kangjia-2026", "ready": 4, "busy": 5, "not_ready": 1, "not_responding": 0},
            {"client": "xinghai", "lease": "xinghai-2026", "ready": 15, "busy": 3, "not_ready": 1, "not_responding": 1},
        ],
        "today": {"contact.blocked": 7, "contact.ended.abandoned": 2},
        "conservation": {"entered": 100, "carried": 3, "open": 13, "ended": 90, "imbalance": 0},
    }
