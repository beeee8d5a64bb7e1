"""The schema of the first release: every table as the rooms declare it.

Revision: 0001, after nothing.
"""

from alembic import op

from pioche.ports.database import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
