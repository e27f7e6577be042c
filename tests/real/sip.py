"""Real SIP phones and a carrier, by PJSIP, in a thread of their own: `pip install pjsua2-python`.

    with phones(registrar) as floor:
        floor.device("1001", "another-password")         registered when it returns
        floor.devices["1001"].answers_after_s = 0.5
        call = floor.dial("13900001234", "4000000101")   through the carrier
        call.until("CONFIRMED"); call.hang_up()

Everything of PJSIP happens in its thread; others hand it work and read plain values.
"""

from __future__ import annotations

import math
import struct
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pjsua2 as pj
from places import CARRIER, CARRIER_PORT, ELSEWHERE, FLOOR, FLOOR_PORT, PATIENCE_S, wait


@dataclass
class Device:
    """How a phone behaves when it is called. `says`: 180 Ringing, or 183 Session Progress. `refuses`: with this
    status, without ringing."""

    name: str
    rings: bool = True
    says: int = 180
    refuses: int = 0
    answers_after_s: float | None = None
    talks_on: bool = False
    """As an answering machine: it does not wait for what the other says."""
    calls: list[Talk] = field(default_factory=list)

    @property
    def ringing(self) -> bool:
        return any(call.state in ("INCOMING", "EARLY") and not call.over for call in self.calls)

    @property
    def talking(self) -> bool:
        return any(call.state == "CONFIRMED" for call in self.calls)

    @property
    def last(self) -> Talk:
        return self.calls[-1]


def _keep(made: Any) -> None:
    """PJSIP ends the process when Python frees one of its objects in another thread, or after the end."""
    made.this.disown()
    _KEPT.append(made)


_KEPT: list[Any] = []


class Talk(pj.Call):  # type: ignore[misc]
    """One end of a call. `history` are its states with the time they were entered."""

    def __init__(self, floor: Phones, account: Any, call_id: int = -1) -> None:
        super().__init__(account, call_id)
        _keep(self)
        self.floor = floor
        self.state = ""
        self.history: list[tuple[float, str]] = []
        self.code = 0
        self.reason = ""
        self.keys = ""
        self.talks_on = False
        self.heard_packets = 0
        self.referred = 0
        """What became of the last REFER: the status that was told."""

    # --- in PJSIP's thread ---------------------------------------------------------------------------------------

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        self.state = info.stateText.upper()
        self.code, self.reason = info.lastStatusCode, info.lastReason
        self.history.append((time.time(), self.state))

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()
        for number, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                spoken = self.floor.speech if self.talks_on else self.floor.tone
                spoken.startTransmit(self.getAudioMedia(number))

    def onDtmfDigit(self, prm: Any) -> None:
        self.keys += prm.digit

    def onCallTransferStatus(self, prm: Any) -> None:
        self.referred = prm.statusCode

    # --- from anywhere -------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        return self.state == "DISCONNECTED"

    @property
    def answered(self) -> bool:
        return any(state == "CONFIRMED" for _, state in self.history)

    def until(self, state: str, seconds: float = PATIENCE_S) -> None:
        wait(
            f"{state} (is {self.state} {self.code} {self.reason})",
            lambda: any(each == state for _, each in self.history),
            seconds,
        )

    def answer(self, code: int = 200) -> None:
        self.floor.do(lambda: self.answer_now(code))

    def answer_now(self, code: int) -> None:
        if self.getId() < 0:
            return
        prm = pj.CallOpParam()
        prm.statusCode = code
        with suppress(pj.Error):
            super().answer(prm)

    def hang_up(self, code: int = 0) -> None:
        def end() -> None:
            if self.getId() < 0:
                return
            prm = pj.CallOpParam()
            prm.statusCode = code
            with suppress(pj.Error):
                self.hangup(prm)

        self.floor.do(end)

    def press(self, keys: str, *, by_info: bool = False) -> None:
        """By RFC 4733, or by SIP INFO."""
        prm = pj.CallSendDtmfParam()
        prm.digits = keys
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if by_info else pj.PJSUA_DTMF_METHOD_RFC2833
        self.floor.do(lambda: self.sendDtmf(prm))

    def hold(self, held: bool) -> None:
        """The phone's own key: a re-INVITE, sendonly or sendrecv."""
        prm = pj.CallOpParam(True)
        if not held:
            prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.floor.do(lambda: self.reinvite(prm) if not held else self.setHold(prm))

    def refer(self, uri: str) -> None:
        """The phone's own blind transfer."""
        self.floor.do(lambda: self.xfer(uri, pj.CallOpParam(True)))

    def packets(self) -> int:
        """RTP packets received so far."""
        return int(self.floor.ask(lambda: self.getStreamStat(0).rtcp.rxStat.pkt))


class Account(pj.Account):  # type: ignore[misc]
    def __init__(self, floor: Phones, device: Device | None, settings: Any) -> None:
        super().__init__()
        _keep(self)
        _keep(settings)
        self.settings = settings
        self.floor = floor
        self.device = device
        self.registered = False

    def onRegState(self, prm: Any) -> None:
        self.registered = self.getInfo().regIsActive

    def onIncomingCall(self, prm: Any) -> None:
        call = Talk(self.floor, self, prm.callId)
        self.floor.calls.append(call)
        device = self.device or self.floor.outside(call)
        device.calls.append(call)
        call.talks_on = device.talks_on
        if device.refuses:
            call.answer_now(device.refuses)
            return
        if device.rings:
            call.answer_now(device.says)
        if device.answers_after_s is not None:
            self.floor.later(device.answers_after_s, lambda: call.answer_now(200))


def _wave(quiet: int) -> str:
    """Said for ever: half a second of a tone, then so many samples of quiet."""
    samples = [int(8000 * math.sin(2 * math.pi * 440 * at / 8000)) for at in range(4000)] + [0] * quiet
    with tempfile.NamedTemporaryFile(suffix=".wav", delete=False) as file, wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.name


class Phones:
    def __init__(self, registrar: str) -> None:
        self.registrar = registrar
        self._hello, self._talk = _wave(12000), _wave(0)
        self.devices: dict[str, Device] = {}
        self.customers: dict[str, Device] = {}
        """Phones outside, by number, for calls that come to them by the carrier."""
        self.calls: list[Talk] = []
        self._accounts: dict[str, Account] = {}
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._stop = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failed: list[Exception] = []

    # --- PJSIP's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        endpoint = self.endpoint = pj.Endpoint()
        _keep(endpoint)
        endpoint.libCreate()
        settings = pj.EpConfig()
        settings.uaConfig.threadCnt = 0
        settings.uaConfig.mainThreadOnly = True
        settings.uaConfig.maxCalls = 64
        settings.logConfig.level = settings.logConfig.consoleLevel = 1
        settings.medConfig.noVad = True
        settings.medConfig.ecTailLen = 0
        settings.medConfig.sndAutoCloseTime = -1
        endpoint.libInit(settings)
        endpoint.audDevManager().setNullDev()
        self._transports = {}
        for host, port in ((CARRIER, CARRIER_PORT), (FLOOR, FLOOR_PORT), (ELSEWHERE, FLOOR_PORT)):
            transport = pj.TransportConfig()
            transport.port, transport.boundAddress = port, host
            self._transports[host] = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        self.tone, self.speech = self._player(self._hello), self._player(self._talk)
        self._carrier = self._account(f"sip:carrier@{CARRIER}:{CARRIER_PORT}", CARRIER, None)
        self._ready.set()
        while not self._stop:
            endpoint.libHandleEvents(5)
            with suppress(Empty):
                while True:
                    self._try(self._work.get_nowait())
            now = time.monotonic()
            due = [work for at, work in self._timers if at <= now]
            self._timers = [each for each in self._timers if each[0] > now]
            for work in due:
                self._try(work)
        with suppress(pj.Error):
            endpoint.hangupAllCalls()
        # Not destroyed: PJSIP ends the process when Python frees an object of it afterwards.
        for _ in range(20):
            endpoint.libHandleEvents(10)

    def _player(self, file: str) -> Any:
        player = pj.AudioMediaPlayer()
        player.createPlayer(file)
        _keep(player)
        return player

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except pj.Error as error:
            self.failed.append(RuntimeError(error.info()))

    def _account(self, uri: str, host: str, device: Device | None, password: str = "") -> Account:
        settings = pj.AccountConfig()
        settings.idUri = uri
        settings.sipConfig.transportId = self._transports[host]
        settings.mediaConfig.transportConfig.boundAddress = host
        settings.mediaConfig.transportConfig.port = 41000
        if password:
            assert device
            settings.regConfig.registrarUri = f"sip:{self.registrar}"
            settings.regConfig.timeoutSec = 120
            settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", device.name, 0, password))
        account = Account(self, device, settings)
        account.create(settings)
        self._accounts[device.name if device else uri] = account
        return account

    def outside(self, call: Talk) -> Device:
        number = call.getInfo().localUri.partition("sip:")[2].partition("@")[0]
        return self.customers.setdefault(number, Device(number))

    # --- from anywhere -------------------------------------------------------------------------------------------

    def do(self, work: Callable[[], None]) -> None:
        self._work.put(work)

    def ask(self, work: Callable[[], Any]) -> Any:
        done, found = threading.Event(), []

        def answered() -> None:
            try:
                found.append((work(), None))
            except pj.Error as error:
                found.append((None, RuntimeError(error.info())))
            finally:
                done.set()

        self.do(answered)
        assert done.wait(PATIENCE_S)
        result, error = found[0]
        if error is not None:
            raise error
        return result

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + seconds, work))

    def forget(self) -> None:
        """Every phone as it was, without a past."""
        for device in self.devices.values():
            device.rings, device.says, device.refuses, device.answers_after_s = True, 180, 0, None
            device.calls = [call for call in device.calls if not call.over]
        self.customers.clear()

    def device(self, name: str, password: str) -> Device:
        device = self.devices[name] = Device(name)
        account = self.ask(lambda: self._account(f"sip:{name}@{self.registrar}", FLOOR, device, password))
        wait(f"{name} is registered", lambda: account.registered)
        return device

    def move(self, name: str, host: str) -> None:
        """Register from there."""
        account = self._accounts[name]
        account.settings.sipConfig.transportId = self._transports[host]
        account.settings.mediaConfig.transportConfig.boundAddress = host
        account.registered = False
        self.ask(lambda: account.modify(account.settings))
        wait(f"{name} is registered from {host}", lambda: account.registered)

    def renew(self, name: str) -> None:
        """Register again: an Asterisk that was started anew knows nobody."""
        account = self._accounts[name]
        account.registered = False
        self.do(lambda: account.setRegistration(True))
        wait(f"{name} is registered again", lambda: account.registered)

    def dial(self, caller: str, dialled: str) -> Talk:
        def begin() -> Talk:
            call = Talk(self, self._carrier)
            self.calls.append(call)
            prm = pj.CallOpParam(True)
            header = pj.SipHeader()
            header.hName, header.hValue = "P-Asserted-Identity", f"<sip:{caller}@{CARRIER}>"
            prm.txOption.headers.append(header)
            prm.txOption.localUri = f"<sip:{caller}@{CARRIER}:{CARRIER_PORT}>"
            call.makeCall(f"sip:{dialled}@{self.registrar}", prm)
            return call

        found: Talk = self.ask(begin)
        return found

    def close(self) -> None:
        self._stop = True
        self._thread.join(10)
        for file in (self._hello, self._talk):
            Path(file).unlink(missing_ok=True)

    def open(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)


@contextmanager
def phones(registrar: str) -> Iterator[Phones]:
    floor = Phones(registrar)
    floor.open()
    try:
        yield floor
    finally:
        floor.close()
