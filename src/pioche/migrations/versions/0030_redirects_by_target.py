"""Old names are found by what they lead to: whoever deletes that looks there.

Revision: 0030, after 0029.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_redirects_repo", "redirects", ["repo_id"], unique=False)
    op.create_index("ix_bucket_redirects_bucket", "bucket_redirects", ["bucket_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_bucket_redirects_bucket", table_name="bucket_redirects")
    op.drop_index("ix_redirects_repo", table_name="redirects")
