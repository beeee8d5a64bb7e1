"""The tables of OAuth. Of secrets they hold digests."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from pioche.ports.database import metadata

oauth_apps = Table(
    "oauth_apps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", String(36), nullable=False, unique=True),
    Column("owner_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE")),  # NULL: came with the hub
    Column("name", String(96), nullable=False),
    Column("website", String(500), nullable=False),
    Column("redirects", Text, nullable=False),  # one address per line
    Column("scopes", Text, nullable=False),  # with spaces between them, as everywhere here
    Column("secret_digest", String(64)),  # NULL: public
    Column("created_at", BigInteger, nullable=False),
    Index("ix_oauth_apps_owner", "owner_id"),
)

oauth_connections = Table(
    "oauth_connections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("app_id", Integer, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("orgs", Text),  # JSON list of ids; NULL: all
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Index("ix_oauth_connections_user", "user_id"),
    Index("ix_oauth_connections_app", "app_id"),
)

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("connection_id", Integer, ForeignKey("oauth_connections.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # access | refresh
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),  # a refresh token is good for one use
    Index("ix_oauth_tokens_connection", "connection_id"),
)

oauth_devices = Table(
    "oauth_devices",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_code", String(8), nullable=False, unique=True),
    Column("app_id", Integer, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("address", String(100), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),  # pending | approved | denied
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("orgs", Text),
)

oauth_codes = Table(
    "oauth_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("app_id", Integer, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("orgs", Text),
    Column("redirect", Text, nullable=False),
    Column("challenge", String(43), nullable=False),
    Column("nonce", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False, server_default="0"),
    Column("connection_id", Integer, ForeignKey("oauth_connections.id", ondelete="SET NULL")),
)
