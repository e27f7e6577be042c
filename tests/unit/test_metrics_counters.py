"""What a process counts for Prometheus: each effect under its kind, and by what one wants to be alarmed of."""

from __future__ import annotations

from prometheus_client.exposition import generate_latest

from contactcenter.metrics.prometheus import Registry


def test_who_may_not_queue_is_counted_by_reason_and_who_waited_too_long_by_answer() -> None:
    registry = Registry()
    registry.effect("contact.blocked", client="kangjia", reason="closed")
    registry.effect("contact.blocked", client="kangjia", reason="queue_full")
    registry.effect("contact.overflowed", answer="callback")
    text = generate_latest(registry.collector).decode()
    assert 'cc_blocked_total{client="kangjia",reason="closed"} 1.0' in text
    assert 'cc_blocked_total{client="kangjia",reason="queue_full"} 1.0' in text
    assert 'cc_overflowed_total{answer="callback"} 1.0' in text
    assert 'cc_effects_total{kind="contact.overflowed"} 1.0' in text
