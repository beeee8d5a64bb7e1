"""A file that somebody drops in becomes a private dataset, from which anything goes on."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pioche.accounts.types import Actor
from pioche.errors import HubError, InvalidInput, RepoExists
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.service.commits import Commits
from pioche.repos.service.repos import Repos
from pioche.repos.service.trees import Trees
from pioche.repos.types import CommitHeader, NewRepo
from pioche.training import data
from pioche.training.inputs import CAPTIONS, PICTURES
from pioche.training.reading import Reader

ENDINGS = (*data.ENDINGS, ".zip")
LIMIT = 32 * 1024 * 1024
"""Bytes of a file; a zip may hold no more than four times that."""
MOST_PICTURES = 5_000
COMMITS = 2
"""The first one of every repository, and that of the file."""


@dataclass(frozen=True, slots=True)
class Drops:
    repos: Repos
    commits: Commits
    trees: Trees
    reader: Reader

    def keep(self, actor: Actor, owner: str, name: str, content: bytes) -> RepoId:
        """The new dataset, or the one that the same file became before.

        Raises what making a repository raises, and `InvalidInput` for what nothing can be learned from: it is not kept.
        """
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", name.replace("\\", "/").rpartition("/")[2]).lower()
        stem = re.sub(r"[-_.]{2,}", "-", name.rpartition(".")[0]).strip("-._")[:60] or "table"
        self.repos.check_owner(actor, _named(owner, stem, 1))
        if not content:
            raise InvalidInput("Choose a file that is not empty.")
        if len(content) > LIMIT:
            raise InvalidInput(f"Files of up to {LIMIT // 1024**2} MiB can be dropped in. Upload it as a dataset.")
        if not name.endswith(ENDINGS):
            raise InvalidInput(f"Tables and pictures are files that end in {', '.join(ENDINGS)}.")
        if name.endswith(".zip"):
            files = list(_pictures(name, content))
        else:
            self.reader.read(name, content)
            files = [PutFile(name, content)]
        said = f"From the file `{name}` (SHA-256 {hashlib.sha256(content).hexdigest()}).\n"
        repo_id, is_new = self._make(actor, owner, stem, said)
        if is_new:
            card = PutFile("README.md", f"# {repo_id.name}\n\n{said}".encode())
            self.commits.commit(actor, repo_id, "main", CommitHeader(f"Add {name}"), [*files, card])
        return repo_id

    def _make(self, actor: Actor, owner: str, stem: str, said: str) -> tuple[RepoId, bool]:
        """A dataset, and whether it is new: a private one of this very file, with nothing done to it since, is none."""
        for number in range(1, 100):
            repo_id = _named(owner, stem, number)
            try:
                return self.repos.create(actor, NewRepo(repo_id, private=True)).repo_id, True
            except RepoExists:
                if self._is_of(actor, repo_id, said):
                    return repo_id, False
        raise InvalidInput("You have many datasets of that name. Rename the file.")

    def _is_of(self, actor: Actor, repo_id: RepoId, said: str) -> bool:
        try:
            card = self.trees.file(actor, repo_id, "main", "README.md")
            commits = self.trees.history(actor, repo_id, "main", "", 3).commits
            text = b"" if card.node.pointer else self.trees.read_small(card)
        except HubError:  # it is not there any more, or nobody may know of it
            return False
        return card.repo.private and len(commits) == COMMITS and text == f"# {repo_id.name}\n\n{said}".encode()


def _named(owner: str, stem: str, number: int) -> RepoId:
    return RepoId.parse(RepoKind.DATASET, f"{owner}/{stem}-data" + (f"-{number}" if number > 1 else ""))


def _pictures(name: str, content: bytes) -> Iterator[PutFile]:
    """Out of a zip: its pictures in their folders. Names that lead out of it are refused."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        found = [one for one in archive.infolist() if _is_wanted(one.filename)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidInput(f"'{name}' is no zip file that can be read: {error}.") from error
    if not found:
        raise InvalidInput(f"'{name}' holds no pictures: files that end in {', '.join(PICTURES)}.")
    if len(found) > MOST_PICTURES:
        raise InvalidInput(f"'{name}' holds {len(found)} pictures; {MOST_PICTURES} are the limit.")
    left = 4 * LIMIT
    for one in found:
        left -= one.file_size
        if left < 0 or any(part in ("..", "") for part in one.filename.split("/")):
            raise InvalidInput(f"'{name}' is larger inside than it may be, or has names that lead out of it.")
        try:
            with archive.open(one) as file:
                said = file.read(one.file_size + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
            raise InvalidInput(f"'{one.filename[:100]}' in '{name}' cannot be read: {error}.") from error
        if len(said) != one.file_size:
            raise InvalidInput(f"'{one.filename[:100]}' in '{name}' is not as large as it says.")
        yield PutFile(one.filename, said)


def _is_wanted(path: str) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts if part != "..")
    return path.lower().endswith((*PICTURES, *CAPTIONS)) and not hidden
