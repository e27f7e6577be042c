"""The routing core: `decide(state, event, now)` is its only door. Pure and deterministic, no I/O, no clock."""
