"""Which commits a merged pull request brought.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("discussions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_head", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("merged_base", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("discussions", schema=None) as batch_op:
        batch_op.drop_column("merged_base")
        batch_op.drop_column("merged_head")
