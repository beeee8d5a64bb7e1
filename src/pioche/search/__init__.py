"""Search: an index over names, facets and cards, which lists and the pages of search ask where a hub is large.

All its tables are derived from `repos` and the git folders: `pioche rebuild` and the task `search.sweep` make them
again. It hears `RepoCreated`, `RepoUpdated`, `RepoMoved`, `RepoSettingsChanged`, `RepoDeleted` and `RepoRanked`, and
emits nothing. docs/adr/0017 tells why it is built of bitmaps.
"""
