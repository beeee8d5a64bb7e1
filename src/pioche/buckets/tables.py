"""The tables of buckets. Hashes are 32 raw bytes; times are Unix milliseconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from pioche.ports.database import metadata

# Ids are numbers of repositories (see `repos`), so that a right in the content store belongs to one of them only.
buckets = Table(
    "buckets",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("name", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created_by", Integer),
    Column("group_id", Integer, ForeignKey("resource_groups.id")),  # of its owner, an organisation
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # -- derived --
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("total_files", BigInteger, nullable=False, server_default="0"),
    # The newest change that the log has forgotten: whoever stopped before it has to look at everything again.
    Column("log_start_id", BigInteger, nullable=False, server_default="0"),
    Column("log_start_at", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("owner_id", "name_lower", name="uq_buckets_name"),
    Index("ix_buckets_updated", "updated_at", "id"),
    Index("ix_buckets_group", "group_id"),
)

bucket_redirects = Table(
    "bucket_redirects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("namespace_lower", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False),
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("namespace_lower", "name_lower", name="uq_bucket_redirects_name"),
    Index("ix_bucket_redirects_bucket", "bucket_id"),
)

bucket_files = Table(
    "bucket_files",
    metadata,
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), primary_key=True),
    Column("path", String(1024), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime", BigInteger),
    Column("uploaded_at", BigInteger, nullable=False),
    Index("ix_bucket_files_hash", "bucket_id", "hash"),
)

bucket_changes = Table(
    "bucket_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("hash", LargeBinary(32)),
    Column("size", BigInteger),
    Column("mtime", BigInteger),
    Column("at", BigInteger, nullable=False),
    Index("ix_bucket_changes_bucket", "bucket_id", "id"),
    Index("ix_bucket_changes_at", "at"),
    # Clients come back with the id of the last change that they saw, so ids must not come back after a delete.
    sqlite_autoincrement=True,
)

# Files in the content store that a bucket has a right to and does not list: uploads that were given up, and what was
# deleted or replaced. They are kept for some days, because an upload may be about to list them.
bucket_leftovers = Table(
    "bucket_leftovers",
    metadata,
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary(32), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)
