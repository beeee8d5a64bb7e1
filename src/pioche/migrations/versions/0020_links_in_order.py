"""Links to a repository are found newest first.

Revision: 0020, after 0019.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_repo_links_target", table_name="repo_links")
    op.create_index("ix_repo_links_target", "repo_links", ["target_id", "relation", "source_id"])


def downgrade() -> None:
    op.drop_index("ix_repo_links_target", table_name="repo_links")
    op.create_index("ix_repo_links_target", "repo_links", ["target_id", "relation"])
