"""Notifications, what is watched, and what is to be mailed.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_settings",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("web", sa.Text(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "mail_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=300), server_default="", nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_items_discussion", "mail_items", ["discussion_id"], unique=False)
    op.create_index("ix_mail_items_user", "mail_items", ["user_id", "id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=True),
        sa.Column("discussion_id", sa.Integer(), nullable=True),
        sa.Column("follower_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["follower_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "discussion_id", name="uq_notifications_discussion"),
        sa.UniqueConstraint("user_id", "follower_id", name="uq_notifications_follower"),
    )
    op.create_index("ix_notifications_discussion", "notifications", ["discussion_id"], unique=False)
    op.create_index("ix_notifications_follower", "notifications", ["follower_id"], unique=False)
    op.create_index("ix_notifications_inbox", "notifications", ["user_id", "done", "updated_at", "id"], unique=False)
    op.create_index("ix_notifications_repo", "notifications", ["repo_id"], unique=False)
    op.create_index("ix_notifications_unread", "notifications", ["user_id", "unread", "done"], unique=False)
    op.create_table(
        "watches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("repo_id", sa.Integer(), nullable=True),
        sa.Column("discussion_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "account_id", name="uq_watches_account"),
        sa.UniqueConstraint("user_id", "discussion_id", name="uq_watches_discussion"),
        sa.UniqueConstraint("user_id", "repo_id", name="uq_watches_repo"),
    )
    op.create_index("ix_watches_account", "watches", ["account_id"], unique=False)
    op.create_index("ix_watches_discussion", "watches", ["discussion_id"], unique=False)
    op.create_index("ix_watches_repo", "watches", ["repo_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_watches_repo", table_name="watches")
    op.drop_index("ix_watches_discussion", table_name="watches")
    op.drop_index("ix_watches_account", table_name="watches")
    op.drop_table("watches")
    op.drop_index("ix_notifications_unread", table_name="notifications")
    op.drop_index("ix_notifications_repo", table_name="notifications")
    op.drop_index("ix_notifications_inbox", table_name="notifications")
    op.drop_index("ix_notifications_follower", table_name="notifications")
    op.drop_index("ix_notifications_discussion", table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_mail_items_user", table_name="mail_items")
    op.drop_index("ix_mail_items_discussion", table_name="mail_items")
    op.drop_table("mail_items")
    op.drop_table("notification_settings")
