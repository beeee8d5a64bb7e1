"""The content store: xorbs, shards, reconstruction, dedupe, garbage collection.

Truth: `xet_files` (their recipes), `xet_repo_files` (which repository may use which file), `xet_public_repos`.
Derived from the xorbs on disk: `xet_xorbs`, `xet_xorb_chunks`, `xet_dedupe`; from recipes: `xet_file_xorbs`.
Knows no repositories, only their ids: a signed `Grant` says who may do what. Emits and hears no events.
"""
