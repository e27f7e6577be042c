"""All stores of one database under their port names: what the wiring hands to the services."""

from __future__ import annotations

from dataclasses import dataclass

from contactcenter.services.ports import (
    AccessStore,
    AttendanceStore,
    ChangeStore,
    ConfigurationStore,
    IntakeReads,
    LeaseStore,
    NodeStore,
    OutboxStore,
    Reads,
    RoutingStore,
    StuckStore,
    TimerStore,
    WebhookStore,
)


@dataclass(frozen=True, slots=True)
class Stores:
    routing: RoutingStore
    changes: ChangeStore
    intake: IntakeReads
    reads: Reads
    access: AccessStore
    configuration: ConfigurationStore
    outbox: OutboxStore
    timers: TimerStore
    webhooks: WebhookStore
    leases: LeaseStore
    nodes: NodeStore
    attendance: AttendanceStore
    stuck: StuckStore
