"""The pages: served whole, revalidated, under a policy without inline script, and nothing beside them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import House

from contactcenter.api.services import PAGES

Client = TestClient[Any, Any]


@pytest.fixture
async def client(tmp_path: Any) -> AsyncIterator[Client]:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in ("index.html", "agent.html", "widget.js", "base.css"):
        (pages / name).write_text(name)
    (pages / "notes.txt").write_text("not a page")
    (tmp_path / "secret.html").write_text("secret")
    (pages / "link.html").symlink_to(tmp_path / "secret.html")
    async with TestClient(TestServer(House(pages=pages).app())) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "text", "media"),
    [
        ("/", "index.html", "text/html"),
        ("/agent", "agent.html", "text/html"),
        ("/widget.js", "widget.js", "text/javascript"),
        ("/base.css", "base.css", "text/css"),
    ],
)
async def test_a_page_is_served_by_its_name(client: Client, path: str, text: str, media: str) -> None:
    async with client.get(path) as answer:
        assert (answer.status, await answer.text(), answer.content_type) == (200, text, media)
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")


async def test_a_page_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    etag = (await client.get("/agent")).headers["ETag"]
    async with client.get("/agent", headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def test_the_widget_may_stand_on_other_sites(client: Client) -> None:
    assert (await client.get("/widget.js")).headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    "path", ["/nothing", "/notes.txt", "/..%2fsecret.html", "/link.html", "/agent.html.bak", "/.env"]
)
async def test_what_is_no_page_is_not_served(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/", "/agent", "/wallboard", "/chat-demo", "/widget.js"])
async def test_every_page_of_the_product_brings_the_files_it_names(path: str) -> None:
    async with TestClient(TestServer(House().app())) as client:
        text = await (await client.get(path)).text()
        named = re.findall(r'(?:href|src)="([a-z0-9-]+\.(?:css|js))"', text) if path != "/widget.js" else []
        statuses = {name: (await client.get(f"/{name}")).status for name in named}
    assert text
    assert set(statuses.values()) <= {200}


async def test_no_page_needs_inline_script_or_style() -> None:
    for page in PAGES.glob("*.html"):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page.read_text(encoding="utf-8")), (
            page
        )
