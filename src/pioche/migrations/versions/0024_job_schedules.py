"""Jobs that come again and again.

Revision: 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("initiator_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("secret_names", sa.Text(), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("concurrent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("last_key", sa.String(length=24), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["initiator_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_schedules_owner", "job_schedules", ["owner_id", "id"], unique=False)
    op.create_index("ix_job_schedules_next", "job_schedules", ["suspended", "next_at"], unique=False)
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("schedule_key", sa.String(length=24), nullable=True))
        table.create_index("ix_jobs_schedule", ["schedule_key", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.drop_index("ix_jobs_schedule")
        table.drop_column("schedule_key")
    op.drop_index("ix_job_schedules_next", table_name="job_schedules")
    op.drop_index("ix_job_schedules_owner", table_name="job_schedules")
    op.drop_table("job_schedules")
