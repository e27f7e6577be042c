"""The doctor is silent over a healthy service, finds each planted sickness, and says it in both languages."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from house import OTHER_LINE, House, house

from contactcenter.config import Settings
from contactcenter.domain.texts import LANGUAGES, Renderer, catalogue
from contactcenter.services.examination import Check, Finding, examine, exit_code, lines, told
from contactcenter.storage.doctor_checks import CHECKS
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.wiring.doctor import checks_of, doctor
from routing.events import Left, OfferAccepted, WrappedUp

OLD = "clock_timestamp() - interval '1 hour'"
SICK = {
    "undecided_events": (
        "INSERT INTO routing_events (domain_id, event, received_at) VALUES ('elsewhere', '{{}}', {old})"
    ),
    "set_aside_events": "UPDATE routing_events SET problem = 'KeyError' WHERE seq = 1",
    "offers_past_expiry": "UPDATE offers SET expires_at = {old}, ended_at = NULL",
    "orphaned_offers": "UPDATE offers SET ended_at = NULL WHERE contact_id IN (SELECT id FROM contacts"
    " WHERE ended_at IS NOT NULL)",
    "ownerless_contacts": "UPDATE assignments SET ended_at = now() WHERE ended_at IS NULL",
    "stray_assignments": "UPDATE assignments SET agent_id = 'a1009' WHERE ended_at IS NULL",
    "desk_capacity": "UPDATE presences SET used_units = 0",
    "conservation": "UPDATE contacts SET ended_at = NULL, state = 'waiting', owner_id = '' WHERE ended_at IS NOT NULL",
    "timers_overdue": "INSERT INTO timers VALUES ('t', 'case.due', 'p', 'c', 's', '', {old}, NULL)",
    "outbox_overdue": "INSERT INTO outbox (id, kind, provider_id, client_id, payload, created_at, next_at)"
    " VALUES ('o', 'mail', 'p', 'c', '{{}}', {old}, {old})",
    "outbox_dead": "INSERT INTO outbox (id, kind, provider_id, client_id, payload, created_at, next_at, done_at, dead)"
    " VALUES ('o', 'mail', 'p', 'c', '{{}}', {old}, {old}, {old}, true)",
    "webhooks_behind": "UPDATE routing_events SET decided_at = {old} WHERE seq = 1;"
    " INSERT INTO webhook_cursors VALUES ('ruixun', 0, now())",
    "webhooks_stopped": "INSERT INTO webhook_stops VALUES ('ruixun', 'crm', 'https://a.example/', '410', now())",
    "ownerless_domains": "INSERT INTO configurations"
    " SELECT 'another', version, document, now(), 'x' FROM configurations",
    "quarantine": "INSERT INTO quarantine VALUES ('q', 'mail', 'unknown mailbox', '', now(), NULL)",
    "missing_months": "DROP TABLE {month}",
    "default_partition": "INSERT INTO facts (id, at, kind, provider_id, client_id, data)"
    " VALUES ('f', '2001-01-01Z', 'k', 'p', 'c', '{{}}')",
    "node_clocks": "UPDATE routing_events SET decided_at = now() + interval '1 minute' WHERE seq ="
    " (SELECT max(seq) FROM routing_events)",
    "retention": "INSERT INTO receipts VALUES ('s', '1', '', '{{}}', now() - interval '60 days')",
}
"""What is planted for each check; a check without a sickness to find would be a check that cannot fail."""


async def found_by(found: House) -> dict[str, Finding]:
    findings = await examine(checks_of(found.core, 30.0))
    return {finding.check: finding for finding in findings}


@pytest.fixture
async def months(pool: asyncpg.Pool) -> str:
    async with pool.acquire() as connection:
        now = await connection.fetchval("SELECT micros(clock_timestamp())")
        await ensure_fact_partitions(connection, now)
        return str(
            await connection.fetchval(
                "SELECT to_char((clock_timestamp() AT TIME ZONE 'UTC') + interval '1 month', '\"facts_\"YYYY_MM')"
            )
        )


def test_every_check_has_a_sickness_and_its_words() -> None:
    assert set(SICK) == {check.name for check in CHECKS} | {"retention"}
    texts = Renderer(catalogue())
    for name in (*SICK, "schema", "store", "clock", "bus", "connections"):
        for language in LANGUAGES:
            given = {"count": 2, "example": "x", "problem": "p", "skew_s": "3", "kind": "redis"}
            words = told(Finding(check=name, state="bad", values=given), texts, language)
            assert words.wrong
            assert words.do


async def test_a_healthy_service_gets_no_finding(pool: asyncpg.Pool, tmp_path: Path, months: str) -> None:
    async with house(pool, tmp_path) as found:
        await serve_one(found)
        findings = await found_by(found)
        await found.core.stores.leases.acquire("pbx-1", "one", 60.0)
        connections = (await found_by(found))["connections"]
    # The server of the tests does not wait for its disk, and nobody sends here.
    assert findings.pop("store").values["problem"] == "fsync, full_page_writes, synchronous_commit"
    assert findings.pop("connections").state == "bad"
    assert connections.state == "ok"
    assert {name: each for name, each in findings.items() if each.state != "ok"} == {}


async def serve_one(found: House) -> None:
    """One call is over, one is in work, one is offered or waits, and one was turned away."""
    await found.at_work("a1001", "a1002")
    await found.call(OTHER_LINE)
    await found.until(lambda: bool(found.of("contact.blocked")))
    first = (await found.call()).contact
    await found.until(lambda: bool(found.of("offer.made", contact=first)))
    offer = found.of("offer.made", contact=first)[0].offer
    await found.happen(OfferAccepted(offer.id, offer.agent))
    await found.until(lambda: bool(found.of("contact.assigned", contact=first)))
    await found.happen(Left(first))
    await found.until(lambda: bool(found.of("wrap_up.began", contact=first)))
    await found.happen(WrappedUp(first, offer.agent))
    await found.until(lambda: bool(found.of("contact.ended", contact=first)))
    second = (await found.call()).contact
    await found.until(lambda: bool(found.of("offer.made", contact=second)))
    offer = found.of("offer.made", contact=second)[0].offer
    await found.happen(OfferAccepted(offer.id, offer.agent))
    await found.until(lambda: bool(found.of("contact.assigned", contact=second)))
    third = (await found.call()).contact
    await found.until(lambda: bool(found.of("offer.made", contact=third)))


@pytest.mark.parametrize("name", SICK)
async def test_a_planted_sickness_is_found(pool: asyncpg.Pool, tmp_path: Path, months: str, name: str) -> None:
    async with house(pool, tmp_path) as found:
        await serve_one(found)
        await found.supervisor.stop("router")
        await found.core.stores.routing.acquire("ruixun", "nobody", 60.0)
        if name == "missing_months":
            await pool.execute(f"ALTER TABLE facts DETACH PARTITION {months}")
        for statement in SICK[name].format(old=OLD, month=months).split(";"):
            await pool.execute(statement)
        finding = (await found_by(found))[name]
    assert finding.state in ("bad", "warning")
    assert finding.values["count"] >= 1
    assert finding.values["example"]


async def test_a_check_that_breaks_is_a_finding_too() -> None:
    async def breaks() -> Finding:
        raise RuntimeError("disk on fire")

    findings = await examine([Check("store", breaks)])
    assert findings[0].state == "unknown"
    assert exit_code(findings) == 1
    assert exit_code([*findings, Finding(check="bus", state="bad")]) == 2
    assert exit_code([Finding(check="bus", state="ok")]) == 0
    words = [told(each, Renderer(catalogue()), "en") for each in findings]
    assert "disk on fire" in "\n".join(lines(words, Renderer(catalogue()), "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_says_what_it_cannot_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"postgresql://nobody@/x?host={tmp_path}")
    options: Any = argparse.Namespace(older=30.0, language=language, json=True)
    assert doctor(settings, options) == 2
    said = json.loads(capsys.readouterr().out)
    assert [(each["check"], each["state"]) for each in said] == [("store", "bad")]
    options.json = False
    assert doctor(settings, options) == 2
    assert "store" in capsys.readouterr().out
