"""Rules about what a client's customers see and hear: greeting, addresses, languages (H06, M04, I5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from contactcenter.domain.brand import hidden_names, mentioned
from contactcenter.domain.configuration import Client, Document
from contactcenter.domain.problem import Problem

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")
_ORIGIN = re.compile(r"^https?://[^/\s]+$")
_MAY_USE = {"client", "number"}


def client_problems(document: Document) -> Iterator[Problem]:
    """The greeting names unit and agent number; nothing customers see names the provider."""
    for index, client in enumerate(document.clients):
        path = f"clients[{index}]"
        yield from _languages(client, path)
        for language, text in client.greeting.items():
            yield from _greeting(client, text, f"{path}.greeting.{language}")
        yield from _brand(document, client, path)
        if not client.complaint_desk:
            yield Problem(
                f"{path}.complaint_desk", "no_desk", "complaints cannot be handed to the client", warning=True
            )
    yield from _addresses(document)


def _languages(client: Client, path: str) -> Iterator[Problem]:
    for field, text in (("name", client.name), ("greeting", client.greeting)):
        for language in text:
            if not _LANGUAGE.match(language):
                yield Problem(f"{path}.{field}.{language}", "language", f"{language!r} is not a language tag (BCP 47)")
        if client.default_language not in text:
            yield Problem(f"{path}.{field}", "language", f"there is no {client.default_language} text")


def _greeting(client: Client, text: str, path: str) -> Iterator[Problem]:
    try:
        used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as wrong:
        yield Problem(path, "greeting", f"the braces do not match: {wrong}")
        return
    if used - _MAY_USE:
        yield Problem(
            path, "greeting", f"unknown placeholder {{{min(used - _MAY_USE)}}}; there are {{client}}, {{number}}"
        )
    if "client" not in used and not mentioned(text, client.name.values()):
        yield Problem(path, "greeting", "the greeting must name the client (M04)")
    if "number" not in used:
        yield Problem(path, "greeting", "the greeting must give the agent's {number} (H06)")


def _brand(document: Document, client: Client, path: str) -> Iterator[Problem]:
    hidden = hidden_names(document, client.id)
    seen = {f"{path}.website": client.website, f"{path}.complaint_desk": client.complaint_desk}
    seen |= {f"{path}.name.{language}": text for language, text in client.name.items()}
    seen |= {f"{path}.greeting.{language}": text for language, text in client.greeting.items()}
    for index, box in enumerate(document.mailboxes):
        if box.client == client.id:
            seen[f"mailboxes[{index}].address"] = box.address
    for where, text in seen.items():
        if found := mentioned(text, hidden):
            yield Problem(where, "brand", f"customers of {client.id} would see the provider's name {found!r} (I5)")


def _addresses(document: Document) -> Iterator[Problem]:
    mails = {f"mailboxes[{i}].address": box.address for i, box in enumerate(document.mailboxes)}
    mails |= {
        f"clients[{i}].complaint_desk": c.complaint_desk for i, c in enumerate(document.clients) if c.complaint_desk
    }
    for path, address in mails.items():
        if not _MAIL.match(address):
            yield Problem(path, "address", f"{address!r} is not a mail address")
    for i, site in enumerate(document.sites):
        for j, origin in enumerate(site.origins):
            if not _ORIGIN.match(origin):
                yield Problem(f"sites[{i}].origins[{j}]", "origin", f"{origin!r} is not an origin (https://host)")
    for i, source in enumerate(document.sources):
        if source.control_url and not source.control_url.startswith(("http://", "https://")):
            yield Problem(f"sources[{i}].control_url", "url", f"{source.control_url!r} is not an http address")
