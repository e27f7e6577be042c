"""What must hold inside a configuration document, and the doors through which it comes and goes.

    load_yaml(text)  -> Document      strict shapes, the line of whatever is wrong
    problems(doc)    -> [Problem]     every rule that is broken, warnings among them
    check(doc)                        raises Invalid with all that refuse
    dump_yaml(doc), difference(old, new)

Each rule lives with its subject: leases (I1-I3), rings (B01, B02), references, what overflows (I2, B18, D21),
clients (H06, I5), times, staff (F09), webhooks (I7), IVR flows (A03, H03, B09).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contactcenter.domain.asterisk_rules import asterisk_problems
from contactcenter.domain.client_rules import client_problems
from contactcenter.domain.configuration import Document
from contactcenter.domain.configuration_difference import difference
from contactcenter.domain.configuration_yaml import dump_yaml, load_yaml
from contactcenter.domain.ivr_rules import ivr_problems
from contactcenter.domain.lease_rules import lease_problems
from contactcenter.domain.overflow_rules import overflow_problems
from contactcenter.domain.problem import Problem
from contactcenter.domain.reference_rules import reference_problems
from contactcenter.domain.ring_rules import ring_problems
from contactcenter.domain.staff_rules import staff_problems
from contactcenter.domain.time_rules import time_problems
from contactcenter.domain.twilio_rules import twilio_problems
from contactcenter.domain.webhook_rules import webhook_problems
from contactcenter.errors import Invalid

__all__ = ["Problem", "check", "difference", "dump_yaml", "load_yaml", "problems", "warnings"]

RULES: tuple[Callable[[Document], Iterator[Problem]], ...] = (
    reference_problems,
    lease_problems,
    ring_problems,
    overflow_problems,
    client_problems,
    time_problems,
    staff_problems,
    webhook_problems,
    ivr_problems,
    twilio_problems,
    asterisk_problems,
)


def problems(document: Document) -> list[Problem]:
    """Everything that is wrong, those that refuse first; warnings are marked."""
    found = [problem for rule in RULES for problem in rule(document)]
    return sorted(found, key=lambda problem: problem.warning)


def warnings(document: Document) -> list[Problem]:
    """What is legal and yet probably not meant."""
    return [problem for problem in problems(document) if problem.warning]


def check(document: Document) -> Document:
    """The same document; raises Invalid (`code` of the first, `field` its path, detail `problems`: all)."""
    refused = [problem for problem in problems(document) if not problem.warning]
    if refused:
        first = refused[0]
        raise Invalid(
            "; ".join(str(problem) for problem in refused),
            code=first.code,
            field=first.path,
            problems=tuple(refused),
        )
    return document
