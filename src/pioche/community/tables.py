"""The tables of discussions and likes. All are truth."""

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
    false,
)

from pioche.ports.database import metadata

# A pull request is a discussion with a ref. Both count in one row of numbers for each repository.
discussions = Table(
    "discussions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    Column("num", Integer, nullable=False),
    Column("title", String(300), nullable=False),
    Column("author_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("is_pull_request", Boolean, nullable=False),
    Column("status", String(8), nullable=False),  # draft | open | closed | merged
    Column("base", String(200), nullable=False, server_default=""),  # the ref that it asks to be merged into
    Column("merge_commit", String(40)),
    Column("merged_head", String(40)),  # the commit that was merged, and where its line had parted from the base
    Column("merged_base", String(40)),
    Column("created_at", BigInteger, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Column("comments", Integer, nullable=False, server_default="0"),
    Column("updated_at", BigInteger, nullable=False, server_default="0"),
    Column("ref_deleted", Boolean, nullable=False, server_default=false()),  # see `pull_request_remains`
    UniqueConstraint("repo_id", "num", name="uq_discussions_num"),
    Index("ix_discussions_author", "author_id"),
)

discussion_events = Table(
    "discussion_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("discussion_id", Integer, ForeignKey("discussions.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # comment | status-change | title-change | locking-change | reference
    Column("author_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("text", Text, nullable=False),  # of a comment, the Markdown; of a change, what it is now
    Column("was", String(300), nullable=False, server_default=""),  # the title before a title-change
    Column("created_at", BigInteger, nullable=False),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("edited_at", BigInteger),
    Column("editor_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Index("ix_discussion_events_discussion", "discussion_id", "id"),
)

# What comments said before they were edited.
comment_versions = Table(
    "comment_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event_id", Integer, ForeignKey("discussion_events.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("text", Text, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Index("ix_comment_versions_event", "event_id", "id"),
)

reactions = Table(
    "reactions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("discussion_id", Integer, ForeignKey("discussions.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Integer, ForeignKey("discussion_events.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("emoji", String(8), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("event_id", "user_id", "emoji", name="uq_reactions"),
    Index("ix_reactions_discussion", "discussion_id"),
    Index("ix_reactions_user", "user_id"),
)

# What a pull request showed when its ref was deleted: git forgets the commits in time.
pull_request_remains = Table(
    "pull_request_remains",
    metadata,
    Column(
        "discussion_id",
        Integer,
        ForeignKey("discussions.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("head", String(40), nullable=False),
    Column("commits", Text, nullable=False),  # JSON list of {oid, title, author, date}, oldest first
    Column("patch", Text, nullable=False),
)

# Pictures, films and sounds in comments. Who knows the key may see them; the bytes are under `attachments/`.
attachments = Table(
    "attachments",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("media_type", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_attachments_user", "user_id", "created_at"),
)

likes = Table(
    "likes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "repo_id", name="uq_likes_user_repo"),
    Index("ix_likes_repo", "repo_id", "id"),
    Index("ix_likes_user", "user_id", "id"),
)
