"""The tables of webhooks. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from pioche.ports.database import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("domains", Text, nullable=False),  # JSON list
    Column("secret", String(200), nullable=False, server_default=""),
    Column("disabled", Boolean, nullable=False),
    Column("note", String(300), nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),  # deliveries given up since the last that arrived
    Column("created_at", BigInteger, nullable=False),
    Index("ix_webhooks_user", "user_id", "id"),
    # An id that a client has kept must not come to mean another hook.
    sqlite_autoincrement=True,
)

# No foreign key on what is watched: that it was deleted is an event too.
webhook_watches = Table(
    "webhook_watches",
    metadata,
    Column("webhook_id", Integer, ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # user | org | model | dataset | space
    Column("target_id", Integer, primary_key=True),  # of an account, or of a repository
    Index("ix_webhook_watches_target", "kind", "target_id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("webhook_id", Integer, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(8), nullable=False),  # waiting | done | failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("status", Integer),
    Column("response", Text, nullable=False, server_default=""),
    Column("error", String(500), nullable=False, server_default=""),
    Column("milliseconds", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
    Index("ix_webhook_deliveries_created", "created_at"),
    sqlite_autoincrement=True,
)
