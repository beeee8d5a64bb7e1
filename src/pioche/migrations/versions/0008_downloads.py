"""Downloads by day, and what trends.

Revision: 0008, after 0007.
"""

import math

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "download_days",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repo_id", "day"),
    )
    with op.batch_alter_table("repos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("downloads_all", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("trending", sa.Float(), server_default="0", nullable=False))
        batch_op.create_index("ix_repos_trending", ["kind", "trending", "id"], unique=False)
    _reckon_trending()


def _reckon_trending() -> None:
    """From when a repository was made, and its likes as if they had been given then."""
    repos = sa.table("repos", sa.column("id"), sa.column("created_at"), sa.column("likes"), sa.column("trending"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(repos.c.id, repos.c.created_at, repos.c.likes)).all():
        score = (row.created_at - 1_577_836_800_000) / (7 * 24 * 3600 * 1000) + math.log2(0.5 + row.likes)
        connection.execute(sa.update(repos).where(repos.c.id == row.id).values(trending=score))


def downgrade() -> None:
    with op.batch_alter_table("repos", schema=None) as batch_op:
        batch_op.drop_index("ix_repos_trending")
        batch_op.drop_column("trending")
        batch_op.drop_column("downloads_all")

    op.drop_table("download_days")
