"""The verbs of repositories, by noun: `Repos` (names and settings), `Refs`, `Trees` (reading), `Commits` (writing)."""
