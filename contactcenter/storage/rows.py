"""Rows as values: JSON columns come as text and are decoded here, everything else fits by name."""

from __future__ import annotations

from typing import Any

import msgspec

from channels.port import AnyOutbound
from contactcenter.domain.configuration import Document
from contactcenter.domain.facts import Fact
from contactcenter.errors import Invalid
from contactcenter.services.views import (
    ArrivalView,
    CallbackView,
    CallerView,
    CallView,
    CaseView,
    ComplaintView,
    ContactView,
    ConversationView,
    CustomerView,
    FirstReceipt,
    MessageView,
    OpenCase,
    OutboxItem,
    PastContact,
    ScreenView,
    UnwantedView,
)
from routing.events import AnyEvent
from routing.model import Presence, Record

_plain = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode
decode_event = msgspec.json.Decoder(AnyEvent).decode
decode_record = msgspec.json.Decoder(Record).decode
decode_presence = msgspec.json.Decoder(Presence).decode
decode_document = msgspec.json.Decoder(Document).decode
_customer = msgspec.json.Decoder(CustomerView).decode
_history = msgspec.json.Decoder(tuple[PastContact, ...]).decode
_cases = msgspec.json.Decoder(tuple[OpenCase, ...]).decode
decode_outbound = msgspec.json.Decoder(AnyOutbound).decode


def text(value: Any) -> str:
    """A value as JSON text, which is how the driver takes jsonb."""
    try:
        return encode(value).decode()
    except UnicodeEncodeError as error:
        raise Invalid(f"this text cannot be kept: {error}") from error


def plain(value: str) -> Any:
    return _plain(value)


def contact(row: Any) -> ContactView:
    return ContactView(**{**row, "context": _plain(row["context"])})


def screen(row: Any) -> ScreenView:
    """A contact, and as JSON what belongs to it; NULL where there is none."""
    fields = dict(row)
    customer, history, cases = (fields.pop(name) for name in ("customer_view", "history", "cases"))
    return ScreenView(
        contact=contact(fields),
        customer=_customer(customer) if customer else None,
        history=_history(history) if history else (),
        cases=_cases(cases) if cases else (),
    )


def customer(row: Any, identities: list[Any], records: list[Any]) -> CustomerView:
    pairs = tuple((each["kind"], each["value"]) for each in identities)
    return CustomerView(**row, identities=pairs, records=tuple(dict(each) for each in records))


def whole_customer(row: Any) -> CustomerView:
    """Identities and records as JSON, in one row with the customer."""
    identities = tuple((kind, value) for kind, value in _plain(row["identities"] or "[]"))
    return CustomerView(**{**row, "identities": identities, "records": tuple(_plain(row["records"] or "[]"))})


def caller(row: Any) -> CallerView:
    fields = dict(row)
    for name in ("n", "last_agent"):
        fields.pop(name)
    pairs = tuple((kind, value) for kind, value in _plain(fields.pop("identities")))
    return CallerView(CustomerView(**fields, identities=pairs), row["last_agent"])


def arrival(row: Any) -> ArrivalView:
    """A receipt, a call and a caller side by side; NULL where there is none."""
    caller = _plain(row["caller"]) if row["caller"] else None
    return ArrivalView(
        first=FirstReceipt(row["payload_hash"], _plain(row["result"])) if row["payload_hash"] is not None else None,
        call=call(row) if row["life"] is not None else None,
        caller=CallerView(msgspec.convert(caller, CustomerView), caller["last_agent"]) if caller else None,
        promised=row["promised"],
    )


def call(row: Any) -> CallView:
    """As sql/columns/call.sql names it."""
    return CallView(
        call=row["call"],
        life=row["life"].encode(),
        version=row["version"],
        contact=row["contact_id"],
        gone=row["gone"],
        over=row["over"],
        instead_of=row["instead_of"],
    )


def conversation(row: Any) -> ConversationView:
    return ConversationView(**row)


def message(row: Any) -> MessageView:
    return MessageView(**{**row, "detail": _plain(row["detail"])})


def callback(row: Any) -> CallbackView:
    return CallbackView(**{**row, "attempts": tuple(_plain(row["attempts"]))})


def unwanted(row: Any) -> UnwantedView:
    return UnwantedView(**row)


def case(row: Any) -> CaseView:
    return CaseView(**{**row, "body": _plain(row["body"])})


def complaint(row: Any) -> ComplaintView:
    return ComplaintView(**{**row, "body": _plain(row["body"])})


def fact(row: Any) -> Fact:
    return Fact(**{**row, "data": _plain(row["data"])})


def sending(row: Any) -> OutboxItem:
    return OutboxItem(**{**row, "payload": decode_outbound(row["payload"])})
