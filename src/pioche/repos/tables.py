"""The tables of repositories."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from pioche.ports.database import metadata

# Who asked to be let in to a gated repository, or was let in by its owner: a user, or an organisation with all members.
access_requests = Table(
    "access_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(8), nullable=False),  # pending | accepted | rejected
    Column("fields", Text, nullable=False, server_default="{}"),  # answers to the form of the card, as JSON
    Column("asked", Boolean, nullable=False),  # and so agreed that the owner learns their address
    Column("reason", String(200), nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_by", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    UniqueConstraint("repo_id", "account_id", name="uq_access_requests_account"),
    Index("ix_access_requests_repo", "repo_id", "status", "id"),
    Index("ix_access_requests_account", "account_id", "id"),
    Index("ix_access_requests_decider", "decided_by"),
)

repos = Table(
    "repos",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("name", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("gated", String(8), nullable=False, server_default=""),  # "", "auto" or "manual"
    Column("discussions_disabled", Boolean, nullable=False, server_default=false()),
    Column("last_discussion", Integer, nullable=False, server_default="0"),  # the number that was given last
    Column("default_branch", String(200), nullable=False, server_default="main"),
    Column("created_by", Integer),
    Column("group_id", Integer, ForeignKey("resource_groups.id")),  # of its owner, an organisation
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("moves", Integer, nullable=False, server_default="0"),  # of refs since the git folder was packed
    # -- derived --
    Column("head", String(40)),  # commit of the default branch; NULL while empty
    Column("card", Text, nullable=False, server_default="{}"),  # front matter as JSON
    Column("tags", Text, nullable=False, server_default="[]"),  # JSON list
    Column("pipeline_tag", String(64)),
    Column("library", String(64)),
    Column("sdk", String(16)),  # spaces: gradio, streamlit, docker, static
    Column("config", Text, nullable=False, server_default="{}"),  # the telling part of config.json
    Column("parameters", Text, nullable=False, server_default="{}"),  # JSON: dtype -> count, of safetensors or GGUF
    Column("gguf", Text, nullable=False, server_default="{}"),  # JSON: what the header of a GGUF file says
    Column("parameter_count", BigInteger),
    Column("storage", BigInteger, nullable=False, server_default="0"),  # bytes of large files in the default branch
    Column("likes", Integer, nullable=False, server_default="0"),
    Column("downloads", Integer, nullable=False, server_default="0"),  # of the last 30 days
    Column("downloads_all", BigInteger, nullable=False, server_default="0"),
    Column("trending", Float, nullable=False, server_default="0"),  # see `trending.py`
    UniqueConstraint("kind", "owner_id", "name_lower", name="uq_repos_name"),
    Index("ix_repos_updated", "kind", "updated_at", "id"),
    Index("ix_repos_created", "kind", "created_at", "id"),
    Index("ix_repos_owner", "owner_id", "kind", "updated_at", "id"),
    Index("ix_repos_group", "group_id"),
    Index("ix_repos_likes", "kind", "likes", "id"),
    Index("ix_repos_downloads", "kind", "downloads", "id"),
    Index("ix_repos_trending", "kind", "trending", "id"),
)

# Truth: nothing else remembers them. `day` counts from 1970.
download_days = Table(
    "download_days",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

redirects = Table(
    "redirects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("namespace_lower", String(96), nullable=False),
    Column("name_lower", String(96), nullable=False),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("kind", "namespace_lower", "name_lower", name="uq_redirects_name"),
    Index("ix_redirects_repo", "repo_id"),
)

# Numbers of repositories that are being made. A number is never given twice: git folders and deletions that are
# still under way are named by it. A row that outlives its maker is a crash, and its git folder is swept away.
repo_numbers = Table(
    "repo_numbers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Moves of refs that were committed while their marker was still on disk: what tells a crash before the commit from
# one after it. Rows are removed once their marker is gone.
ref_moves = Table("ref_moves", metadata, Column("marker", String(64), primary_key=True))
