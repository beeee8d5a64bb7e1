"""What a repository is at a revision: its row, its files, and what they say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from pioche import wiring
from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.errors import InvalidInput, RepoNotFound, RevisionNotFound
from pioche.events import RepoMeasured
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database
from pioche.ports.gitstore import GitRepo, GitStore, TreeNode
from pioche.protocols.safetensors import InvalidHeader
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.derive import Derived
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.service.reading import derive_nodes
from pioche.repos.service.tensors import INDEX_LIMIT, MAX_SHARDS, Tensors
from pioche.repos.types import Repo


class Info:
    """One repository at one commit (None while it is empty). What costs something is read when it is asked for."""

    def __init__(self, repo: Repo, commit: CommitOid | None, git: GitRepo, tensors: Tensors) -> None:
        self.repo = repo
        self.commit = commit
        self._git = git
        self._tensors = tensors

    @cached_property
    def files(self) -> Sequence[TreeNode]:
        """Every file, sorted as git sorts."""
        if self.commit is None:
            return ()
        return [node for node in self._git.tree(self.commit, recursive=True) if node.kind == "file"]

    @cached_property
    def derived(self) -> Derived:
        repo = self.repo
        if self.commit == repo.head:
            return Derived(repo.card, repo.tags, repo.pipeline_tag, repo.library, repo.sdk, repo.config)
        return derive_nodes(self._git, repo.repo_id.kind, self.files)

    @cached_property
    def parameters(self) -> Mapping[str, int]:
        """dtype -> count; empty if unknown."""
        return self._tensors.count(self.repo.id, self._git, self.files)

    @cached_property
    def gguf(self) -> Mapping[str, Any]:
        """What the header of its GGUF file says; empty if there is none."""
        if self.commit == self.repo.head:
            return self.repo.gguf
        return self._tensors.gguf(self.repo.id, self._git, self.files)[1]

    def read_weights(self) -> tuple[Mapping[str, int], Mapping[str, Any]]:
        """Parameters by dtype, of safetensors or else of GGUF, and what the header of GGUF says."""
        ggufs: tuple[Mapping[str, int], Mapping[str, Any]] = ({}, {})
        if "gguf" in self.derived.tags:
            ggufs = self._tensors.gguf(self.repo.id, self._git, self.files)
        return self.parameters or ggufs[0], ggufs[1]


class Infos:
    """Reading what repositories are."""

    def __init__(self, database: Database, gitstore: GitStore, lfs: Lfs, queue: Queue) -> None:
        self._database = database
        self._queue = queue
        self._gitstore = gitstore
        self._tensors = Tensors(database, lfs)

    def show(self, actor: Actor, repo_id: RepoId, revision: str = "") -> Info:
        """At a revision, else at the head of the default branch. Raises `RepoNotFound`, `RevisionNotFound`."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
        git = self._gitstore.open(repo.id)
        commit = repo.head
        if revision and revision != repo.default_branch:
            commit = git.resolve(revision)
        elif revision and commit is None:
            raise RevisionNotFound(f"'{repo_id.full}' is empty: it has no branch '{revision}' yet.")
        return Info(repo, commit, git, self._tensors)

    def check_readable(self, actor: Actor, repo_id: RepoId) -> None:
        """May the actor read its files? Raises `RepoNotFound`, `GatedRepo`."""
        with self._database.read() as tx:
            require_content(tx, actor, repo_id)

    def shards(self, actor: Actor, repo_id: RepoId, index: str) -> tuple[Mapping[str, Any], Mapping[str, msgspec.Raw]]:
        """Of a model in several files: what its index says, and the header of each file, as they are.

        Raises `EntryNotFound`, `InvalidInput` for what is no index, `InvalidHeader`, `GatedRepo`.
        """
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        git = self._gitstore.open(repo.id)
        commit = git.resolve(repo.default_branch)
        node = git.entry(commit, index)
        if node.kind != "file" or node.pointer is not None or node.size > INDEX_LIMIT:
            raise InvalidInput(f"'{index[:200]}' is no index of safetensors files.")
        try:
            said = msgspec.json.decode(git.read(node.oid), type=dict[str, Any])
            names = sorted(set(said["weight_map"].values()))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, AttributeError, TypeError) as error:
            raise InvalidInput(f"'{index[:200]}' is no index of safetensors files.") from error
        if len(names) > MAX_SHARDS or not all(isinstance(name, str) for name in names):
            raise InvalidInput(f"An index names at most {MAX_SHARDS} files.")
        folder = index.rpartition("/")[0]
        paths = {name: f"{folder}/{name}" if folder else name for name in names}
        texts = {name: self._tensors.text(repo.id, git, git.entry(commit, path)) for name, path in paths.items()}
        return said, {name: _checked(text) for name, text in texts.items()}

    def of_row(self, repo: Repo) -> Info:
        """For a repository that was just listed for the actor."""
        return Info(repo, repo.head, self._gitstore.open(repo.id), self._tensors)

    def measure(self, number: int) -> None:
        """Record the number of parameters of the default branch, for lists."""
        with self._database.read() as tx:
            repo = store.get(tx, number)
        if repo is None or repo.head is None:
            return
        try:
            counted, gguf = self.of_row(repo).read_weights()
        except (RepoNotFound, RevisionNotFound):
            return  # deleted, or rewritten and cleaned up, in the meantime
        if (counted, gguf) == (repo.parameters, repo.gguf):
            return
        with self._database.write() as tx:
            store.set_parameters(tx, number, repo.head, counted, gguf)
            wiring.announce(self._queue, tx, RepoMeasured(actor_id=None, repo_id=number))


def _checked(header: bytes) -> msgspec.Raw:
    """It is sent on as it is, so it must be what it seems: a JSON object."""
    try:
        msgspec.json.decode(header, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidHeader(f"The header of a file cannot be read: {error}.") from error
    return msgspec.Raw(header.strip())
