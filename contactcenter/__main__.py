"""The command line: argument parsing only. `contactcenter --help` lists the commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from channels.flow import WHYS
from contactcenter import config
from contactcenter.config import Settings
from contactcenter.domain.texts import LANGUAGES
from contactcenter.errors import ContactCenterError
from contactcenter.wiring import commands, dead_letters, doctor, history
from contactcenter.wiring.arguments import run_async
from contactcenter.wiring.ivr_tool import ivr
from contactcenter.wiring.logs import start_logging


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Our own errors are told in one line, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        settings = config.from_process({"roles": _roles(options), "data_dir": getattr(options, "data_dir", None)})
        start_logging(settings.log_level)
        return int(options.run(settings, options))
    except ContactCenterError as problem:
        where = f"{problem.field}: " if problem.field else ""
        print(f"contactcenter: {where}{problem}", file=sys.stderr)
        for found in problem.details.get("problems", ()) or ():  # type: ignore[attr-defined]
            print(f"  {found}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _roles(options: argparse.Namespace) -> tuple[str, ...] | None:
    named: str | None = getattr(options, "role", None)
    return None if named is None else tuple(part.strip() for part in named.split(",") if part.strip())


def _simulate(settings: Settings, options: argparse.Namespace) -> int:
    from contactcenter.demo.simulate import simulate

    return run_async(simulate(options.kind, settings.data_dir))


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from contactcenter.demo.run import demo

    return run_async(demo(settings.data_dir, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contactcenter", description="An omnichannel contact-center backend.")
    parser.add_argument("--data-dir", type=Path, help="where the embedded database, secrets and kept mail are")
    commands_ = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = _command(commands_, "serve", commands.serve, "run the service")
    serve.add_argument("--role", help=f"comma-separated roles of this process: {', '.join(config.ROLES)}; default all")

    _command(commands_, "migrate", commands.migrate_schema, "bring the database up to date")

    apply = _command(commands_, "config", commands.configure, "show, check or activate a configuration")
    apply.add_argument("action", choices=("show", "check", "apply"))
    apply.add_argument("file", nargs="?", type=Path, help="the YAML document, for check and apply")

    token = _command(commands_, "token", commands.issue_token, "make an access token; it is shown once")
    token.add_argument("kind", choices=("agent", "supervisor", "operator", "client"))
    token.add_argument("subject", help="the agent's id, or a name")
    token.add_argument("--provider", default="")
    token.add_argument("--client", default="")

    _add_ivr(commands_)

    simulate = _command(commands_, "simulate", _simulate, "make one contact through the public doors")
    simulate.add_argument("kind", choices=("call", "mail", "chat", "callback"))

    demo = _command(commands_, "demo", _demo, "a busy hour in a minute or two, on a running service")
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--contacts", type=int, default=400)
    demo.add_argument("--agents", type=int, default=100)
    demo.add_argument("--decisions", type=Path, help="write every contact's decisions to this file")

    _add_looking(commands_)

    docs = _command(commands_, "docs", commands.write_documents, "write docs/api from the code")
    docs.add_argument("folder", type=Path, nargs="?", default=Path("docs/api"))
    return parser


def _add_ivr(commands_: object) -> None:
    flow = _command(commands_, "ivr", ivr, "check an IVR flow, or play it in the terminal")
    flow.add_argument("action", choices=("check", "play"))
    flow.add_argument("flow", help="a file with one flow, a configuration file, or the id of a configured flow")
    flow.add_argument("--id", default="", help="which flow of a configuration file")
    flow.add_argument("--config", type=Path, help="the configuration around a file with one flow")
    flow.add_argument("--keys", help="what the caller does, one answer a question: 1,13900000000#,-,msg")
    flow.add_argument("--caller", default="13900000000", help="the caller's number; empty: withheld")
    flow.add_argument("--promised", action="store_true", help="a callback in two hours is outstanding for the caller")
    flow.add_argument("--why", choices=WHYS, default="", help="the treatment that routing asked for")
    flow.add_argument("--at", help="the instant: 2026-11-22T09:00:03, or a time of today")
    flow.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="of the tool's own words")


def _add_looking(commands_: object) -> None:
    """What was decided and why, what is wrong, and what was given up."""
    replay = _command(commands_, "replay", history.replay, "decide every logged event again and compare")
    replay.add_argument("--day", help="only this day, YYYY-MM-DD in the provider's time zone; default everything")
    replay.add_argument("--provider", default="")

    explain = _command(commands_, "explain", history.explain, "why a contact went where it went, who else was there")
    explain.add_argument("contact", help="the contact's id, ct_...")
    explain.add_argument("--at", help="only this instant: 2026-11-22T09:00:03, or a time of the day it came")
    explain.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])
    explain.add_argument("--all-agents", action="store_true", help="name everyone, agents of other leases too")

    examined = _command(commands_, "doctor", doctor.doctor, "look at store, bus, clocks and rows; say what to do")
    examined.add_argument("--json", action="store_true", help="for a machine")
    examined.add_argument("--older", type=float, default=30.0, help="seconds that a thing may wait; default 30")
    examined.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])

    letters = _command(commands_, "outbox", dead_letters.outbox, "sendings that were given up, and sending them again")
    letters.add_argument("action", choices=("dead", "replay"))
    letters.add_argument("id", nargs="*", help="for replay: which; `all` for every one")
    letters.add_argument("--provider", default="")
    letters.add_argument("--limit", type=int, default=50)


def _command(parsers: object, name: str, run: object, summary: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = parsers.add_parser(name, help=summary, description=summary)  # type: ignore[attr-defined]
    made.set_defaults(run=run)
    return made


if __name__ == "__main__":
    sys.exit(main())
