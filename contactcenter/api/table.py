"""The route table: every address of the service, who may use it, what it takes and what it answers.

The application and docs/api/openapi.json are both made from it. The doors of the channels and the sockets bring
their own handlers: their rows stand in `api.doors_table`, and `with_doors` puts both together.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from contactcenter.api import shapes as s
from contactcenter.api import shapes_callbacks as k
from contactcenter.api import shapes_explanation as e
from contactcenter.api import shapes_operations as o
from contactcenter.api import shapes_outbound as u
from contactcenter.api.handlers import (
    administration,
    callbacks,
    cases,
    contacts,
    customers,
    explaining,
    operations,
    outbound,
    pages,
)
from contactcenter.api.problems import MediaTypeUnknown, PreconditionFailed
from contactcenter.api.route import OPERATORS, PEOPLE, STAFF, Call, Route
from contactcenter.api.services import Services
from contactcenter.errors import Busy, Conflict, Invalid, NotFound
from contactcenter.services.configuring import ConfigurationChange
from contactcenter.services.reporting import DayReport, LiveQueues

WATCHERS: Final = frozenset({"supervisor", "operator", "client"})
LADDER: Final = frozenset({"agent", "supervisor", "client"})
"""Whose level it is, the service knows (L0 the seat, L1 the supervisor, from L2 on the client)."""
SUPERVISORS: Final = frozenset({"supervisor"})
SENDERS: Final = frozenset({"operator", "client"})
"""Who mends what is sent: the provider's operations, and a client its own."""


async def feed(services: Services, call: Call[Any, Any]) -> web.StreamResponse:
    """A stream authenticates itself: server-sent events by header, a websocket by its first frame."""
    return await services.feed(call.request)


OPERATIONS: Final = (
    Route(
        method="GET", path="/healthz", handler=operations.health, tag="operations", auth=None,
        summary="The process is alive", response=o.Health,
    ),
    Route(
        method="GET", path="/readyz", handler=operations.readiness, tag="operations", auth=None,
        summary="Store reachable, router owned, not draining; else 503", response=o.Readiness,
    ),
    Route(
        method="GET", path="/metrics", handler=operations.metrics, tag="operations", auth=None,
        summary="Prometheus text; open on loopback, elsewhere an operator's token", media="text/plain",
    ),
    Route(
        method="GET", path="/v1/queues", handler=operations.queues, tag="live", auth=WATCHERS,
        summary="The live queues, seats and counters of the day", response=LiveQueues,
    ),
    Route(
        method="GET", path="/v1/queues/feed", handler=feed, tag="live", auth=None, media="text/event-stream",
        summary="The same, pushed on change: websocket (hello frame) or server-sent events (Bearer)",
        response=LiveQueues, errors=(Busy,),
    ),
    Route(
        method="GET", path="/v1/reports/day", handler=operations.day, tag="reports", auth=WATCHERS,
        summary="A day recomputed from its facts", query=o.DayQuery, response=DayReport, errors=(Invalid,),
    ),
    Route(
        method="GET", path="/v1/agents", handler=operations.agents, tag="live", auth=STAFF,
        summary="The agents and their presence", response=o.AgentList,
    ),
    Route(
        method="GET", path="/v1/texts", handler=operations.texts, tag="pages", auth=None,
        summary="The labels of the pages, ?lang= or Accept-Language", response=o.TextsOut,
    ),
    Route(
        method="GET", path="/v1/mail/kept", handler=operations.kept_mail, tag="operations", auth=WATCHERS,
        summary="Replies kept as files because no relay is configured", query=o.KeptQuery, response=o.KeptMails,
        errors=(Invalid,),
    ),
)  # fmt: skip

WORK: Final = (
    Route(
        method="GET", path="/v1/contacts", handler=contacts.contacts, tag="contacts", auth=PEOPLE,
        summary="Contacts, newest first", query=s.ContactsQuery, response=s.ContactPage, errors=(Invalid,),
    ),
    Route(
        method="GET", path="/v1/contacts/{id}", handler=contacts.contact, tag="contacts", auth=PEOPLE,
        summary="A contact, its facts, and why it went where it went", response=s.ContactStory, errors=(NotFound,),
    ),
    Route(
        method="GET", path="/v1/contacts/{id}/explanation", handler=explaining.explanation, tag="contacts",
        auth=WATCHERS, summary="Why it went there, and for every other agent one reason why not; replayed",
        query=e.ExplanationQuery, response=e.ExplanationOut, errors=(NotFound, Invalid),
    ),
    Route(
        method="POST", path="/v1/contacts/{id}/assign", handler=contacts.assign, tag="contacts", auth=SUPERVISORS,
        summary="Give a contact to an agent, with the reason", request=s.AssignContact, response=s.Accepted,
        status=202, errors=(NotFound, Conflict, Invalid),
    ),
    Route(
        method="POST", path="/v1/contacts/{id}/close", handler=contacts.close, tag="contacts", auth=STAFF,
        summary="End a contact without an agent", request=s.CloseContact, response=s.Accepted,
        status=202, errors=(NotFound, Conflict, Invalid),
    ),
    Route(
        method="GET", path="/v1/customers", handler=customers.find_customer, tag="customers", auth=PEOPLE,
        summary="A customer by any identity", query=s.CustomerQuery, response=s.CustomerStory,
        errors=(NotFound, Invalid),
    ),
    Route(
        method="GET", path="/v1/customers/{id}", handler=customers.customer, tag="customers", auth=PEOPLE,
        summary="A customer with four histories, contacts of all channels and open cases",
        response=s.CustomerStory, errors=(NotFound,),
    ),
    Route(
        method="GET", path="/v1/cases", handler=cases.cases, tag="cases", auth=PEOPLE,
        summary="Cases, newest first", query=s.CasesQuery, response=s.CasePage, errors=(Invalid,),
    ),
    Route(
        method="GET", path="/v1/cases/{id}", handler=cases.case, tag="cases", auth=PEOPLE,
        summary="A case with its facts and its complaint", response=s.CaseStory, errors=(NotFound,),
    ),
    Route(
        method="GET", path="/v1/complaints", handler=cases.complaints, tag="complaints", auth=WATCHERS,
        summary="Complaints, by level of the ladder", query=s.ComplaintsQuery, response=s.ComplaintList,
        errors=(Invalid,),
    ),
    Route(
        method="POST", path="/v1/complaints/{case}/accept", handler=cases.accept, tag="complaints", auth=LADDER,
        summary="This level takes the complaint", response=s.Complaint, errors=(NotFound, Conflict),
    ),
    Route(
        method="POST", path="/v1/complaints/{case}/decide", handler=cases.decide, tag="complaints", auth=LADDER,
        summary="This level decides, within its limit", request=s.DecideComplaint, response=s.Complaint,
        errors=(NotFound, Conflict, Invalid),
    ),
    Route(
        method="POST", path="/v1/complaints/{case}/escalate", handler=cases.escalate, tag="complaints", auth=LADDER,
        summary="One level up", request=s.EscalateComplaint, response=s.Complaint,
        errors=(NotFound, Conflict, Invalid),
    ),
)  # fmt: skip

ADMINISTRATION: Final = (
    Route(
        method="GET", path="/v1/configuration", handler=administration.configuration, tag="configuration",
        auth=STAFF, summary="The configuration in force; its ETag is the version", response=o.ConfigurationOut,
        errors=(NotFound,),
    ),
    Route(
        method="POST", path="/v1/configuration", handler=administration.configure, tag="configuration",
        auth=OPERATORS, summary="Apply a document (YAML or JSON); ?dry_run=true shows the difference",
        query=o.ConfigurationQuery, response=ConfigurationChange, status=201,
        errors=(Conflict, PreconditionFailed, MediaTypeUnknown, Invalid),
    ),
    Route(
        method="POST", path="/v1/tokens", handler=administration.issue, tag="tokens", auth=OPERATORS,
        summary="Issue a token, shown this once", request=o.NewToken, response=o.IssuedToken, status=201,
        errors=(Invalid,),
    ),
    Route(
        method="DELETE", path="/v1/tokens/{subject}", handler=administration.revoke, tag="tokens", auth=OPERATORS,
        summary="Revoke all tokens of a subject", response=o.RevokedTokens, errors=(NotFound,),
    ),
)  # fmt: skip

OUTBOUND: Final = (
    Route(
        method="GET", path="/v1/outbox/dead", handler=outbound.dead, tag="operations", auth=WATCHERS,
        summary="Sendings that were given up, newest first", query=u.DeadQuery, response=u.DeadLetters,
        errors=(Invalid,),
    ),
    Route(
        method="POST", path="/v1/outbox/{id}/replay", handler=outbound.replay, tag="operations", auth=SENDERS,
        summary="Send one again that was given up", response=u.Replayed, status=202, errors=(NotFound, Conflict),
    ),
    Route(
        method="GET", path="/v1/webhooks", handler=outbound.webhooks, tag="operations", auth=WATCHERS,
        summary="Who is told of facts, as configured", response=u.WebhookList,
    ),
    Route(
        method="POST", path="/v1/webhooks/{id}/resume", handler=outbound.resume, tag="operations", auth=SENDERS,
        summary="Send to a webhook again whose receiver had answered 410", response=u.WebhookList,
        errors=(NotFound,),
    ),
)  # fmt: skip

CALLBACKS: Final = (
    Route(
        method="GET", path="/v1/callbacks", handler=callbacks.callbacks, tag="callbacks", auth=WATCHERS,
        summary="Promised callbacks with their attempts and their one outcome, newest first", query=k.CallbacksQuery,
        response=k.CallbackPage, errors=(Invalid,),
    ),
    Route(
        method="GET", path="/v1/callbacks/cancel/{token}", handler=callbacks.look, tag="callbacks", auth=None,
        media="text/html", per_minute=60, summary="The customer's page: what would be cancelled (signed link)",
    ),
    Route(
        method="POST", path="/v1/callbacks/cancel/{token}", handler=callbacks.cancel, tag="callbacks", auth=None,
        media="text/html", per_minute=30,
        summary="Cancel this callback; again it says the same, 409 when it is too late",
    ),
    Route(
        method="GET", path="/v1/do-not-call", handler=callbacks.listed, tag="callbacks", auth=WATCHERS,
        summary="The numbers that are not to be called, by client", query=k.UnwantedQuery, response=k.UnwantedList,
        errors=(Invalid,),
    ),
    Route(
        method="POST", path="/v1/do-not-call", handler=callbacks.add, tag="callbacks", auth=WATCHERS,
        summary="List a number; what was promised to it ends", request=k.NewUnwanted, response=k.UnwantedOut,
        status=201, errors=(NotFound, Invalid),
    ),
    Route(
        method="DELETE", path="/v1/do-not-call/{number}", handler=callbacks.remove, tag="callbacks", auth=WATCHERS,
        summary="Take a number off the list", query=k.UnwantedOf, response=k.UnwantedOut,
        errors=(NotFound, Invalid),
    ),
)  # fmt: skip

PAGES: Final = (
    Route(
        method="GET", path="/", handler=pages.index, tag="pages", auth=None, media="text/html", hidden=True,
        summary="The index page",
    ),
    Route(
        method="GET", path=r"/{page:[a-z0-9][a-z0-9._-]*}", handler=pages.page, tag="pages", auth=None,
        media="text/html", hidden=True, summary="/agent, /wallboard, /chat-demo, /widget.js and their files",
    ),
)  # fmt: skip

TABLE: Final[tuple[Route, ...]] = (*OPERATIONS, *WORK, *ADMINISTRATION, *OUTBOUND, *CALLBACKS)
"""The service's own addresses; `with_doors` adds those of the channels, the pages come last."""
