"""The table of papers. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from pioche.ports.database import metadata

papers = Table(
    "papers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("title", String(500), nullable=False, server_default=""),
    Column("title_lower", String(500), nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default=""),
    Column("authors", Text, nullable=False, server_default="[]"),  # JSON list
    Column("published_at", BigInteger),
    Column("project_page", String(500), nullable=False, server_default=""),
    Column("github_repo", String(500), nullable=False, server_default=""),
    Column("submitter_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("submitted_at", BigInteger, nullable=False),
    Index("ix_papers_submitted", "submitted_at", "id"),
)
