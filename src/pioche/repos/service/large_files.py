"""`LargeFiles`: what large files a repository has a right to, giving some up, and copies to others by hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.lfs.service import Lfs
from pioche.names import RepoId
from pioche.ports.database import Database
from pioche.ports.gitstore import DeleteFile, GitRepo, GitStore
from pioche.repos.service.commits import Commits
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.types import CommitHeader, Repo

MAX_AT_ONCE = 1_000
MAX_REFS = 200
"""Refs whose files are looked through for the names of large files."""
BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """`path` and `ref`: where it is now; empty if it is in the history only, or was never committed."""

    sha256: str
    size: int
    xet_hash: str | None
    since: int
    path: str
    ref: str


class LargeFiles:
    def __init__(self, database: Database, gitstore: GitStore, lfs: Lfs, commits: Commits) -> None:
        self._database = database
        self._gitstore = gitstore
        self._lfs = lfs
        self._commits = commits

    def list(self, actor: Actor, repo_id: RepoId) -> Sequence[HeldFile]:
        """The largest first."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.WRITE)
            held = self._lfs.holdings.all(tx, repo.id)
        places = _places(self._gitstore.open(repo.id), repo) if held else {}
        found = [
            HeldFile(one.sha256, one.size, one.xet_hash, one.since, *places.get(one.sha256, ("", ""))) for one in held
        ]
        return sorted(found, key=lambda one: (-one.size, one.sha256))

    def delete(self, actor: Actor, repo_id: RepoId, sha256s: Collection[str], from_branches: bool) -> int:
        """The repository gives them up, at every revision; their bytes go once nobody else has a right to them.

        `from_branches`: a commit on each branch takes away the files that would be left without their content. The
        history keeps their names.
        """
        if len(sha256s) > MAX_AT_ONCE:
            raise InvalidInput(f"Delete at most {MAX_AT_ONCE} files at once.")
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.WRITE)
            doomed = {one.sha256 for one in self._lfs.holdings.all(tx, repo.id)} & set(sha256s)
        if from_branches and doomed:
            self._take_away(actor, repo, doomed)
        with self._database.write() as tx:
            require_repo(tx, actor, repo_id, Action.WRITE)
            self._lfs.holdings.give_up(tx, repo.id, doomed)
        return len(doomed)

    def copy(self, actor: Actor, source: RepoId, target: RepoId, sha256s: Sequence[str]) -> dict[str, str]:
        """The target may use what the actor may read in the source. SHA-256 -> why not, of those that it may not."""
        if len(sha256s) > MAX_AT_ONCE:
            raise InvalidInput(f"Copy at most {MAX_AT_ONCE} files at once.")
        with self._database.write() as tx:
            origin = require_content(tx, actor, source)
            goal = require_repo(tx, actor, target, Action.WRITE)
            missing = self._lfs.missing(tx, origin.id, sha256s)
            for sha256 in sha256s:
                if sha256 not in missing:
                    self._lfs.entitle(tx, goal.id, sha256)
        return {sha256: f"'{source.full}' has no such file." for sha256 in sha256s if sha256 in missing}

    def _take_away(self, actor: Actor, repo: Repo, doomed: Collection[str]) -> None:
        git = self._gitstore.open(repo.id)
        for ref in git.refs():
            if not ref.ref.startswith(BRANCHES):
                continue
            paths = [path for sha256, path in _pointers(git, ref.target) if sha256 in doomed]
            if paths:
                header = CommitHeader(f"Delete {len(paths)} large files", "They were deleted for good.")
                branch = ref.ref.removeprefix(BRANCHES)
                self._commits.commit(actor, repo.repo_id, branch, header, [DeleteFile(path) for path in paths])


def _places(git: GitRepo, repo: Repo) -> dict[str, tuple[str, str]]:
    """SHA-256 -> path and ref; the default branch is looked through first."""
    default = f"{BRANCHES}{repo.default_branch}"
    refs = sorted(git.refs(include_prs=True), key=lambda ref: (ref.ref != default, ref.ref))
    found: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for ref in refs[:MAX_REFS]:
        if ref.target not in seen:
            seen.add(ref.target)
            for sha256, path in _pointers(git, ref.target):
                found.setdefault(sha256, (path, ref.ref))
    return found


def _pointers(git: GitRepo, commit: str) -> Iterable[tuple[str, str]]:
    nodes = git.tree(commit, recursive=True)
    return [(node.pointer.sha256, node.path) for node in nodes if node.pointer is not None]
