"""What people say about papers.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["parent_id"], ["paper_comments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_paper_comments_key", "paper_comments", ["key", "parent_id", "id"], unique=False)
    op.create_index("ix_paper_comments_parent", "paper_comments", ["parent_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_paper_comments_parent", table_name="paper_comments")
    op.drop_index("ix_paper_comments_key", table_name="paper_comments")
    op.drop_table("paper_comments")
