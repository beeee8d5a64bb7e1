"""The table of links. Derived: `reading.py` makes it from cards."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from pioche.ports.database import metadata

repo_links = Table(
    "repo_links",
    metadata,
    Column("source_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("target_kind", String(16), primary_key=True),
    Column("target_lower", String(193), primary_key=True),  # `owner/name` in lower case
    Column("target", String(193), nullable=False),  # as the card writes it
    Column("relation", String(16), nullable=False),
    Column("position", Integer, nullable=False),  # in the card
    # What has, or had, that name here.
    Column("target_id", Integer, ForeignKey("repos.id", ondelete="SET NULL")),
    Index("ix_repo_links_target", "target_id", "relation", "source_id"),
    Index("ix_repo_links_name", "target_kind", "target_lower"),
)
