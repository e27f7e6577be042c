"""A real Asterisk on loopback, configured by the very blocks of docs/telephony/asterisk.md.

ASTERISK names the program, ASTERISK_ROOT the folder it is chrooted into where it lives in one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from places import CARRIER, CARRIER_PORT, FLOOR, FLOOR_PORT, wait

DOCS = Path(__file__).parents[2] / "docs" / "telephony" / "asterisk.md"
PASSWORD = "a-long-random-password"
DEVICE_PASSWORD = "another-password"
MUSIC = "[default]\nmode=files\ndirectory=moh\n"
DEVICES = tuple(str(number) for number in range(1001, 1021))


def documented() -> dict[str, str]:
    """The configuration files of the page, by name; blocks of one file are put together."""
    files: dict[str, str] = {"http.conf": "", "ari.conf": "", "extensions.conf": "", "pjsip.conf": ""}
    for text in re.findall(r"```ini\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL):
        if text.startswith("; http.conf"):
            files["http.conf"], _, files["ari.conf"] = text.partition("; ari.conf")
        elif "exten =>" in text:
            files["extensions.conf"] += text + "\n"
        elif "type=endpoint" in text:
            files["pjsip.conf"] += text
    assert all(files.values()), files
    return files


class Asterisk:
    def __init__(self, folder: Path, root: Path, http_port: int, sip_port: int) -> None:
        """`folder` is inside of `root`."""
        self.folder = folder
        self.root = root
        self.http_port = http_port
        self.sip_port = sip_port
        self.base = f"http://127.0.0.1:{http_port}/ari"
        self._popen: subprocess.Popen[bytes] | None = None
        self._configure()

    def inside(self, path: Path) -> str:
        return "/" + str(path.relative_to(self.root))

    def _configure(self) -> None:
        etc = self.folder / "etc"
        etc.mkdir()
        places = {"astetcdir": etc}
        for name in ("db", "spool", "run", "log"):
            places[f"ast{name}dir"] = self.folder / name
        for place in places.values():
            place.mkdir(exist_ok=True)
        for name in ("recording", "voicemail", "tmp"):
            (self.folder / "spool" / name).mkdir()
        lines = "".join(f"{name} => {self.inside(place)}\n" for name, place in places.items())
        files = documented()
        files["http.conf"] = files["http.conf"].replace("10.0.0.5", "127.0.0.1").replace("8088", str(self.http_port))
        endpoint = files["pjsip.conf"]
        files["pjsip.conf"] = self._transport() + "".join(endpoint.replace("1001", name) for name in DEVICES)
        files["asterisk.conf"] = f"[directories]\n{lines}[options]\nverbose = 3\n"
        files["modules.conf"] = "[modules]\nautoload=yes\nnoload => res_corosync.so\nnoload => chan_mobile.so\n"
        files["logger.conf"] = "[logfiles]\nfull => notice,warning,error,verbose\n"
        files["rtp.conf"] = "[general]\nrtpstart=30000\nrtpend=39000\n"
        files["musiconhold.conf"] = MUSIC
        for name in (
            "amd.conf",
            "indications.conf",
            "pjsip_wizard.conf",
            "acl.conf",
            "features.conf",
            "ccss.conf",
            "udptl.conf",
        ):
            files.setdefault(name, "[general]\n")
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """One of its configuration files; `console` has it reloaded."""
        (self.folder / "etc" / name).write_text(text, encoding="utf-8")

    def _transport(self) -> str:
        return (
            f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{self.sip_port}\n"
            "[carrier]\ntype=endpoint\ncontext=from-carrier\ndisallow=all\nallow=alaw\ndirect_media=no\nallow_transfer=no\naors=carrier\ntrust_id_inbound=yes\n"
            f"[carrier]\ntype=identify\nendpoint=carrier\nmatch={CARRIER}\n"
            f"[carrier]\ntype=aor\ncontact=sip:{CARRIER}:{CARRIER_PORT}\n"
            # Dialled as PJSIP/floor/sip:<device>@...: as many phones as a load needs, on one port.
            "[floor]\ntype=endpoint\ncontext=none\ndisallow=all\nallow=alaw\ndirect_media=no\naors=floor\n"
            f"[floor]\ntype=aor\ncontact=sip:{FLOOR}:{FLOOR_PORT}\n"
            # The same for a phone that must be heard.
            "[heard]\ntype=endpoint\ncontext=none\ndisallow=all\nallow=alaw\ndirect_media=no\naors=floor\nrtp_timeout=2\n"
        )

    def _command(self, *more: str) -> list[str]:
        program = os.environ.get("ASTERISK", "/usr/sbin/asterisk")
        prefix = ["chroot", str(self.root)] if self.root != Path("/") else []
        return [*prefix, program, "-C", self.inside(self.folder / "etc" / "asterisk.conf"), *more]

    # --- its life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        with (self.folder / "out.log").open("ab") as out:
            self._popen = subprocess.Popen(self._command("-f", "-n"), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        wait("Asterisk is booted", lambda: self.get("/asterisk/info"), 60)

    def kill(self) -> None:
        assert self._popen
        self._popen.kill()
        self._popen.wait(20)

    def pause(self, stopped: bool) -> None:
        assert self._popen
        self._popen.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def stop(self) -> None:
        if self._popen is None or self._popen.poll() is not None:
            return
        self._popen.terminate()
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def console(self, command: str) -> str:
        asked = self._command("-rx", command)
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout + done.stderr

    @property
    def pid(self) -> int:
        assert self._popen
        return self._popen.pid

    # --- what is there -------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        token = b64encode(f"cc:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(self.base + path, headers={"authorization": f"Basic {token}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return msgspec.json.decode(answer.read())
        except OSError:
            return None

    def channels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/channels")
        return found

    def bridges(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/bridges")
        return found


@contextmanager
def asterisk(http_port: int, sip_port: int) -> Iterator[Asterisk]:
    root = Path(os.environ.get("ASTERISK_ROOT", "/"))
    folder = Path(tempfile.mkdtemp(prefix="cc-asterisk-", dir=root / "tmp"))
    made = Asterisk(folder, root, http_port, sip_port)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if "KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
