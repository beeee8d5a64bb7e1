"""The table of waiting and failed work."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from pioche.ports.database import metadata

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("arguments", Text, nullable=False),  # JSON
    # Two waiting tasks of the same unique key are one task; NULL is never equal to NULL.
    Column("unique_key", String(200)),
    Column("state", String(16), nullable=False),  # waiting | running | failed
    Column("attempts", Integer, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("unique_key", name="uq_tasks_unique_key"),
    Index("ix_tasks_due", "state", "run_at"),
)
