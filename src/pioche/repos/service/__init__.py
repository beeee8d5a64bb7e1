"""The verbs of repositories, by noun.

`Repos` (names and settings), `Refs`, `Commits` (writing); reading is `Trees` for programs, `Browse` for pages, and
`Infos` for what a repository says about itself.
"""
