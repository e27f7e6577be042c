"""The pages: files of api/pages, kept in memory with their ETag, revalidated by browsers on every load."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.errors import NotFound

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_NAME: Final = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}(\.[a-z0-9_-]{1,16}){0,3}$")
_HOST: Final = re.compile(r"^[A-Za-z0-9.\-\[\]:]{1,255}$")


class Page(Struct, frozen=True):
    body: bytes
    etag: str
    type: str


async def index(services: Services, call: Call[Any, Any]) -> web.Response:
    return serve(services, call.request, "index.html")


async def page(services: Services, call: Call[Any, Any]) -> web.Response:
    """`/agent` is agent.html; with an ending it is that file."""
    name = call.part("page")
    return serve(services, call.request, name if "." in name else f"{name}.html")


def serve(services: Services, request: web.Request, name: str) -> web.Response:
    """Raises NotFound for what is not a file of the folder itself."""
    found = _load(services.pages, name) if _NAME.match(name) else None
    if found is None:
        raise NotFound(code="unknown_page")
    headers = {
        "ETag": found.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy(request.host),
        "Cross-Origin-Resource-Policy": "cross-origin" if name.endswith((".js", ".css")) else "same-origin",
    }
    if request.headers.get("If-None-Match", "") == found.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.body, headers={**headers, "Content-Type": found.type})


def policy(host: str) -> str:
    """Only our own files, no inline script; sockets to this host (older browsers do not count them as 'self')."""
    sockets = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    return (
        f"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@lru_cache(maxsize=128)
def _load(folder: Path, name: str) -> Page | None:
    path = folder / name
    kind = TYPES.get(path.suffix)
    if kind is None or not path.is_file() or path.resolve().parent != folder.resolve():
        return None
    body = path.read_bytes()
    return Page(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', kind)
