"""Git over HTTP: clone, fetch and push with the real git on both sides, and the checks of what a push may bring.

Owns no tables. What a push moved is recorded through `repos`, which announces `RepoUpdated`.
"""
