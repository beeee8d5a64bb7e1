"""Reactions, locked discussions, numbers that are never given twice, and what is left of a pull request.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repos") as table:
        table.add_column(sa.Column("discussions_disabled", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("last_discussion", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("discussions") as table:
        table.add_column(sa.Column("locked", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("comments", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("updated_at", sa.BigInteger(), server_default="0", nullable=False))
        table.add_column(sa.Column("ref_deleted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE repos SET last_discussion = "
        "COALESCE((SELECT MAX(num) FROM discussions WHERE discussions.repo_id = repos.id), 0)"
    )
    op.execute(
        "UPDATE discussions SET comments = (SELECT COUNT(*) FROM discussion_events "
        "WHERE discussion_events.discussion_id = discussions.id AND kind = 'comment'), "
        "updated_at = COALESCE((SELECT MAX(discussion_events.created_at) FROM discussion_events "
        "WHERE discussion_events.discussion_id = discussions.id), discussions.created_at)"
    )
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "reactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("emoji", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["event_id"], ["discussion_events.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "user_id", "emoji", name="uq_reactions"),
    )
    op.create_index("ix_reactions_discussion", "reactions", ["discussion_id"], unique=False)
    op.create_index("ix_reactions_user", "reactions", ["user_id"], unique=False)
    op.create_table(
        "pull_request_remains",
        sa.Column("discussion_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head", sa.String(length=40), nullable=False),
        sa.Column("commits", sa.Text(), nullable=False),
        sa.Column("patch", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("discussion_id"),
    )


def downgrade() -> None:
    op.drop_table("pull_request_remains")
    op.drop_index("ix_reactions_user", table_name="reactions")
    op.drop_index("ix_reactions_discussion", table_name="reactions")
    op.drop_table("reactions")
    with op.batch_alter_table("discussions") as table:
        for name in ("ref_deleted", "updated_at", "comments", "locked"):
            table.drop_column(name)
    with op.batch_alter_table("repos") as table:
        table.drop_column("last_discussion")
        table.drop_column("discussions_disabled")
