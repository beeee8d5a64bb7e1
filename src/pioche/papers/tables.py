"""The tables of papers and of what people say about them. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

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

# By the number of the paper: also those that nobody told of are spoken of. `parent_id` is what a reply answers; a reply
# to a reply answers the same comment.
paper_comments = Table(
    "paper_comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(32), nullable=False),
    Column("parent_id", Integer, ForeignKey("paper_comments.id", ondelete="CASCADE")),
    Column("author_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("text", Text, nullable=False),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_paper_comments_key", "key", "parent_id", "id"),
    Index("ix_paper_comments_parent", "parent_id", "id"),
)
