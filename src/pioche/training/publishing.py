"""From the files that a run left to a repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pioche.accounts import store as account_store
from pioche.errors import HubError, InvalidInput, RepoExists, RunNotFound
from pioche.lfs.service import Lfs
from pioche.lfs.types import UploadSlot
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database
from pioche.ports.gitstore import PutFile
from pioche.repos.service.commits import Commits
from pioche.repos.service.repos import Repos
from pioche.repos.types import CommitHeader, CommitOperation, NewRepo, PutLargeFile
from pioche.training.card import card_of
from pioche.training.types import Training

LARGE_ENDINGS = (".safetensors", ".skops")
PUBLISHED = (".safetensors", ".json", ".txt", ".jinja", ".model", ".skops", ".png")
MOST_FILES, REGULAR = 100, 5 * 1024 * 1024
PIECE = 1024 * 1024


class Publisher:
    """Makes the repository of a model, as the person who started its training."""

    def __init__(self, database: Database, repos: Repos, commits: Commits, lfs: Lfs) -> None:
        self._database = database
        self._repos = repos
        self._commits = commits
        self._lfs = lfs

    def publish(self, training: Training, folder: Path) -> str:
        """`owner/name`. Raises what making and writing a repository raise."""
        repo_id = RepoId.parse(RepoKind.MODEL, f"{training.owner}/{training.recipe.model}")
        with self._database.read() as tx:
            actor = account_store.actor_of_user(tx, training.initiator_id or 0)
        if actor is None:
            raise RunNotFound("Whoever started it has no account any more.")
        try:
            repo = self._repos.find(actor, repo_id)
        except HubError:
            repo = self._repos.create(
                actor, NewRepo(repo_id, training.recipe.private, group_id=training.recipe.group_id)
            )
        if repo.created_by != training.initiator_id:  # there was none when it was started
            raise RepoExists(f"'{repo_id.full}' was made by somebody else meanwhile.")
        operations: list[CommitOperation] = [*operations_of(self._lfs, repo.id, folder)]
        operations.append(PutFile("README.md", card_of(training).encode()))
        self._commits.commit(actor, repo_id, "main", CommitHeader("Publish what was trained"), operations)
        return repo_id.full


def operations_of(
    lfs: Lfs, repo_id: int, folder: Path, endings: tuple[str, ...] = PUBLISHED, most: int = MOST_FILES
) -> Iterator[PutFile | PutLargeFile]:
    """Weights as large files. The run wrote this folder, so nothing in it is followed that leads out of it."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_symlink() and path.is_file())
    if not paths or len(paths) > most:
        raise InvalidInput("The training left no model, or too many files.")
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if any(part.is_symlink() for part in path.parents if part.is_relative_to(folder)) or not name.endswith(endings):
            continue
        if name.endswith(LARGE_ENDINGS) or path.stat().st_size > REGULAR:
            yield _large(lfs, repo_id, path, name)
        else:
            yield PutFile(name, path.read_bytes())


def _large(lfs: Lfs, repo_id: int, path: Path, name: str) -> PutLargeFile:
    size, hasher = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    slot = UploadSlot(repo_id, hasher.hexdigest(), size)
    incoming = lfs.uploads.receive(slot)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            incoming.write(piece)
    lfs.uploads.finish(slot, incoming)
    return PutLargeFile(name, slot.sha256, size)
