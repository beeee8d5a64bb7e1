"""The tables of the index. All are derived."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table

from pioche.ports.database import metadata

# What was indexed, so that it can be taken out again: a compressed `Document`, and the steps that it is in (JSON-like
# text would be larger: a struct of SORTS numbers).
documents = Table(
    "search_documents",
    metadata,
    Column("repo_id", Integer, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("steps", LargeBinary, nullable=False),
)

# Repositories with a term, in blocks of 65,536 ids: a change writes a few kilobytes for each of its terms. The block
# stands first, so that a block is written in one place; a term is looked up in each of them.
postings = Table(
    "search_postings",
    metadata,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("ids", LargeBinary, nullable=False),  # a roaring bitmap, portable format
    sqlite_with_rowid=False,
)

# Repositories in a step of a sort: `list` is a kind and a sort.
steps = Table(
    "search_steps",
    metadata,
    Column("list", BigInteger, primary_key=True, autoincrement=False),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("ids", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# One row: `version` grows with each change; `total` counts documents; `ready` once all were indexed.
state = Table(
    "search_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("floor", BigInteger, nullable=False),  # `search_changes` knows all after this version
)

# Terms that a version touched, so that what is kept in memory can be dropped; the last thousands alone.
changes = Table(
    "search_changes",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
