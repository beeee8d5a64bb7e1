"""Short ways to fill a git repository in tests."""

from __future__ import annotations

import subprocess

from pioche.errors import RevisionNotFound
from pioche.ports.gitstore import Change, GitRepo, GitStore, Signature

ALICE = Signature("Alice Ä", "alice@example.org", 1_700_000_000_000)
SHA = "ab" * 32


def later(seconds: int) -> Signature:
    return Signature(ALICE.name, ALICE.email, ALICE.date_ms + seconds * 1000)


def commit(repo: GitRepo, *changes: Change, branch: str = "main", at: int = 0, text: str = "a change") -> str:
    """Put a commit on a branch, as the hub does; `at` is in seconds after the first one."""
    ref = f"refs/heads/{branch}"
    try:
        old: str | None = repo.resolve(ref)
    except RevisionNotFound:
        old = None
    new = repo.write_commit([old] if old else [], changes, later(at), text)
    repo.move_ref(ref, new, old)
    return new


def git(store: GitStore, repo: int, *arguments: str) -> str:
    """What the git program prints in a repository."""
    command = ["git", "-C", str(store.path(repo)), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def paths(repo: GitRepo, oid: str, path: str = "", recursive: bool = True) -> list[str]:
    return [node.path for node in repo.tree(oid, path, recursive)]
