"""Repositories: models, datasets and spaces; their names, settings, refs, trees, files and commits.

Truth: git for refs, trees and small files; `repos` for owner, name, visibility and settings; `redirects` for old
names. Derived: the columns of `repos` that repeat what the card and the default branch say (`head`, `card`, `tags`,
`pipeline_tag`, `library`, `sdk`, `storage`), which `pioche rebuild repos` makes again.
Emits `RepoCreated`, `RepoUpdated`, `RepoMoved`, `RepoSettingsChanged`, `RepoDeleted`. Hears `RepoUpdated` (to refresh
what is derived).
"""
