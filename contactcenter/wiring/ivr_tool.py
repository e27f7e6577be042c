"""`contactcenter ivr check|play`: a flow from its own file, from a configuration file, or from the active version."""

from __future__ import annotations

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from msgspec import Struct
from msgspec.structs import replace

from channels.flow import Flow
from contactcenter.clock import SystemClock
from contactcenter.config import Settings
from contactcenter.domain.configuration import Document
from contactcenter.domain.configuration_yaml import decode, load_yaml
from contactcenter.domain.ivr_rules import flow_problems, ivr_problems
from contactcenter.domain.problem import Problem
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.errors import Invalid, Misconfigured, NotFound
from contactcenter.wiring import ivr_play
from contactcenter.wiring.arguments import instant, run_async
from contactcenter.wiring.database import database, opened
from contactcenter.wiring.places import located, read, refused


class Found(Struct, frozen=True, kw_only=True):
    """A flow with what is known around it. `place` is the file it stands in, `text` that file's content."""

    flow: Flow
    document: Document | None = None
    place: Path | None = None
    text: str = ""
    alone: bool = False


def ivr(settings: Settings, options: argparse.Namespace) -> int:
    """Exit code 0: fine; 1: something is wrong with the flow, each with its place."""
    try:
        found = _find(settings, options)
    except Invalid as wrong:
        file = Path(options.flow) if Path(options.flow).is_file() else None
        if file is None:
            raise
        print("\n".join(refused(file, read(file), wrong)))
        return 1
    return _check(found, options) if options.action == "check" else _play(found, options)


def _check(found: Found, options: argparse.Namespace) -> int:
    if not _tell(found, _problems(found)):
        return 1
    flow = found.flow
    known = {"flow": flow.id, "nodes": len(flow.nodes), "languages": ", ".join(flow.languages)}
    print(Renderer(catalogue()).render("ops.ivr.fine", options.language, **known))
    return 0


def _tell(found: Found, problems: list[Problem]) -> bool:
    """Print them, with their places where there is a file; whether the flow may run all the same."""
    place = found.place
    print("".join(f"{each}\n" for each in (located(place, found.text, problems) if place else problems)), end="")
    return all(each.warning for each in problems)


def _problems(found: Found) -> list[Problem]:
    if found.document is None:
        return list(flow_problems(found.flow))
    index = next(i for i, flow in enumerate(found.document.ivr) if flow.id == found.flow.id)
    own = [each for each in ivr_problems(found.document) if each.path.startswith(f"ivr[{index}]")]
    return [replace(each, path=each.path.partition(".")[2]) for each in own] if found.alone else own


def _play(found: Found, options: argparse.Namespace) -> int:
    if not _tell(found, [each for each in _problems(found) if not each.warning]):
        return 1
    zone = ZoneInfo(found.document.provider.time_zone if found.document else "Asia/Shanghai")
    now = SystemClock().now()
    at = instant(options.at, zone, now) if options.at else now
    return ivr_play.play(found.flow, found.document, options, at)


# --- where it comes from ----------------------------------------------------------------------------------


def _find(settings: Settings, options: argparse.Namespace) -> Found:
    file = Path(options.flow)
    if not file.is_file():
        return _configured(settings, options.flow)
    text = read(file)
    if _is_configuration(text):
        document = load_yaml(text)
        return Found(flow=_chosen(document, options.id), document=document, place=file, text=text)
    flow = decode(text, Flow)
    around = load_yaml(read(options.config)) if options.config else None
    completed = replace(around, ivr=(flow,)) if around else None
    return Found(flow=flow, document=completed, place=file, text=text, alone=True)


def _is_configuration(text: str) -> bool:
    """A whole document has a provider, a flow of its own has not. What cannot be read is refused later."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    return isinstance(root, yaml.MappingNode) and any(key.value == "provider" for key, _ in root.value)


def _chosen(document: Document, name: str) -> Flow:
    flows = {flow.id: flow for flow in document.ivr}
    if not name and len(flows) == 1:
        return next(iter(flows.values()))
    if name not in flows:
        raise NotFound(f"say which flow with --id: {', '.join(flows) or 'there is none'}", field="--id")
    return flows[name]


def _configured(settings: Settings, name: str) -> Found:
    async def run(dsn: str) -> Found:
        async with opened(settings, dsn) as core:
            for provider in core.directories.providers:
                _, document = await core.configuring.current(provider)
                if any(flow.id == name for flow in document.ivr):
                    return Found(flow=_chosen(document, name), document=document)
        raise NotFound(f"no file and no configured flow is called {name!r}", field="flow")

    if not name or "/" in name or name.endswith((".yaml", ".yml")):
        raise Misconfigured(f"there is no file {name!r}", field="flow")
    with database(settings) as dsn:
        return run_async(run(dsn))
