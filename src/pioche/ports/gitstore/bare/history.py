"""Reading history: commits, what they changed, where lines of work part."""

from __future__ import annotations

from collections.abc import Iterator

import pygit2
from pygit2.enums import SortMode

from pioche.names import CommitOid
from pioche.ports.gitstore import CommitInfo, DiffFile
from pioche.ports.gitstore.bare import diffs
from pioche.ports.gitstore.bare.base import EMPTY_TREE, RepoBase
from pioche.ports.gitstore.bare.process import run_git
from pioche.ports.gitstore.bare.raw_tree import read_tree

FIRST_BATCH, LAST_BATCH = 25, 800
"""Commits whose trees are compared in one run of git; the newest usually explain most entries."""


class History(RepoBase):
    def commit(self, oid: str) -> CommitInfo:
        return _info(self._commit(oid))

    def history(self, commit: str, path: str | None = None, skip: int = 0, limit: int = 50) -> list[CommitInfo]:
        start = str(self._commit(commit).id)
        only = ["--", path] if path else ["--"]
        listing = run_git(
            self._path, "rev-list", f"--skip={max(skip, 0)}", f"--max-count={max(limit, 0)}", start, *only
        )
        return [self.commit(oid) for oid in listing.decode().split()]

    def count_commits(self, commit: str) -> int:
        return int(run_git(self._path, "rev-list", "--count", str(self._commit(commit).id)))

    def last_commits(self, commit: str, folder: str = "") -> dict[str, CommitInfo]:
        top = self._commit(commit)
        tree = _tree_at(top, folder)
        if tree == EMPTY_TREE:
            return {}
        prefix = f"{folder}/" if folder else ""
        wanted = {name for name, _, _ in read_tree(self._handle().odb.read(tree)[1])}
        found: dict[str, CommitInfo] = {}
        for oid, names in self._changes_in(top, folder):
            hits = names & wanted
            if hits:
                info = self.commit(oid)
                found |= {prefix + name.decode(errors="replace"): info for name in hits}
                wanted -= hits
            if not wanted:
                break
        return found

    def diff(self, old: str | None, new: str, context: int = 3) -> list[DiffFile]:
        before = None if old is None else self._commit(old).tree
        return diffs.compare(self._handle(), before, self._commit(new).tree, context)

    def patch(self, old: str | None, new: str, limit: int = 10 * 1024 * 1024) -> bytes:
        before = EMPTY_TREE if old is None else str(self._commit(old).id)
        return diffs.patch(self._path, before, str(self._commit(new).id), limit)

    def merge_base(self, one: str, other: str) -> CommitOid | None:
        found = self._handle().merge_base(self._commit(one).id, self._commit(other).id)
        return CommitOid(str(found)) if found else None

    def ahead_behind(self, one: str, other: str) -> tuple[int, int]:
        ahead, behind = self._handle().ahead_behind(self._commit(one).id, self._commit(other).id)
        return ahead, behind

    def _changes_in(self, top: pygit2.Commit, folder: str) -> Iterator[tuple[str, set[bytes]]]:
        """(commit, names in the folder that differ from every parent), newest first."""
        batch: list[tuple[str, list[tuple[str, str]]]] = []
        size = FIRST_BATCH
        for commit in self._handle().walk(top.id, SortMode.TIME):
            here = _tree_at(commit, folder)
            before = [_tree_at(parent, folder) for parent in commit.parents] or [EMPTY_TREE]
            if here not in before:
                batch.append((str(commit.id), [(tree, here) for tree in before]))
            if len(batch) >= size:
                yield from self._compare(batch)
                batch, size = [], min(size * 2, LAST_BATCH)
        yield from self._compare(batch)

    def _compare(self, batch: list[tuple[str, list[tuple[str, str]]]]) -> Iterator[tuple[str, set[bytes]]]:
        pairs = {pair for _, pairs in batch for pair in pairs}
        if not pairs:
            return
        stdin = "".join(f"{old} {new}\n" for old, new in pairs).encode()
        answer = run_git(self._path, "diff-tree", "--stdin", "--name-only", "-z", stdin=stdin)
        changed = _names_by_pair(answer, pairs)
        for oid, mine in batch:
            yield oid, set.intersection(*(changed[pair] for pair in mine))


def _names_by_pair(answer: bytes, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], set[bytes]]:
    """Git prints `<old> <new>` newline for each pair, then its names, each ended by NUL."""
    heads = {f"{old} {new}\n".encode(): (old, new) for old, new in pairs}
    changed: dict[tuple[str, str], set[bytes]] = {pair: set() for pair in pairs}
    current: set[bytes] = set()
    for part in answer.split(b"\0"):
        head = heads.get(part[:82])
        if head is not None:
            current = changed[head]
            part = part[82:]
        if part:
            current.add(part)
    return changed


def _tree_at(commit: pygit2.Commit, folder: str) -> str:
    """The id of a folder at a commit; of the empty tree where there is none."""
    if not folder:
        return str(commit.tree_id)
    try:
        found = commit.tree[folder]
    except KeyError:
        return EMPTY_TREE
    return str(found.id) if isinstance(found, pygit2.Tree) else EMPTY_TREE


def _info(commit: pygit2.Commit) -> CommitInfo:
    message = commit.raw_message.decode(errors="replace").strip("\n")
    return CommitInfo(
        oid=CommitOid(str(commit.id)),
        parents=tuple(str(oid) for oid in commit.parent_ids),
        title=message.partition("\n")[0],
        message=message,
        author_name=commit.author.raw_name.decode(errors="replace"),
        author_email=commit.author.raw_email.decode(errors="replace"),
        date_ms=commit.commit_time * 1000,
        committer_name=commit.committer.raw_name.decode(errors="replace"),
    )
