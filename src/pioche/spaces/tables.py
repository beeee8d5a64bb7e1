"""The tables of Spaces. All are truth; times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from pioche.ports.database import metadata

# Variables and secrets in one table: a name is one or the other.
space_variables = Table(
    "space_variables",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("is_secret", Boolean, nullable=False),
    Column("value", Text, nullable=False),  # of a secret: sealed
    Column("description", String(500), nullable=False, server_default=""),
    Column("updated_at", BigInteger, nullable=False),
)

space_volumes = Table(
    "space_volumes",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("volumes", Text, nullable=False),  # JSON list of Volume
)
