"""The tables of notifications. All are truth. Times are Unix milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pioche.ports.database import metadata

# One row for each person and what it is about: a discussion, or somebody who follows them. What happens next in the
# discussion brings the same row to the top again.
notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE")),
    Column("discussion_id", Integer, ForeignKey("discussions.id", ondelete="CASCADE")),
    Column("follower_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("reason", String(16), nullable=False),
    Column("what", String(16), nullable=False),  # the newest: opened | commented | status | renamed | followed
    Column("actor_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("comment_id", Integer),
    Column("unread", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "discussion_id", name="uq_notifications_discussion"),
    UniqueConstraint("user_id", "follower_id", name="uq_notifications_follower"),
    Index("ix_notifications_inbox", "user_id", "done", "updated_at", "id"),
    Index("ix_notifications_unread", "user_id", "unread", "done"),
    Index("ix_notifications_discussion", "discussion_id"),
    Index("ix_notifications_repo", "repo_id"),
    Index("ix_notifications_follower", "follower_id"),
)

# One of the three says what is watched, or muted. What is narrower wins: a discussion, then its repository.
watches = Table(
    "watches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE")),
    Column("discussion_id", Integer, ForeignKey("discussions.id", ondelete="CASCADE")),
    Column("level", String(8), nullable=False),  # watch | mute
    UniqueConstraint("user_id", "account_id", name="uq_watches_account"),
    UniqueConstraint("user_id", "repo_id", name="uq_watches_repo"),
    UniqueConstraint("user_id", "discussion_id", name="uq_watches_discussion"),
    Index("ix_watches_account", "account_id"),
    Index("ix_watches_repo", "repo_id"),
    Index("ix_watches_discussion", "discussion_id"),
)

notification_settings = Table(
    "notification_settings",
    metadata,
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("web", Text, nullable=False),  # JSON list of groups
    Column("mail", Text, nullable=False),
)

# What is to be mailed about who is let in to gated repositories.
access_mails = Table(
    "access_mails",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    Column("what", String(16), nullable=False),  # requested | accepted | rejected
    Column("detail", String(300), nullable=False, server_default=""),  # the reason of a rejection
    Column("reason", String(16), nullable=False),
    Column("actor_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_access_mails_user", "user_id", "id"),
    Index("ix_access_mails_repo", "repo_id"),
    # Numbers are in the ids of messages: none may be given twice.
    sqlite_autoincrement=True,
)

# What is to be mailed about discussions. Rows go once the mail server has taken the message.
mail_items = Table(
    "mail_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("discussion_id", Integer, ForeignKey("discussions.id", ondelete="CASCADE"), nullable=False),
    Column("what", String(16), nullable=False),
    Column("detail", String(300), nullable=False, server_default=""),
    Column("actor_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("comment_id", Integer),
    Column("reason", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_mail_items_user", "user_id", "id"),
    Index("ix_mail_items_discussion", "discussion_id"),
    # Numbers are in the ids of messages: none may be given twice.
    sqlite_autoincrement=True,
)
