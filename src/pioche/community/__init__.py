"""Discussions and pull requests of repositories, and who likes them.

Truth: `discussions`, `discussion_events`, `comment_versions` and `likes`; the proposed files are in git, under
`refs/pr/<number>`. How often a repository is liked is also in `repos.likes`, changed together with `likes`.
Emits no events of its own (a merge is a `RepoUpdated`); hears none.
"""
