"""The tables of large files. All are truth."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pioche.ports.database import metadata

# Files that came in whole, each in a blob of its own. Once a task has put one into the content store, its row goes.
large_files = Table(
    "large_files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # When a repository last got or gave up the file: what nobody holds is kept for a while from here on.
    Column("touched_at", BigInteger, nullable=False),
    # When its bytes were last compared with its name, first as they came in, and what was wrong if anything was.
    Column("checked_at", BigInteger, nullable=False),
    Column("fault", Text),
    Index("ix_large_files_touched", "touched_at"),
    Index("ix_large_files_checked", "checked_at"),
)

repo_large_files = Table(
    "repo_large_files",
    metadata,
    Column("repo_id", Integer, primary_key=True),
    Column("sha256", String(64), ForeignKey("large_files.sha256"), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_repo_large_files_sha256", "sha256"),
)

# What was deleted for good from a repository whose history still names it: that it is missing is no damage.
given_up_files = Table(
    "given_up_files",
    metadata,
    Column("repo_id", Integer, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

lfs_locks = Table(
    "lfs_locks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repo_id", Integer, nullable=False),
    Column("path", String(1024), nullable=False),
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("repo_id", "path", name="uq_lfs_locks_path"),
)
