"""From the store's tables and the drill's ledger to a `History`."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from drill import records as r
from drill.house import House
from drill.ledger import Ledger

_json = msgspec.json.decode


async def gathered(house: House, ledger: Ledger, *, seed: int) -> r.History:
    connection = await house.connect()
    try:
        history = await _rows(connection)
    finally:
        await connection.close()
    history.seed = seed
    history.units = {medium["medium"]: medium["units"] for medium in house.document["media"]}
    history.capacity = {agent["id"]: agent.get("capacity", 60) for agent in house.document["agents"]}
    history.acknowledged, history.commanded = ledger.acknowledged, ledger.commanded
    history.ordered, history.sightings, history.desks = ledger.ordered, ledger.sightings, ledger.desks
    done = house.run("replay", "--provider", house.document["provider"]["id"])
    history.replay = "" if done.returncode == 0 else (done.stdout + done.stderr)[-1500:]
    return history


async def _rows(connection: asyncpg.Connection) -> r.History:
    history = r.History()
    history.facts = [_fact(row) for row in await connection.fetch(FACTS)]
    history.events = [r.Event(**{**row, "hash": ""}) for row in await connection.fetch(EVENTS)]
    history.contacts = [r.Contact(**row) for row in await connection.fetch(CONTACTS)]
    history.offers = [r.Offer(**row) for row in await connection.fetch(OFFERS)]
    history.assignments = [r.Assignment(**row) for row in await connection.fetch(ASSIGNMENTS)]
    history.outbox = [r.Sending(**row) for row in await connection.fetch(OUTBOX)]
    history.receipts = [r.Receipt(**row) for row in await connection.fetch(RECEIPTS)]
    history.messages = [r.Message(**row) for row in await connection.fetch(MESSAGES)]
    history.last_seq = {row["domain_id"]: row["last_seq"] for row in await connection.fetch(DOMAINS)}
    return history


def _fact(row: Any) -> r.Fact:
    return r.Fact(**{**row, "data": _json(row["data"])})


FACTS = """SELECT id, micros(at) AS at, kind, contact_id AS contact, agent_id AS agent, seq, data::text AS data
    FROM facts ORDER BY at"""
EVENTS = """SELECT id AS row, domain_id AS domain, seq, epoch, coalesce(event->>'type', '') AS kind,
    coalesce(flat->>'contact', '') AS contact, dedupe, coalesce(problem, '') AS problem
    FROM (SELECT *, CASE WHEN jsonb_typeof(event) = 'object' AND jsonb_typeof(event->'contact') = 'object'
        THEN jsonb_set(event, '{contact}', event->'contact'->'id') ELSE event END AS flat
        FROM routing_events) e ORDER BY id"""
CONTACTS = """SELECT id, medium, view, state, domain_id AS domain, external_id, owner_id AS owner FROM contacts"""
OFFERS = """SELECT id, contact_id AS contact, agent_id AS agent, ended_at IS NOT NULL AS ended, outcome FROM offers"""
ASSIGNMENTS = """SELECT id, contact_id AS contact, agent_id AS agent, ended_at IS NOT NULL AS ended FROM assignments
    WHERE role = 'owner'"""
OUTBOX = """SELECT id, kind, contact_id AS contact, outcome, done_at IS NOT NULL AS done FROM outbox"""
RECEIPTS = """SELECT source, external_id, coalesce(result->>'contact', '') AS contact FROM receipts"""
MESSAGES = """SELECT conversation_id AS conversation, seq, contact_id AS contact, sender, text, message_id
    FROM messages"""
DOMAINS = "SELECT domain_id, last_seq FROM routing_domains"
