"""Xet: content-addressed storage of large files as shared chunks. Wire formats only, no I/O.

`hashes` names things, `compression` unpacks chunks, `xorb` packs chunks into objects, `shard` says how
files are made of them, `cas` is the JSON that travels beside.
"""
