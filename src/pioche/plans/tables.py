"""The tables of plans."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, String, Table

from pioche.ports.database import metadata

account_plans = Table(
    "account_plans",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("plan", String(32), nullable=False),
    Column("set_at", BigInteger, nullable=False),
)

compute_usage = Table(
    "compute_usage",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("month", String(7), primary_key=True),  # 2026-11
    Column("kind", String(16), primary_key=True),  # job, training, ...
    Column("runs", Integer, nullable=False, server_default="0"),
    Column("compute_ms", BigInteger, nullable=False, server_default="0"),  # time times CPUs
    Column("cpu_seconds", Float, nullable=False, server_default="0"),
    Column("joules", Float, nullable=False, server_default="0"),
)
