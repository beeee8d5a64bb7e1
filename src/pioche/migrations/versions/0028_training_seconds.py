"""Trainings hold what they will take of a plan.

Revision: 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("trainings", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("seconds", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("trainings", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("seconds")
