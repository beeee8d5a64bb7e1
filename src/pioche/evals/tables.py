"""The table of evaluation results. Derived: `service.py` reads it from git."""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String, Table, Text

from pioche.ports.database import metadata

eval_results = Table(
    "eval_results",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("pull_request", Integer, primary_key=True, autoincrement=False),  # 0: the default branch
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("filename", String(1024), nullable=False),
    Column("dataset", String(193), nullable=False),  # `owner/name` in lower case
    Column("task", String(200), nullable=False),
    Column("score", Double),  # NULL: no number, so never on a leaderboard
    Column("data", Text, nullable=False),  # JSON of the entry
    Column("error", Text, nullable=False, server_default=""),  # of the whole file; then there is nothing else
    Index("ix_eval_results_board", "dataset", "task", "score"),
)
