"""Comparing two trees: a list of changed files for pages, and plain text for tools."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFlag, DiffOption

from pioche.errors import EntryNotFound
from pioche.ports.gitstore import Diff, DiffFile, DiffStatus, GitFailed, TreeNode
from pioche.ports.gitstore.bare.process import git_environment
from pioche.ports.gitstore.bare.trees import make_node

MAX_FILES = 1000
"""Files that are listed; of the others only the number is told."""
MAX_TEXT = 1024 * 1024
"""Bytes of all patches together. Files after these are listed without their lines."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`blob`: longest file, old or new, whose lines are compared; `patch`: longest patch of one file. In bytes.
    `lines`: most lines of a file that are compared with others. Of two files with nothing in common, a million short
    lines take a minute, and nobody else is answered meanwhile.
    """

    blob: int = 512 * 1024
    patch: int = 256 * 1024
    lines: int = 50_000


NOTHING = Limits(0, 0, 0)
MAX_SECONDS = 2.0
"""Processor time that is spent on the lines of many files; what is left is listed without them."""
ONE_FILE = Limits(16 * 1024 * 1024, 2 * 1024 * 1024, 200_000)
"""For who asks for one file alone."""

_STATUS: dict[DeltaStatus, DiffStatus] = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "deleted",
    DeltaStatus.RENAMED: "renamed",
}


def compare(handle: pygit2.Repository, old: pygit2.Tree | None, new: pygit2.Tree) -> Diff:
    """Sorted by path; a file that moved and kept half of its lines is one renamed file."""
    diff = _tree_diff(old, new)
    files, left, until = [], MAX_TEXT, time.thread_time() + MAX_SECONDS
    deltas = list(islice(diff.deltas, MAX_FILES))
    for place, delta in enumerate(deltas):
        limits = Limits() if left > 0 and time.thread_time() < until else NOTHING
        file = _diff_file(handle, diff, place, delta, limits)
        left -= len(file.patch or "")
        files.append(file)
    return Diff(files, len(diff))


def compare_one(handle: pygit2.Repository, old: pygit2.Tree | None, new: pygit2.Tree, path: str) -> Diff:
    diff = _tree_diff(old, new)
    for place, delta in enumerate(diff.deltas):
        if path == (delta.old_file.path if delta.status == DeltaStatus.DELETED else delta.new_file.path):
            return Diff([_diff_file(handle, diff, place, delta, ONE_FILE)], len(diff))
    raise EntryNotFound(f"'{path[:200]}' did not change here.")


def _tree_diff(old: pygit2.Tree | None, new: pygit2.Tree) -> pygit2.Diff:
    diff = new.diff_to_tree(swap=True) if old is None else old.diff_to_tree(new, flags=DiffOption.NORMAL)
    diff.find_similar(rename_limit=400)
    return diff


def _diff_file(
    handle: pygit2.Repository, diff: pygit2.Diff, place: int, delta: pygit2.DiffDelta, limits: Limits
) -> DiffFile:
    status = _STATUS.get(delta.status, "modified")
    old = None if status == "added" else _node(handle, delta.old_file)
    new = None if status == "deleted" else _node(handle, delta.new_file)
    path = delta.old_file.path if status == "deleted" else delta.new_file.path
    old_path = delta.old_file.path if status == "renamed" else None
    if any(side is not None and side.kind != "file" for side in (old, new)):
        return DiffFile(path, old_path, status, old, new, 0, 0, None)
    too_long = any(_bytes(side) > limits.blob for side in (old, new))
    if too_long or (old and new and max(_lines(handle, old), _lines(handle, new)) > limits.lines):
        return DiffFile(path, old_path, status, old, new, 0, 0, None, is_long=True)
    patch = diff[place]
    if patch is None or patch.delta.flags & DiffFlag.BINARY:
        return DiffFile(path, old_path, status, old, new, 0, 0, None)
    _, additions, deletions = patch.line_stats
    data = patch.data
    text = data.decode(errors="replace") if len(data) <= limits.patch else None
    return DiffFile(path, old_path, status, old, new, additions, deletions, text, text is None)


def _bytes(side: TreeNode | None) -> int:
    """What git holds of a file: of a large file, the pointer."""
    if side is None:
        return 0
    return side.size if side.pointer is None else side.pointer.pointer_size


def _lines(handle: pygit2.Repository, side: TreeNode) -> int:
    blob = handle[side.oid]
    return blob.data.count(b"\n") if isinstance(blob, pygit2.Blob) else 0


def _node(handle: pygit2.Repository, file: pygit2.DiffFile) -> TreeNode:
    return make_node(handle, file.path, int(file.mode), str(file.id))


def patch(path: Path, old: str, new: str, limit: int) -> bytes:
    """`git diff` of two commits or trees, stopped once there is more than `limit`."""
    command = ["git", "--git-dir", str(path), "diff-tree", "-p", "-r", "-M", "--full-index", old, new, "--"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=git_environment()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        text = process.stdout.read(limit + 1)
        if len(text) > limit:
            process.kill()
            return _cut(text[:limit])
        words = process.stderr.read()
    if process.returncode != 0:
        raise GitFailed(f"git diff-tree ended with {process.returncode}: {words.decode(errors='replace')}")
    return text


def _cut(text: bytes) -> bytes:
    """Whole files if there is one, and a line that `git apply` passes over."""
    end = text.rfind(b"\ndiff --git ") + 1 or text.rfind(b"\n") + 1
    return text[:end] + b"# The rest of this diff is left out: it is too long.\n"
