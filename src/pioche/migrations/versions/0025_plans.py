"""Plans of accounts, what they computed, and what a job took.

Revision: 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_plans",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "compute_usage",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("runs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("compute_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cpu_seconds", sa.Float(), server_default="0", nullable=False),
        sa.Column("joules", sa.Float(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "month", "kind"),
    )
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("compute_ms", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("joules", sa.Float(), nullable=False, server_default="0"))
        table.add_column(sa.Column("joules_measured", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("joules_measured")
        table.drop_column("joules")
        table.drop_column("compute_ms")
    op.drop_table("compute_usage")
    op.drop_table("account_plans")
