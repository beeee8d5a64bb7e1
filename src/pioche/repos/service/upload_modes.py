"""Regular or large: how each file that is about to be uploaded should come."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from pioche.errors import EntryNotFound
from pioche.names import CommitOid
from pioche.ports.gitstore import GitRepo, TreeNode
from pioche.protocols.gitpatterns import MAX_TEXT, AttributeRules, Effort, IgnoreRules
from pioche.repos.types import FileSample, UploadChoice

BINARY_LIMIT = 1024 * 1024
"""Bytes above which what is no text comes as a large file, whatever it is called: git stores each version whole."""


class UploadRules:
    """What a commit says about files to come: `.gitattributes` of every folder, `.gitignore` of the root."""

    def __init__(self, git: GitRepo, commit: CommitOid | None, regular_limit: int, git_ignore: str | None) -> None:
        self._git = git
        self._commit = commit
        self._limit = regular_limit
        self._attributes: dict[str, AttributeRules] = {}
        self._effort = Effort()
        self._ignore = IgnoreRules(self._text(".gitignore") if git_ignore is None else git_ignore, self._effort)

    def choose(self, file: FileSample) -> UploadChoice:
        node = self._node(file.path)
        return UploadChoice(
            file.path, self._is_large(file), self._ignore.ignores(file.path), None if node is None else _oid(node)
        )

    def _is_large(self, file: FileSample) -> bool:
        if file.size == 0:
            return False
        if file.size > self._limit:
            return True
        said = self._filter(file.path)
        if said is not None:
            return said == "lfs"
        return file.size > BINARY_LIMIT and not _is_text(file.sample)

    def _filter(self, path: str) -> str | bool | None:
        """The deepest `.gitattributes` that says something decides."""
        folder = path
        while folder:
            folder, _, _ = folder.rpartition("/")
            rules = self._rules(folder)
            inner = path[len(folder) + 1 :] if folder else path
            if not rules.says_nothing(inner):
                return rules.filter_of(inner)
        return None

    def _rules(self, folder: str) -> AttributeRules:
        if folder not in self._attributes:
            path = f"{folder}/.gitattributes" if folder else ".gitattributes"
            self._attributes[folder] = AttributeRules(self._text(path), self._effort)
        return self._attributes[folder]

    def _text(self, path: str) -> str:
        node = self._node(path)
        return "" if node is None else self._git.read(node.oid, MAX_TEXT).decode(errors="replace")

    def _node(self, path: str) -> TreeNode | None:
        if self._commit is None:
            return None
        try:
            node = self._git.entry(self._commit, path)
        except EntryNotFound:
            return None
        return node if node.kind == "file" else None


def _oid(node: TreeNode) -> str:
    return node.oid if node.pointer is None else node.pointer.sha256


def _is_text(sample: bytes) -> bool:
    if b"\0" in sample:
        return False
    # The sample may end within a character.
    decode: Callable[[bytes], str] = codecs.getincrementaldecoder("utf-8")().decode
    try:
        decode(sample)
    except UnicodeDecodeError:
        return False
    return True
