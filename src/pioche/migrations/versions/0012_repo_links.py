"""Links between repositories.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REBUILD = {
    "name": "links.rebuild",
    "arguments": "{}",
    "unique_key": "links.rebuild:migration",
    "state": "waiting",
    "attempts": 0,
    "run_at": 0,
    "created_at": 0,
}


def upgrade() -> None:
    op.create_table(
        "repo_links",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_kind", sa.String(length=16), nullable=False),
        sa.Column("target_lower", sa.String(length=193), nullable=False),
        sa.Column("target", sa.String(length=193), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["repos.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target_id"], ["repos.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("source_id", "target_kind", "target_lower"),
    )
    op.create_index("ix_repo_links_target", "repo_links", ["target_id", "relation"])
    op.create_index("ix_repo_links_name", "repo_links", ["target_kind", "target_lower"])
    # Cards that are there already are read once the hub runs.
    text = sa.String()
    number = sa.BigInteger()
    tasks = sa.table("tasks", *(sa.column(name, number if REBUILD[name] == 0 else text) for name in REBUILD))
    op.bulk_insert(tasks, [REBUILD])


def downgrade() -> None:
    op.drop_index("ix_repo_links_name", table_name="repo_links")
    op.drop_index("ix_repo_links_target", table_name="repo_links")
    op.drop_table("repo_links")
