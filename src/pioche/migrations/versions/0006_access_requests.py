"""Who asked to be let in to a gated repository.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("fields", sa.Text(), server_default="{}", nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("repo_id", "account_id", name="uq_access_requests_account"),
    )
    op.create_index("ix_access_requests_account", "access_requests", ["account_id", "id"], unique=False)
    op.create_index("ix_access_requests_decider", "access_requests", ["decided_by"], unique=False)
    op.create_index("ix_access_requests_repo", "access_requests", ["repo_id", "status", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_access_requests_repo", table_name="access_requests")
    op.drop_index("ix_access_requests_decider", table_name="access_requests")
    op.drop_index("ix_access_requests_account", table_name="access_requests")
    op.drop_table("access_requests")
