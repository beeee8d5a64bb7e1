"""Buckets: files without a history, for what changes too often or is too large for commits.

All bytes are in the content store; the listing is in the database and is truth, as are names and visibility. `size` and
`total_files` of a bucket are derived, and so is the log of changes, which is cut after a while.
"""
