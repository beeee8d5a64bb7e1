"""Background work: one table, claimed, retried, scheduled, unique.

Truth: `tasks`. Emits and hears no events; `wiring.py` turns events into tasks. Enqueue in the transaction that
makes the work necessary, so that none is lost and none is invented. At-least-once: a task must be idempotent.
"""
