"""Environments in which runs compute, built by `uv` from locked sets of requirements: the hub itself imports none.

No tables. A set is a file in `sets/`; its environment is a folder of `runtimes/` in the data folder, named by the set
and the digest of its file, so that a changed set is another environment and one that is in use stays as it is.
"""
