"""An Asterisk for tests: ARI's REST and websocket as they are on the wire, over a World, on a port of its own.

Faults are switches: `boots` requests get 503, `lose` and `delay` decide about each event, `fail` about each request.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from ari.pulse import beat
from ari.world import Channel, World

JSON = dict[str, Any]
Answer = tuple[int, Any]


class Emulator:
    def __init__(self) -> None:
        self.world = World(self._say)
        self.socket: web.WebSocketResponse | None = None
        self.boots = 0
        self.lose: Callable[[JSON], bool] = lambda event: False
        self.delay: Callable[[JSON], float] = lambda event: 0.0
        self.fail: Callable[[str, str], int] = lambda method, path: 0
        self.old_version = False
        """No event filter, no tech_cause, causes of 0: an Asterisk 16."""
        self.takes_requests = True
        """On the socket, as from 20.12 on; others hear them and say nothing."""
        self.by_socket = 0
        """How many requests came over the socket."""
        self.silence: float | None = None
        """Seconds after which a recording ends by itself."""
        self.requests: list[tuple[float, str, str, JSON]] = []
        self.said: list[JSON] = []
        self.connections = 0
        self.sent_at: dict[str, float] = {}
        self.asked: Callable[[str, str, JSON], None] = lambda method, path, body: None
        self._queue: asyncio.Queue[JSON] = asyncio.Queue()
        self._replaced: list[web.WebSocketResponse] = []

    # --- events ----------------------------------------------------------------------------------

    def _say(self, event: JSON) -> None:
        if self.lose(event) or self.socket is None:
            return
        after = self.delay(event)
        if after:
            asyncio.get_running_loop().call_later(after, self._queue.put_nowait, event)
        else:
            self._queue.put_nowait(event)

    async def _pump(self) -> None:
        while True:
            event = await self._queue.get()
            if self.old_version:
                event.pop("tech_cause", None)
            socket = self.socket
            if socket is None or socket.closed:
                continue
            if event["type"] != "RESTResponse":
                self.said.append(event)
            if event["type"] == "StasisStart":
                self.sent_at[event["channel"]["id"]] = time.perf_counter()
            try:
                await socket.send_str(json.dumps(event))
            except (ConnectionError, RuntimeError):
                continue

    async def events(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("authorization", "") != "Basic Y2M6c2VjcmV0":
            return web.json_response({"message": "Authentication required"}, status=401)
        if self.boots > 0:
            self.boots -= 1
            return web.json_response({"message": "Asterisk not booted"}, status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.socket is not None and not self.socket.closed:
            old = {"type": "ApplicationReplaced", "timestamp": "", "application": self.world.app}
            await self.socket.send_str(json.dumps(old))
            self._replaced.append(self.socket)
        self.socket, self.world.connected = socket, True
        self.connections += 1
        beat()
        async for message in socket:
            self._hear(json.loads(message.data))
        if self.socket is socket:
            self.socket, self.world.connected = None, False
        beat()
        return socket

    def _hear(self, said: JSON) -> None:
        """A request on the socket, for a version that knows such."""
        if not self.takes_requests:
            return
        self.by_socket += 1
        path, _, query = said["uri"].partition("?")
        body = json.loads(said["message_body"]) if said.get("message_body") else {}
        status, answer = self._carry_out(said["method"], f"/{unquote(path)}", {**dict(parse_qsl(query)), **body})
        told = {} if answer is None else {"content_type": "application/json", "message_body": json.dumps(answer)}
        self._queue.put_nowait(
            {"type": "RESTResponse", "request_id": said["request_id"], "status_code": status, "uri": path, **told}
        )
        beat()

    async def drop(self) -> None:
        """The connection breaks; calls and bridges stay."""
        socket, self.socket = self.socket, None
        self.world.connected = False
        if socket is not None:
            await socket.close()

    # --- requests --------------------------------------------------------------------------------

    async def rest(self, request: web.Request) -> web.Response:
        try:
            return await self._said_to(request)
        finally:
            beat()

    async def _said_to(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/ari")
        body: JSON = await request.json() if request.can_read_body else {}
        body = {**request.query, **body}
        status, said = self._carry_out(request.method, path, body)
        return web.Response(status=status) if said is None else web.json_response(said, status=status)

    def _carry_out(self, method: str, path: str, body: JSON) -> Answer:
        self.requests.append((time.perf_counter(), method, path, body))
        self.asked(method, path, body)
        if self.boots > 0:
            self.boots -= 1
            return 503, {"message": "Asterisk not booted"}
        failed = self.fail(method, path)
        if failed:
            return failed, {"message": "planted"}
        return self._answer(method, path.strip("/").split("/"), body)

    def _answer(self, method: str, path: list[str], body: JSON) -> Answer:
        match (method, *path):
            case ("PUT", "applications", _, "eventFilter"):
                return (404, {"message": "Invalid method"}) if self.old_version else (200, {"name": self.world.app})
            case ("POST", "events", "user", name):
                self.world.tell("ChannelUserevent", eventname=name, userevent={})
                return 204, None
            case ("GET", "asterisk", "ping"):
                return 200, {"ping": "pong"}
            case ("GET", "channels"):
                return 200, [channel.view() for channel in self.world.channels.values()]
            case ("GET", "bridges"):
                return 200, [self.world.bridge_view(bridge) for bridge in self.world.bridges]
            case ("POST", "channels"):
                return self.world.originate(body)
            case (_, "channels", channel, *rest):
                return self._channel(method, channel, rest, body)
            case ("POST", "bridges"):
                return self._new_bridge(body)
            case (_, "bridges", bridge, *rest):
                return self._bridge(method, bridge, rest, body)
            case ("DELETE", "playbacks", playback):
                self._played(playback, "done")
                return 204, None
            case (_, "recordings", kind, name, *rest):
                return self._recording(method, kind, name, rest)
            case _:
                return 404, {"message": "Resource not found"}

    def _channel(self, method: str, channel_id: str, rest: list[str], body: JSON) -> Answer:
        channel = self.world.channels.get(channel_id)
        if channel is None:
            return 404, {"message": "Channel not found"}
        if method == "DELETE" and not rest:
            self.world.delete(channel_id)
            return 204, None
        if method == "GET" and rest == ["variable"]:
            value = channel.variables.get(body["variable"])
            return (200, {"value": value}) if value is not None else (404, {"message": "Variable Not Found"})
        if not channel.app:
            return 409, {"message": "Channel not in Stasis application"}
        return self._in_app(method, channel, rest, body)

    def _in_app(self, method: str, channel: Channel, rest: list[str], body: JSON) -> Answer:
        if (method, *rest) == ("POST", "answer") and channel.state != "Up":
            channel.state = "Up"
            self.world.tell("ChannelStateChange", channel=channel.view())
        elif (method, *rest) == ("POST", "continue") and body.get("context"):
            self.world.screen(channel)
        elif (method, *rest) == ("POST", "continue"):
            channel_id = channel.id
            self.world.tell("StasisEnd", channel=channel.view())
            self.world.fallback.append(channel_id)
            self.world.remove(channel_id)
        elif (method, *rest) == ("POST", "variable"):
            channel.variables[body["variable"]] = body["value"]
        elif (method, *rest) == ("POST", "play"):
            asyncio.get_running_loop().call_later(0.005, self._played, body["playbackId"], "done")
            return 201, {"id": body["playbackId"], "state": "queued"}
        elif (method, *rest) == ("POST", "record"):
            self.world.recordings[body["name"]] = channel.id
            if self.silence is not None:
                asyncio.get_running_loop().call_later(self.silence, self.world.finish_recording, body["name"])
            return 201, {"name": body["name"], "state": "queued"}
        return 204, None

    def _played(self, playback: str, state: str) -> None:
        said = {"id": playback, "media_uri": "sound:x", "target_uri": "channel:x", "language": "en", "state": state}
        self.world.tell("PlaybackFinished", playback=said)

    def _new_bridge(self, body: JSON) -> Answer:
        if body["bridgeId"] in self.world.bridges:
            return 409, {"message": f"Bridge with id '{body['bridgeId']}' already exists"}
        self.world.bridges[body["bridgeId"]] = body["type"]
        return 200, self.world.bridge_view(body["bridgeId"])

    def _bridge(self, method: str, bridge: str, rest: list[str], body: JSON) -> Answer:
        if bridge not in self.world.bridges:
            return 404, {"message": "Bridge not found"}
        if method == "DELETE":
            for channel in list(self.world.inside(bridge)):
                self.world.leave(self.world.channels[channel])
            del self.world.bridges[bridge]
            self.world.tell("BridgeDestroyed", bridge=self.world.bridge_view(bridge))
            for name in [name for name, owner in self.world.recordings.items() if owner == bridge]:
                self.world.finish_recording(name)
            return 204, None
        if rest == ["record"]:
            self.world.recordings[body["name"]] = bridge
            return 201, {"name": body["name"], "state": "queued"}
        return self._members(bridge, rest[0], _named(body["channel"]))

    def _members(self, bridge: str, verb: str, named: list[str]) -> Answer:
        found = [self.world.channels.get(each) for each in named]
        if not all(found):
            return 400, {"message": "Channel not found"}
        channels = [each for each in found if each is not None]
        if not all(each.app for each in channels):
            return 422, {"message": "Channel not in Stasis application"}
        if verb == "removeChannel" and any(each.bridge != bridge for each in channels):
            return 422, {"message": "Channel not in this bridge"}
        for channel in channels:
            if verb == "addChannel" and channel.bridge != bridge:
                self.world.join(bridge, channel)
            elif verb == "removeChannel":
                self.world.leave(channel)
        return 204, None

    def _recording(self, method: str, kind: str, name: str, rest: list[str]) -> Answer:
        kept = self.world.stored if kind == "stored" else self.world.recordings
        if name not in kept:
            return 404, {"message": "Recording not found"}
        if kind == "stored" and method == "DELETE":
            self.world.stored.remove(name)
            return 204, None
        if kind == "stored":
            return 200, {"name": name}
        if rest == ["stop"]:
            self.world.finish_recording(name)
        return 204, None

    def asked_for(self, method: str, ending: str) -> list[JSON]:
        """The bodies of the requests so far with this method and this end of their path."""
        return [body for _, verb, path, body in self.requests if verb == method and path.endswith(ending)]


def _named(channel: str | list[str]) -> list[str]:
    """Several channels in a body are a list; a string there is one name, as in Asterisk."""
    return channel if isinstance(channel, list) else [channel]


@asynccontextmanager
async def emulator(port: int = 0) -> AsyncIterator[tuple[Emulator, str]]:
    """Running, with its ARI address."""
    found = Emulator()
    app = web.Application()
    app.router.add_get("/ari/events", found.events)
    app.router.add_route("*", "/ari/{rest:.*}", found.rest)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    pump = asyncio.create_task(found._pump())
    try:
        address = runner.addresses[0]
        yield found, f"http://127.0.0.1:{address[1]}/ari"
    finally:
        pump.cancel()
        await found.drop()
        await runner.cleanup()
