"""The tables of trainings. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from pioche.ports.database import metadata

trainings = Table(
    "trainings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(24), nullable=False, unique=True),  # by chance: it is in addresses, and names the run
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("initiator_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("stage", String(12), nullable=False),  # waiting | running | publishing | done | failed | stopped
    Column("message", String(500), nullable=False, server_default=""),
    Column("seconds", Integer, nullable=False, server_default="0"),  # of a CPU, about, that it will take
    Column("recipe", Text, nullable=False),  # JSON, see `types.Recipe`
    Column("result", Text, nullable=False, server_default="{}"),  # JSON: the last `result` that the script told
    Column("model", String(200), nullable=False, server_default=""),  # owner/name, once it is published
    Column("attempt", Integer, nullable=False, server_default="1"),  # each resuming is a run of its own
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("cpu_seconds", Float, nullable=False, server_default="0"),
    Column("peak_memory", BigInteger, nullable=False, server_default="0"),
    Index("ix_trainings_owner", "owner_id", "id"),
    Index("ix_trainings_model", "model"),
    Index("ix_trainings_stage", "stage", "id"),
    sqlite_autoincrement=True,
)

training_told = Table(
    "training_told",
    metadata,
    Column("training_id", Integer, ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, nullable=False),  # the last one that is in it
    Column("progress", Text, nullable=False),  # JSON, see `types.Progress`
)
