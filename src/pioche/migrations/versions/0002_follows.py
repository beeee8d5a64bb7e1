"""Follows, and what people are called elsewhere.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("socials", sa.Text(), server_default="{}", nullable=False))
    op.create_table(
        "follows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.Column("followed_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["followed_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["follower_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("follower_id", "followed_id", name="uq_follows_pair"),
    )
    op.create_index("ix_follows_followed", "follows", ["followed_id", "id"], unique=False)
    op.create_index("ix_follows_follower", "follows", ["follower_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("follows")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_column("socials")
