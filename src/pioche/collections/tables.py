"""The tables of collections. All are truth, but for `collections.upvotes`. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pioche.ports.database import metadata

collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(24), nullable=False, unique=True),  # the end of its address, by chance
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(100), nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("private", Boolean, nullable=False),
    Column("theme", String(16), nullable=False),
    Column("position", Integer, nullable=False),  # among its owner's
    Column("created_by", Integer),
    Column("group_id", Integer, ForeignKey("resource_groups.id")),  # of its owner, an organisation
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # -- derived --
    Column("upvotes", Integer, nullable=False, server_default="0"),
    UniqueConstraint("owner_id", "title", name="uq_collections_title"),
    Index("ix_collections_updated", "updated_at", "id"),
    Index("ix_collections_group", "group_id"),
    Index("ix_collections_upvotes", "upvotes", "id"),
)

# One of the last three columns says what it is about. What is deleted leaves every collection.
collection_items = Table(
    "collection_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection_id", Integer, ForeignKey("collections.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE")),
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE")),
    Column("child_id", Integer, ForeignKey("collections.id", ondelete="CASCADE")),
    UniqueConstraint("collection_id", "repo_id", name="uq_collection_items_repo"),
    UniqueConstraint("collection_id", "bucket_id", name="uq_collection_items_bucket"),
    UniqueConstraint("collection_id", "child_id", name="uq_collection_items_child"),
    Index("ix_collection_items_repo", "repo_id"),
    Index("ix_collection_items_bucket", "bucket_id"),
    Index("ix_collection_items_child", "child_id"),
    # An id that a client has kept must not come to mean another item.
    sqlite_autoincrement=True,
)

collection_votes = Table(
    "collection_votes",
    metadata,
    Column("collection_id", Integer, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_collection_votes_account", "account_id"),
)
