"""The tables of the content store. Hashes are 32 raw bytes; times are Unix milliseconds."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from pioche.ports.database import metadata

xorbs = Table(
    "xet_xorbs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("chunk_count", Integer, nullable=False),
    Column("raw_size", Integer, nullable=False),
    Column("disk_size", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # The last time a client was told that this xorb exists: clients remember for three weeks.
    Column("touched_at", BigInteger, nullable=False),
    # Set: about to be deleted, and to everyone but the sweep it does not exist any more.
    Column("doomed_at", BigInteger),
    # When its bytes were last compared with its name, first as they came in, and what was wrong if anything was.
    Column("checked_at", BigInteger, nullable=False),
    Column("fault", Text),
    Index("ix_xet_xorbs_checked", "checked_at"),
    # Ids are cached with what they stand for, so they must not come back after a delete.
    sqlite_autoincrement=True,
)

# Beside the xorbs, because a sweep or a count should not have to read 40 bytes per chunk.
xorb_chunks = Table(
    "xet_xorb_chunks",
    metadata,
    Column("xorb_id", ForeignKey("xet_xorbs.id", ondelete="CASCADE"), primary_key=True),
    Column("chunks", LargeBinary, nullable=False),  # `ChunkTable.pack`
)

files = Table(
    "xet_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    # Only ever one that was computed here. None: nobody claimed one. Not unique, because other clients may cut
    # the same bytes into other chunks, which gives another Xet hash.
    Column("sha256", LargeBinary(32), index=True),
    Column("recipe", LargeBinary, nullable=False),  # `Recipe.pack`
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

file_xorbs = Table(
    "xet_file_xorbs",
    metadata,
    Column("file_id", ForeignKey("xet_files.id", ondelete="CASCADE"), primary_key=True),
    Column("xorb_id", ForeignKey("xet_xorbs.id"), primary_key=True),
    Index("ix_xet_file_xorbs_xorb_id", "xorb_id"),
)

# A repository's right to a file. No foreign key to repositories: this room does not know them.
repo_files = Table(
    "xet_repo_files",
    metadata,
    Column("repo_id", Integer, primary_key=True),
    Column("file_id", ForeignKey("xet_files.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_xet_repo_files_file_id", "file_id"),
)

public_repos = Table(
    "xet_public_repos",
    metadata,
    Column("repo_id", Integer, primary_key=True, autoincrement=False),
)

# Only chunks that clients ask for: about one in 1024, and the first of every file.
dedupe = Table(
    "xet_dedupe",
    metadata,
    Column("chunk_hash", LargeBinary(32), primary_key=True),
    Column("xorb_id", ForeignKey("xet_xorbs.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_xet_dedupe_xorb_id", "xorb_id"),
)

# One row once the caches of all clients had to be dropped; the number is part of the address of the store.
generation = Table(
    "xet_generation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)
