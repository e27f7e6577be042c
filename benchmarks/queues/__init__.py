"""The batch writer beside job queues in PostgreSQL, in one unit: a change of state and a row of its history."""
