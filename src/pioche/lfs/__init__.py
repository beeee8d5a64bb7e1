"""Large files by SHA-256: which bytes the hub holds, and which repository was given them.

Truth: `large_files`, `repo_large_files` and `lfs_locks`, and the blobs under `lfs/`. Emits and hears no events.
Knowing the hash of a file is not owning it: a repository holds a file only after its bytes were uploaded to that
repository, or were copied from one that the actor may read. This room knows repositories as numbers; whoever calls
has asked `accounts.access` first.
"""
