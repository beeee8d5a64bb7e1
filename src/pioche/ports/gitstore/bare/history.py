"""Reading history: commits, what they changed, where lines of work part."""

from __future__ import annotations

from collections.abc import Iterator

import pygit2
from pygit2.enums import SortMode

from pioche.names import CommitOid
from pioche.ports.gitstore import CommitInfo, Diff
from pioche.ports.gitstore.bare import diffs
from pioche.ports.gitstore.bare.base import EMPTY_TREE, RepoBase
from pioche.ports.gitstore.bare.process import run_git
from pioche.ports.gitstore.bare.raw_tree import read_tree

FIRST_BATCH, LAST_BATCH = 25, 800
"""Commits whose trees are compared in one run of git; the newest usually explain most entries."""

_Step = tuple[str, list[str]]
"""A commit, and the comparisons with its parents: of the commit itself, or of two trees."""


class History(RepoBase):
    def commit(self, oid: str) -> CommitInfo:
        return _info(self._commit(oid))

    def history(
        self, commit: str, path: str | None = None, skip: int = 0, limit: int = 50, without: str | None = None
    ) -> list[CommitInfo]:
        start = [str(self._commit(commit).id)]
        if without is not None:
            start.append(f"^{self._commit(without).id}")
        only = ["--", path] if path else ["--"]
        listing = run_git(
            self._path, "rev-list", f"--skip={max(skip, 0)}", f"--max-count={max(limit, 0)}", *start, *only
        )
        return [self.commit(oid) for oid in listing.decode().split()]

    def count_commits(self, commit: str) -> int:
        return int(run_git(self._path, "rev-list", "--count", str(self._commit(commit).id)))

    def last_commits(self, commit: str, folder: str = "") -> dict[str, CommitInfo]:
        top = self._commit(commit)
        key = str(top.id), folder
        known = self._cache.pasts.get(key)
        if known is None:
            # One who looks is enough: the others wait and find it.
            with self._cache.turns[hash(key) % len(self._cache.turns)]:
                known = self._cache.pasts.get(key)
                if known is None:
                    known = self._find_last(top, folder)
                    self._cache.pasts.put(key, known, len(known) + 1)
        return known

    def _find_last(self, top: pygit2.Commit, folder: str) -> dict[str, CommitInfo]:
        tree = _tree_at(top, folder)
        if tree == EMPTY_TREE:
            return {}
        prefix = f"{folder}/" if folder else ""
        wanted = {name for name, _, _ in read_tree(self._handle().odb.read(tree)[1])}
        found: dict[str, CommitInfo] = {}
        for oid, names in self._changes_in(top, folder):
            if (past := self._cache.pasts.get((oid, folder))) is not None and names is None:
                rest = (prefix + name.decode(errors="replace") for name in wanted)
                return found | {path: past[path] for path in rest if path in past}
            hits = (names or set()) & wanted
            if hits:
                info = self.commit(oid)
                found |= {prefix + name.decode(errors="replace"): info for name in hits}
                wanted -= hits
            if not wanted:
                break
        return found

    def diff(self, old: str | None, new: str, path: str = "") -> Diff:
        before = None if old is None else self._commit(old).tree
        after = self._commit(new).tree
        if path:
            return diffs.compare_one(self._handle(), before, after, path)
        return diffs.compare(self._handle(), before, after)

    def patch(self, old: str | None, new: str, limit: int = 10 * 1024 * 1024) -> bytes:
        before = EMPTY_TREE if old is None else str(self._commit(old).id)
        return diffs.patch(self._path, before, str(self._commit(new).id), limit)

    def merge_base(self, one: str, other: str) -> CommitOid | None:
        found = self._handle().merge_base(self._commit(one).id, self._commit(other).id)
        return CommitOid(str(found)) if found else None

    def ahead_behind(self, one: str, other: str) -> tuple[int, int]:
        ahead, behind = self._handle().ahead_behind(self._commit(one).id, self._commit(other).id)
        return ahead, behind

    def _changes_in(self, top: pygit2.Commit, folder: str) -> Iterator[tuple[str, set[bytes] | None]]:
        """(commit, names in the folder that differ from every parent), newest first.

        Ends with names None at a commit whose past is known, if all that is left to see are its ancestors.
        """
        batch: list[_Step] = []
        size, line = FIRST_BATCH, True
        trees: dict[str, str] = {}
        for commit in self._handle().walk(top.id, SortMode.TIME):
            oid = str(commit.id)
            if line and (oid, folder) in self._cache.pasts:
                yield from self._compare(batch)
                yield oid, None
                return
            line = line and len(commit.parent_ids) <= 1
            here = trees.pop(oid, "") or _tree_at(commit, folder)
            before = [EMPTY_TREE]
            if commit.parent_ids:
                before = [trees.setdefault(str(parent.id), _tree_at(parent, folder)) for parent in commit.parents]
            if here not in before:
                # Git need not check a tree that it comes to by a commit, which is four times as fast.
                by_commit = not folder and len(before) == 1
                batch.append((oid, [oid] if by_commit else [f"{tree} {here}" for tree in before]))
            if len(batch) >= size:
                yield from self._compare(batch)
                batch, size = [], min(size * 2, LAST_BATCH)
        yield from self._compare(batch)

    def _compare(self, batch: list[_Step]) -> Iterator[tuple[str, set[bytes]]]:
        # In the order of history: neighbours are stored as differences from each other.
        asked = list(dict.fromkeys(line for _, lines in batch for line in lines))
        if not asked:
            return
        options = ("--stdin", "--root", "--format=/%H", "--name-only", "-z")
        answer = run_git(self._path, "diff-tree", *options, stdin="".join(f"{line}\n" for line in asked).encode())
        changed = _names_by_line(answer, asked)
        for oid, lines in batch:
            yield oid, set.intersection(*(changed[line] for line in lines))


def _names_by_line(answer: bytes, asked: list[str]) -> dict[str, set[bytes]]:
    """Git prints `/<commit>` NUL newline for each commit, `<old> <new>` newline for each pair of trees; then its names,
    each ended by NUL.
    """
    heads = {(f"{line}\n" if " " in line else f"/{line}").encode(): line for line in asked}
    changed: dict[str, set[bytes]] = {line: set() for line in asked}
    current: set[bytes] = set()
    after_commit = False
    for part in answer.split(b"\0"):
        head = heads.get(part[:82])
        if head is not None:
            current, after_commit = changed[head], " " not in head
            part = part[82:]
        elif after_commit:
            part, after_commit = part.removeprefix(b"\n"), False
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
