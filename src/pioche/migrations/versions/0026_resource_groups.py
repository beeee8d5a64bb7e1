"""Resource groups of organisations, and what is in them.

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

THINGS = ("repos", "buckets", "collections")


def upgrade() -> None:
    op.create_table(
        "resource_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("auto_join", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("org_id", "name_lower", name="uq_resource_groups_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["resource_groups.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "user_id"),
    )
    op.create_index("ix_group_members_user", "group_members", ["user_id"], unique=False)
    number = sa.Integer().compile(op.get_bind().dialect)
    for table in THINGS:
        # As both databases understand it: SQLite makes a column with its key at once, and no key afterwards.
        op.execute(f"ALTER TABLE {table} ADD COLUMN group_id {number} REFERENCES resource_groups (id)")
        op.create_index(f"ix_{table}_group", table, ["group_id"], unique=False)


def downgrade() -> None:
    for table in THINGS:
        op.drop_index(f"ix_{table}_group", table_name=table)
        op.execute(f"ALTER TABLE {table} DROP COLUMN group_id")
    op.drop_index("ix_group_members_user", table_name="group_members")
    op.drop_table("group_members")
    op.drop_table("resource_groups")
