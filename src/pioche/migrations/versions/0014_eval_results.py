"""Evaluation results of models.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Files and cards that are there already are read once the hub runs.
REBUILD = [
    {
        "name": "evals.rebuild",
        "arguments": "{}",
        "unique_key": "evals.rebuild:migration",
        "state": "waiting",
        "attempts": 0,
        "run_at": 0,
        "created_at": 0,
    }
]


def upgrade() -> None:
    op.create_table(
        "eval_results",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("pull_request", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("filename", sa.String(length=1024), nullable=False),
        sa.Column("dataset", sa.String(length=193), nullable=False),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repo_id", "pull_request", "position"),
    )
    op.create_index("ix_eval_results_board", "eval_results", ["dataset", "task", "score"])
    columns = {name: sa.BigInteger() if value == 0 else sa.String() for name, value in REBUILD[0].items()}
    op.bulk_insert(sa.table("tasks", *(sa.column(name, kind) for name, kind in columns.items())), REBUILD)


def downgrade() -> None:
    op.drop_index("ix_eval_results_board", table_name="eval_results")
    op.drop_table("eval_results")
