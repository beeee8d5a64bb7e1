"""The table of follows. It is truth."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from pioche.ports.database import metadata

follows = Table(
    "follows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("follower_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("followed_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("follower_id", "followed_id", name="uq_follows_pair"),
    Index("ix_follows_follower", "follower_id", "id"),
    Index("ix_follows_followed", "followed_id", "id"),
)
