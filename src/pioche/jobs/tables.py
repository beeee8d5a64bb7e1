"""The tables of jobs and schedules. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false

from pioche.ports.database import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(24), nullable=False, unique=True),  # by chance: it is in addresses
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("initiator_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("stage", String(12), nullable=False),
    Column("message", String(500), nullable=False, server_default=""),
    Column("image", String(300), nullable=False),
    Column("command", Text, nullable=False),  # JSON list
    Column("environment", Text, nullable=False),  # JSON object
    Column("secrets", Text, nullable=False),  # JSON object, sealed
    Column("secret_names", Text, nullable=False),  # JSON list
    Column("flavor", String(32), nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("labels", Text, nullable=False),  # JSON object
    Column("volumes", Text, nullable=False, server_default="[]"),  # JSON list
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("exit_code", Integer),
    Column("cpu_seconds", Float, nullable=False, server_default="0"),
    Column("peak_memory", BigInteger, nullable=False, server_default="0"),
    Column("compute_ms", BigInteger, nullable=False, server_default="0"),  # time times CPUs
    Column("joules", Float, nullable=False, server_default="0"),
    Column("joules_measured", Boolean, nullable=False, server_default=false()),  # else estimated
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("schedule_key", String(24)),  # the schedule that made it; it may be gone
    Column("group_id", Integer),  # the resource group whose people see it; it may be gone: then no others do
    Index("ix_jobs_owner", "owner_id", "id"),
    Index("ix_jobs_stage", "stage", "id"),
    Index("ix_jobs_schedule", "schedule_key", "id"),
    sqlite_autoincrement=True,
)

job_schedules = Table(
    "job_schedules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(24), nullable=False, unique=True),
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("initiator_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("rule", String(100), nullable=False),
    Column("job", Text, nullable=False),  # JSON of a `NewJob` without its secrets
    Column("secrets", Text, nullable=False),  # JSON object, sealed
    Column("secret_names", Text, nullable=False),  # JSON list
    Column("suspended", Boolean, nullable=False, server_default=false()),
    Column("concurrent", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    Column("last_key", String(24)),
    Column("last_at", BigInteger),
    Column("message", String(500), nullable=False, server_default=""),
    Index("ix_job_schedules_owner", "owner_id", "id"),
    Index("ix_job_schedules_next", "suspended", "next_at"),
    sqlite_autoincrement=True,
)
