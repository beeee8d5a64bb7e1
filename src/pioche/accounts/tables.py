"""The tables of accounts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pioche.ports.database import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),  # user | org
    Column("name", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False, unique=True),
    Column("fullname", String(200), nullable=False),
    Column("bio", Text, nullable=False, server_default=""),
    Column("website", String(500), nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("socials", Text, nullable=False, server_default="{}"),  # JSON: place -> what one is called there
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("email_lower", String(320), nullable=False, unique=True),
    Column("email", String(320), nullable=False),
    Column("password_hash", String(500), nullable=False),  # argon2id
    Column("is_admin", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default="0"),
)

members = Table(
    "members",
    metadata,
    Column("org_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Integer, nullable=False),  # OrgRole
    Index("ix_members_user", "user_id"),
)

# A team inside of an organisation. Repositories, buckets and collections of the organisation name the one that they are
# in by `group_id`, so one that still has something in it cannot be deleted.
resource_groups = Table(
    "resource_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("org_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False),
    Column("description", String(500), nullable=False, server_default=""),
    Column("auto_join", Integer),  # OrgRole in the group of whoever joins the organisation; NULL: they do not join
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("org_id", "name_lower", name="uq_resource_groups_name"),
    # What names a group that is gone must not come to be in another one.
    sqlite_autoincrement=True,
)

# Only members of the organisation are in its groups.
group_members = Table(
    "group_members",
    metadata,
    Column("group_id", Integer, ForeignKey("resource_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Integer, nullable=False),  # OrgRole
    Column("added_by", Integer),
    Index("ix_group_members_user", "user_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(96), nullable=False),
    Column("role", String(16), nullable=False),  # read | write | fineGrained
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the secret, which is random
    Column("hint", String(8), nullable=False),
    Column("scopes", Text, nullable=False, server_default="[]"),  # JSON list of RepoScope
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    UniqueConstraint("user_id", "name", name="uq_tokens_name"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("user_agent", String(300), nullable=False, server_default=""),
    Index("ix_sessions_user", "user_id"),
)
