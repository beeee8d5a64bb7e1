"""Comparing two trees: a list of changed files for pages, and plain text for tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFlag, DiffOption

from pioche.ports.gitstore import DiffFile, DiffStatus, GitFailed, TreeNode
from pioche.ports.gitstore.bare.process import git_environment
from pioche.ports.gitstore.bare.raw_tree import SUBMODULE
from pioche.ports.gitstore.bare.trees import make_node

MAX_PATCHES = 1000
"""Files after these are listed without their lines."""
MAX_PATCH_INPUT = 512 * 1024
"""Longest file (old or new) whose lines are compared."""
MAX_PATCH = 256 * 1024
"""Longest patch of one file, in bytes."""

_STATUS: dict[DeltaStatus, DiffStatus] = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "deleted",
    DeltaStatus.RENAMED: "renamed",
}


def compare(handle: pygit2.Repository, old: pygit2.Tree | None, new: pygit2.Tree, context: int) -> list[DiffFile]:
    """Sorted by path; a file that moved and kept half of its lines is one renamed file."""
    if old is None:
        diff = new.diff_to_tree(swap=True, context_lines=context)
    else:
        diff = old.diff_to_tree(new, flags=DiffOption.NORMAL, context_lines=context)
    diff.find_similar(rename_limit=400)
    deltas = list(diff.deltas)
    return [_diff_file(handle, diff, place, delta) for place, delta in enumerate(deltas)]


def _diff_file(handle: pygit2.Repository, diff: pygit2.Diff, place: int, delta: pygit2.DiffDelta) -> DiffFile:
    status = _STATUS.get(delta.status, "modified")
    old = None if status == "added" else _node(handle, delta.old_file)
    new = None if status == "deleted" else _node(handle, delta.new_file)
    additions, deletions, text = 0, 0, None
    if place < MAX_PATCHES and _is_short(handle, delta):
        additions, deletions, text = _lines(diff[place])
    path = delta.old_file.path if status == "deleted" else delta.new_file.path
    old_path = delta.old_file.path if status == "renamed" else None
    return DiffFile(path, old_path, status, old, new, additions, deletions, text)


def _lines(patch: pygit2.Patch | None) -> tuple[int, int, str | None]:
    """(additions, deletions, text); the text is None for a binary file or one that is too long to show."""
    if patch is None or patch.delta.flags & DiffFlag.BINARY:
        return 0, 0, None
    _, additions, deletions = patch.line_stats
    data = patch.data
    return additions, deletions, data.decode(errors="replace") if len(data) <= MAX_PATCH else None


def _is_short(handle: pygit2.Repository, delta: pygit2.DiffDelta) -> bool:
    """Whether both sides are blobs that are worth comparing line by line."""
    for file in (delta.old_file, delta.new_file):
        if int(file.mode) == SUBMODULE:
            return False
        if file.id.raw.strip(b"\0") and handle.odb.read_header(file.id)[1] > MAX_PATCH_INPUT:
            return False
    return True


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
            return text[: text.rfind(b"\n", 0, limit) + 1]
        words = process.stderr.read()
    if process.returncode != 0:
        raise GitFailed(f"git diff-tree ended with {process.returncode}: {words.decode(errors='replace')}")
    return text
