"""Discussions and pull requests of repositories.

Truth: `discussions` and `discussion_events`; the proposed files are in git, under `refs/pr/<number>`.
Emits no events of its own (a merge is a `RepoUpdated`); hears none.
"""
