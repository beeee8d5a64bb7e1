"""The schema of the first release.

Revision: 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("fullname", sa.String(length=200), nullable=False),
        sa.Column("bio", sa.Text(), server_default="", nullable=False),
        sa.Column("website", sa.String(length=500), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_lower"),
    )
    op.create_table(
        "large_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("ix_large_files_checked", "large_files", ["checked_at"], unique=False)
    op.create_index("ix_large_files_touched", "large_files", ["touched_at"], unique=False)
    op.create_table(
        "ref_moves", sa.Column("marker", sa.String(length=64), nullable=False), sa.PrimaryKeyConstraint("marker")
    )
    op.create_table(
        "repo_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unique_key", name="uq_tasks_unique_key"),
    )
    op.create_index("ix_tasks_due", "tasks", ["state", "run_at"], unique=False)
    op.create_table(
        "xet_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("recipe", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_xet_files_sha256"), "xet_files", ["sha256"], unique=False)
    op.create_table(
        "xet_generation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "xet_public_repos",
        sa.Column("repo_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("repo_id"),
    )
    op.create_table(
        "xet_xorbs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("raw_size", sa.Integer(), nullable=False),
        sa.Column("disk_size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("doomed_at", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_xet_xorbs_checked", "xet_xorbs", ["checked_at"], unique=False)
    op.create_table(
        "buckets",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_files", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("log_start_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("log_start_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner_id", "name_lower", name="uq_buckets_name"),
    )
    op.create_index("ix_buckets_updated", "buckets", ["updated_at", "id"], unique=False)
    op.create_table(
        "lfs_locks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("repo_id", "path", name="uq_lfs_locks_path"),
    )
    op.create_table(
        "members",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("org_id", "user_id"),
    )
    op.create_index("ix_members_user", "members", ["user_id"], unique=False)
    op.create_table(
        "oauth_apps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("website", sa.String(length=500), nullable=False),
        sa.Column("redirects", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("client_id"),
    )
    op.create_index("ix_oauth_apps_owner", "oauth_apps", ["owner_id"], unique=False)
    op.create_table(
        "repo_large_files",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["large_files.sha256"],
        ),
        sa.PrimaryKeyConstraint("repo_id", "sha256"),
    )
    op.create_index("ix_repo_large_files_sha256", "repo_large_files", ["sha256"], unique=False)
    op.create_table(
        "repos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("gated", sa.String(length=8), server_default="", nullable=False),
        sa.Column("default_branch", sa.String(length=200), server_default="main", nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("moves", sa.Integer(), server_default="0", nullable=False),
        sa.Column("head", sa.String(length=40), nullable=True),
        sa.Column("card", sa.Text(), server_default="{}", nullable=False),
        sa.Column("tags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("pipeline_tag", sa.String(length=64), nullable=True),
        sa.Column("library", sa.String(length=64), nullable=True),
        sa.Column("sdk", sa.String(length=16), nullable=True),
        sa.Column("config", sa.Text(), server_default="{}", nullable=False),
        sa.Column("parameters", sa.Text(), server_default="{}", nullable=False),
        sa.Column("parameter_count", sa.BigInteger(), nullable=True),
        sa.Column("storage", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("likes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("downloads", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "owner_id", "name_lower", name="uq_repos_name"),
    )
    op.create_index("ix_repos_created", "repos", ["kind", "created_at", "id"], unique=False)
    op.create_index("ix_repos_downloads", "repos", ["kind", "downloads", "id"], unique=False)
    op.create_index("ix_repos_likes", "repos", ["kind", "likes", "id"], unique=False)
    op.create_index("ix_repos_owner", "repos", ["owner_id", "kind", "updated_at", "id"], unique=False)
    op.create_index("ix_repos_updated", "repos", ["kind", "updated_at", "id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=8), nullable=False),
        sa.Column("scopes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("user_id", "name", name="uq_tokens_name"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email_lower", sa.String(length=320), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("password_hash", sa.String(length=500), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email_lower"),
    )
    op.create_table(
        "xet_dedupe",
        sa.Column("chunk_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("xorb_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["xorb_id"], ["xet_xorbs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chunk_hash", "xorb_id"),
    )
    op.create_index("ix_xet_dedupe_xorb_id", "xet_dedupe", ["xorb_id"], unique=False)
    op.create_table(
        "xet_file_xorbs",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("xorb_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["xet_files.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["xorb_id"],
            ["xet_xorbs.id"],
        ),
        sa.PrimaryKeyConstraint("file_id", "xorb_id"),
    )
    op.create_index("ix_xet_file_xorbs_xorb_id", "xet_file_xorbs", ["xorb_id"], unique=False)
    op.create_table(
        "xet_repo_files",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["xet_files.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repo_id", "file_id"),
    )
    op.create_index("ix_xet_repo_files_file_id", "xet_repo_files", ["file_id"], unique=False)
    op.create_table(
        "xet_xorb_chunks",
        sa.Column("xorb_id", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["xorb_id"], ["xet_xorbs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("xorb_id"),
    )
    op.create_table(
        "bucket_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("mtime", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["buckets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bucket_changes_at", "bucket_changes", ["at"], unique=False)
    op.create_index("ix_bucket_changes_bucket", "bucket_changes", ["bucket_id", "id"], unique=False)
    op.create_table(
        "bucket_files",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["buckets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bucket_id", "path"),
    )
    op.create_index("ix_bucket_files_hash", "bucket_files", ["bucket_id", "hash"], unique=False)
    op.create_table(
        "bucket_leftovers",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["buckets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bucket_id", "hash"),
    )
    op.create_table(
        "bucket_redirects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_lower", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["buckets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("namespace_lower", "name_lower", name="uq_bucket_redirects_name"),
    )
    op.create_table(
        "collections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("upvotes", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("owner_id", "title", name="uq_collections_title"),
    )
    op.create_index("ix_collections_updated", "collections", ["updated_at", "id"], unique=False)
    op.create_index("ix_collections_upvotes", "collections", ["upvotes", "id"], unique=False)
    op.create_table(
        "collection_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=True),
        sa.Column("bucket_id", sa.Integer(), nullable=True),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["bucket_id"], ["buckets.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["child_id"], ["collections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("collection_id", "repo_id", name="uq_collection_items_repo"),
        sa.UniqueConstraint("collection_id", "bucket_id", name="uq_collection_items_bucket"),
        sa.UniqueConstraint("collection_id", "child_id", name="uq_collection_items_child"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_collection_items_repo", "collection_items", ["repo_id"], unique=False)
    op.create_index("ix_collection_items_bucket", "collection_items", ["bucket_id"], unique=False)
    op.create_index("ix_collection_items_child", "collection_items", ["child_id"], unique=False)
    op.create_table(
        "collection_votes",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("collection_id", "account_id"),
    )
    op.create_index("ix_collection_votes_account", "collection_votes", ["account_id"], unique=False)
    op.create_table(
        "discussions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("num", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("is_pull_request", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("base", sa.String(length=200), server_default="", nullable=False),
        sa.Column("merge_commit", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("repo_id", "num", name="uq_discussions_num"),
    )
    op.create_index("ix_discussions_author", "discussions", ["author_id"], unique=False)
    op.create_table(
        "likes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "repo_id", name="uq_likes_user_repo"),
    )
    op.create_index("ix_likes_repo", "likes", ["repo_id", "id"], unique=False)
    op.create_index("ix_likes_user", "likes", ["user_id", "id"], unique=False)
    op.create_table(
        "oauth_connections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("orgs", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["oauth_apps.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_oauth_connections_app", "oauth_connections", ["app_id"], unique=False)
    op.create_index("ix_oauth_connections_user", "oauth_connections", ["user_id"], unique=False)
    op.create_table(
        "oauth_devices",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_code", sa.String(length=8), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("orgs", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["oauth_apps.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("user_code"),
    )
    op.create_table(
        "redirects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("namespace_lower", sa.String(length=96), nullable=False),
        sa.Column("name_lower", sa.String(length=96), nullable=False),
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "namespace_lower", "name_lower", name="uq_redirects_name"),
    )
    op.create_table(
        "discussion_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("was", sa.String(length=300), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["editor_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_discussion_events_discussion", "discussion_events", ["discussion_id", "id"], unique=False)
    op.create_table(
        "comment_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["event_id"], ["discussion_events.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comment_versions_event", "comment_versions", ["event_id", "id"], unique=False)
    op.create_table(
        "oauth_codes",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("orgs", sa.Text(), nullable=True),
        sa.Column("redirect", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(length=43), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["oauth_apps.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["connection_id"], ["oauth_connections.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "oauth_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["oauth_connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_oauth_tokens_connection", "oauth_tokens", ["connection_id"], unique=False)


def downgrade() -> None:
    op.drop_table("collection_votes")
    op.drop_table("collection_items")
    op.drop_table("collections")
    op.drop_table("oauth_tokens")
    op.drop_table("oauth_codes")
    op.drop_table("comment_versions")
    op.drop_table("discussion_events")
    op.drop_table("redirects")
    op.drop_table("oauth_devices")
    op.drop_table("oauth_connections")
    op.drop_table("likes")
    op.drop_table("discussions")
    op.drop_table("bucket_redirects")
    op.drop_table("bucket_leftovers")
    op.drop_table("bucket_files")
    op.drop_table("bucket_changes")
    op.drop_table("xet_xorb_chunks")
    op.drop_table("xet_repo_files")
    op.drop_table("xet_file_xorbs")
    op.drop_table("xet_dedupe")
    op.drop_table("users")
    op.drop_table("tokens")
    op.drop_table("sessions")
    op.drop_table("repos")
    op.drop_table("repo_large_files")
    op.drop_table("oauth_apps")
    op.drop_table("members")
    op.drop_table("lfs_locks")
    op.drop_table("buckets")
    op.drop_table("xet_xorbs")
    op.drop_table("xet_public_repos")
    op.drop_table("xet_generation")
    op.drop_table("xet_files")
    op.drop_table("tasks")
    op.drop_table("repo_numbers")
    op.drop_table("ref_moves")
    op.drop_table("large_files")
    op.drop_table("accounts")
