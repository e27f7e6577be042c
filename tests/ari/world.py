"""What an Asterisk is, as far as our adapter can see it: channels, bridges, devices, and the events they cause.

The order and the fields of events follow the captured samples: a timeout gives only ChannelDestroyed 19/480, a busy
device Dial BUSY and 17/486, a decline NOANSWER and 21/603, a caller's own end is StasisEnd without ChannelDestroyed.
Seconds are the event loop's.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ari.pulse import beat

CAUSES = {16: "Normal Clearing", 17: "User busy", 19: "User alerting, no answer", 21: "Call Rejected"}


@dataclass
class Device:
    """How a device behaves. `answers` seconds after it rings; None: never. `how`: rings, busy, declines, dead, and
    progress: it rings with a carrier's tone (183), which Asterisk never calls Ringing; gives_up: it rings, and says 480
    after `answers` seconds."""

    how: str = "rings"
    rings: float = 0.0
    answers: float | None = None
    amd: str = "HUMAN"
    """What AMD() finds when it listens."""
    talks: float | None = None
    """Hangs up so long after it answered; None: never."""


@dataclass
class Channel:
    id: str
    name: str
    caller: str
    state: str = "Down"
    app: str = ""
    app_data: str = ""
    exten: str = "s"
    bridge: str = ""
    device: Device = field(default_factory=Device)
    created: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    handles: list[asyncio.TimerHandle] = field(default_factory=list)
    cause: int = 0

    def view(self) -> dict[str, Any]:
        app_name = "Stasis" if self.app else "AppDial2"
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "protocol_id": "1-1@127.0.0.1",
            "caller": {"name": "Cust 1", "number": self.caller},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": {
                "context": "from-caller",
                "exten": self.exten,
                "priority": 1,
                "app_name": app_name,
                "app_data": self.app_data if self.app else "(Outgoing Line)",
            },
            "creationtime": self.created,
            "language": "en",
        }


def stamp() -> str:
    at = dt.datetime.now(dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


class World:
    """`say` is called with each event. `devices` by the endpoint's name after the slash."""

    def __init__(self, say: Callable[[dict[str, Any]], None], app: str = "contactcenter") -> None:
        self.say = say
        self.app = app
        self.devices: dict[str, Device] = {}
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, str] = {}
        self.recordings: dict[str, str] = {}
        self.stored: set[str] = set()
        self.connected = True
        """The application is there; without it new calls go to the dialplan's fallback."""
        self.fallback: list[str] = []
        self.ended: dict[str, int] = {}
        self.most_agents: dict[str, int] = {}
        """Per bridge, the most agents' legs that were ever in it at once."""
        self._count = itertools.count()

    # --- a caller --------------------------------------------------------------------------------

    def call(self, dialled: str = "4000000101", caller: str = "13900001111") -> str:
        number = next(self._count)
        channel = Channel(f"1795328574.{number}", f"PJSIP/caller-{number:08x}", caller, "Ring", exten=dialled)
        channel.created = stamp()
        self.channels[channel.id] = channel
        self._enter(channel, ["inbound", dialled])
        return channel.id

    def _enter(self, channel: Channel, args: list[str]) -> None:
        if not self.connected:
            self.fallback.append(channel.id)
            self.remove(channel.id)
            return
        channel.app, channel.app_data = self.app, ",".join((self.app, *args))
        self.tell("StasisStart", args=args, channel=channel.view())

    def hang_up(self, channel_id: str, *, cause: int = 0, tech: int = 0) -> None:
        """The party on this channel hangs up: a caller who cancels says 127/487."""
        channel = self.channels.get(channel_id)
        if channel is None:
            return
        if channel.state == "Ring" and not cause:
            cause, tech = 127, 487
        codes = {"cause": cause, "tech_cause": tech} if cause else {}
        self.tell("ChannelHangupRequest", channel=channel.view(), **codes)
        self.end(channel, cause or 16)

    def press(self, channel_id: str, keys: str) -> None:
        for key in keys:
            if channel_id in self.channels:
                self.tell("ChannelDtmfReceived", digit=key, duration_ms=100, channel=self.channels[channel_id].view())

    def hold(self, channel_id: str, *, held: bool) -> None:
        """The phone's own key."""
        self.tell("ChannelHold" if held else "ChannelUnhold", channel=self.channels[channel_id].view())

    # --- a leg -----------------------------------------------------------------------------------

    def originate(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        tech, _, resource = str(body["endpoint"]).partition("/")
        if body.get("channelId") in self.channels:
            return 409, {"message": "Channel with given unique ID already exists"}
        if body.get("originator") and body["originator"] not in self.channels:
            return 400, {"message": "Provided originator channel was not found"}
        device = self.devices.get(resource)
        if device is None:
            return 500, {"error": "Allocation failed"}
        number = next(self._count)
        channel = Channel(body["channelId"], f"{tech}/{resource}-{number:08x}", "800", device=device)
        channel.created = stamp()
        self.channels[channel.id] = channel
        self._dial(channel, "")
        self._later(channel, float(body["timeout"]), lambda: self._rang_out(channel))
        args = [each for each in str(body.get("appArgs", "")).split(",") if each]
        self._later(channel, device.rings, lambda: self._device(channel, args))
        return 200, channel.view()

    def _device(self, channel: Channel, args: list[str]) -> None:
        device = channel.device
        if device.how == "busy":
            self._refuse(channel, 17, 486, "BUSY")
        elif device.how == "declines":
            self._refuse(channel, 21, 603, "NOANSWER")
        elif device.how in ("rings", "progress", "gives_up"):
            if device.how != "progress":
                channel.state = "Ringing"
                self.tell("ChannelStateChange", channel=channel.view())
            self._dial(channel, "PROGRESS" if device.how == "progress" else "RINGING")
            if device.how == "gives_up":
                self._later(channel, device.answers or 0.0, lambda: self._refuse(channel, 19, 480, "NOANSWER"))
            elif device.answers is not None:
                self._later(channel, device.answers, lambda: self.answer_device(channel, args))

    def answer_device(self, channel: Channel, args: list[str]) -> None:
        if channel.id not in self.channels or channel.state == "Up":
            return
        for handle in channel.handles:
            handle.cancel()
        channel.state = "Up"
        self.tell("ChannelStateChange", channel=channel.view())
        self._dial(channel, "ANSWER")
        channel.app, channel.app_data = self.app, ",".join((self.app, *args))
        self.tell("StasisStart", args=args, channel=channel.view())
        if channel.device.talks is not None:
            self._later(channel, channel.device.talks, lambda: self.hang_up(channel.id, cause=16))

    def screen(self, channel: Channel) -> None:
        """The dialplan runs AMD() and hands the channel back with what it found."""
        self.tell("StasisEnd", channel=channel.view())
        channel.app = ""
        args = ["leg", channel.device.amd]
        self._later(channel, 0.01, lambda: self._enter(channel, args))

    def pick_up(self, device: str) -> None:
        """Whatever rings there is answered now."""
        for channel in list(self.channels.values()):
            if channel.name.partition("/")[2].rpartition("-")[0] == device and channel.state == "Ringing":
                self.answer_device(channel, ["leg"])

    def _refuse(self, channel: Channel, cause: int, tech: int, status: str) -> None:
        self.tell("ChannelHangupRequest", channel=channel.view(), cause=cause, tech_cause=tech)
        self._dial(channel, status)
        self.end(channel, cause, tech)

    def _rang_out(self, channel: Channel) -> None:
        if channel.state != "Up":
            self.end(channel, 19, 480)

    def _dial(self, channel: Channel, status: str) -> None:
        self.tell("Dial", dialstatus=status, forward="", dialstring=channel.name, peer=channel.view())

    def _later(self, channel: Channel, seconds: float, what: Callable[[], None]) -> None:
        def still() -> None:
            if channel.id in self.channels:
                what()

        channel.handles.append(asyncio.get_running_loop().call_later(seconds, still))

    # --- ends ------------------------------------------------------------------------------------

    def delete(self, channel_id: str) -> bool:
        channel = self.channels.get(channel_id)
        if channel is None:
            return False
        self.tell("ChannelHangupRequest", channel=channel.view(), cause=32, soft=True)
        if channel.state in ("Down", "Ringing") and not channel.app:
            self._dial(channel, "NOANSWER")
        self.end(channel, 16)
        return True

    def end(self, channel: Channel, cause: int, tech: int = 0) -> None:
        """The caller is unsubscribed at StasisEnd; originated channels are told to the last."""
        self.leave(channel)
        for name, owner in list(self.recordings.items()):
            if owner == channel.id:
                self.finish_recording(name, 0)  # Of a caller who hangs up a real one says no seconds.
        if channel.app:
            self.tell("StasisEnd", channel=channel.view())
        self.remove(channel.id)
        if channel.id.startswith("cc:"):
            codes = {"tech_cause": tech} if tech else {}
            text = CAUSES.get(cause, "")
            self.tell("ChannelDestroyed", cause=cause, cause_txt=text, channel=channel.view(), **codes)

    def remove(self, channel_id: str) -> None:
        channel = self.channels.pop(channel_id)
        self.ended[channel_id] = self.ended.get(channel_id, 0) + 1
        for handle in channel.handles:
            handle.cancel()
        beat()

    # --- bridges and media -----------------------------------------------------------------------

    def join(self, bridge: str, channel: Channel) -> None:
        channel.bridge = bridge
        agents = sum(each.startswith("cc:leg") for each in self.inside(bridge))
        self.most_agents[bridge] = max(self.most_agents.get(bridge, 0), agents)
        self.tell("ChannelEnteredBridge", bridge=self.bridge_view(bridge), channel=channel.view())

    def leave(self, channel: Channel) -> None:
        if channel.bridge:
            bridge, channel.bridge = channel.bridge, ""
            self.tell("ChannelLeftBridge", bridge=self.bridge_view(bridge), channel=channel.view())

    def inside(self, bridge: str) -> list[str]:
        return [channel.id for channel in self.channels.values() if channel.bridge == bridge]

    def bridge_view(self, bridge: str) -> dict[str, Any]:
        return {
            "id": bridge,
            "technology": "simple_bridge",
            "bridge_type": "mixing",
            "bridge_class": "stasis",
            "creator": "Stasis",
            "name": "",
            "channels": self.inside(bridge),
            "creationtime": stamp(),
            "video_mode": "talker",
        }

    def finish_recording(self, name: str, duration: int = 7) -> None:
        if self.recordings.pop(name, None) is not None:
            self.stored.add(name)
            recording = {
                "name": name,
                "format": "wav",
                "state": "done",
                "duration": duration,
                "target_uri": "channel:x",
            }
            self.tell("RecordingFinished", recording=recording)

    def tell(self, kind: str, **fields: Any) -> None:
        rest = {**fields, "asterisk_id": "02:fc:00:00:00:01", "application": self.app}
        self.say({"type": kind, "timestamp": stamp(), **rest})
        beat()
