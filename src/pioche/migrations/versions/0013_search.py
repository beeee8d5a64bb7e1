"""An index over names, facets and cards.

Revision: 0013, after 0012.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("repo_id", sa.Integer(), primary_key=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("steps", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "search_postings",
        sa.Column("block", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("term", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_steps",
        sa.Column("list", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("block", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_changes",
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("term", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    state = op.create_table(
        "search_state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
    )
    is_empty = op.get_bind().execute(sa.text("SELECT id FROM repos LIMIT 1")).first() is None
    op.bulk_insert(state, [{"id": 1, "version": 1, "total": 0, "ready": is_empty, "floor": 1}])
    if not is_empty:
        _plan_rebuild()


def _plan_rebuild() -> None:
    names = ("name", "arguments", "unique_key", "state", "attempts", "run_at", "created_at")
    tasks = sa.table("tasks", *(sa.column(name) for name in names))
    now = time.time_ns() // 1_000_000
    row = ("search.rebuild", "{}", "search.rebuild:all", "waiting", 0, now, now)
    op.bulk_insert(tasks, [dict(zip(names, row, strict=True))])


def downgrade() -> None:
    for name in ("search_state", "search_changes", "search_steps", "search_postings", "search_documents"):
        op.drop_table(name)
