"""Reading for people: the values that the pages of a repository show. Each verb is one call for one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.errors import BlobNotFound, EntryNotFound, RevisionNotFound
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database
from pioche.ports.gitstore import CommitInfo, GitRepo, GitStore, Ref, TreeNode
from pioche.protocols.card import split_front_matter
from pioche.protocols.safetensors import InvalidHeader, TensorHeader
from pioche.repos.quants import quants_of
from pioche.repos.service.find import require_content, require_file, require_repo
from pioche.repos.service.tensors import Tensors
from pioche.repos.snippets import ENDINGS
from pioche.repos.types import Repo
from pioche.repos.views import (
    CardPage,
    FilePage,
    FolderEntry,
    FolderPage,
    Header,
    HistoryPage,
    Place,
    Preview,
)

TEXT_LIMIT = 1024 * 1024  # bytes of a text file that a page shows
FOLDER_PAGE = 500  # entries of a folder that a page shows
HISTORY_PAGE = 50
PASTS_KEPT = 128  # folders whose history is kept in memory

_MEDIA: dict[Preview, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico", ".svg"),
    "audio": (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus"),
    "video": (".mp4", ".webm", ".mov"),
    "pdf": (".pdf",),
    "safetensors": (".safetensors", ".gguf"),
    "markdown": (".md", ".markdown"),
}


@dataclass(frozen=True, slots=True)
class Past:
    """What the history says of a folder at a commit: its last commit, and how many there are."""

    last: CommitInfo
    commits: int


class Browse:
    def __init__(self, database: Database, gitstore: GitStore, lfs: Lfs) -> None:
        self._database = database
        self._gitstore = gitstore
        self._tensors = Tensors(database, lfs)
        # A commit's past never changes, and the same folders are looked at again and again.
        self._past = lru_cache(maxsize=PASTS_KEPT)(self._read_past)

    def header(self, actor: Actor, repo_id: RepoId, action: Action = Action.READ) -> Header:
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, action)
        return header_of(actor, repo)

    def _content(self, actor: Actor, repo_id: RepoId) -> Header:
        """The header of a page that shows files: behind the gate, if there is one."""
        with self._database.read() as tx:
            return header_of(actor, require_content(tx, actor, repo_id))

    def card(self, actor: Actor, repo_id: RepoId) -> CardPage:
        header = self.header(actor, repo_id)
        repo = header.repo
        if repo.head is None:
            return CardPage(header, None, None, {})
        git = self._gitstore.open(repo.id)
        place = _place(git, repo.default_branch, "")
        text = _optional_text(git, place.commit, "README.md")
        return CardPage(
            header,
            place,
            None if text is None else split_front_matter(text)[1],
            self._parameters(repo, git, place.commit),
            quants_of(git.tree(place.commit, recursive=True)) if "gguf" in repo.tags else (),
        )

    def samples(self, repo: Repo) -> tuple[Mapping[str, str], Sequence[str]]:
        """What snippets of code name: ending -> one file, and labels of GGUF variants at the top.

        Of a repository that was found for the reader; names of files are no secret of a gated one.
        """
        if repo.head is None:
            return {}, ()
        git = self._gitstore.open(repo.id)
        files = git.outline(repo.head, ENDINGS).samples
        quants = quants_of(git.tree(repo.head)) if ".gguf" in files else []
        return files, [one.label for one in quants if one.label]

    def folder(self, actor: Actor, repo_id: RepoId, revision: str, path: str, page: int = 0) -> FolderPage:
        header = self.header(actor, repo_id)
        git = self._gitstore.open(header.repo.id)
        place = _place(git, revision, path)
        node = git.entry(place.commit, path)
        if node.kind != "directory":
            raise EntryNotFound(f"'{path}' is a file, not a folder.", commit=place.commit)
        nodes, total = git.folder(place.commit, path, page * FOLDER_PAGE, FOLDER_PAGE)
        past, last_of = self._past(header.repo.id, place.commit, path), git.last_commits(place.commit, path)
        entries = [FolderEntry(node, last_of.get(node.path)) for node in nodes]
        pages = max(1, -(-total // FOLDER_PAGE))
        return FolderPage(header, place, entries, total, page, pages, past.last, past.commits)

    def _read_past(self, number: int, commit: CommitOid, path: str) -> Past:
        git = self._gitstore.open(number)
        last = git.history(commit, path, limit=1)[0] if path else git.commit(commit)
        return Past(last, git.count_commits(commit))

    def file(self, actor: Actor, repo_id: RepoId, revision: str, path: str) -> FilePage:
        with self._database.read() as tx:
            header = header_of(actor, require_file(tx, actor, repo_id, path))
        git = self._gitstore.open(header.repo.id)
        place = _place(git, revision, path)
        node = git.entry(place.commit, path)
        if node.kind != "file":
            raise EntryNotFound(f"'{path}' is a folder, not a file.", commit=place.commit)
        last = git.history(place.commit, path, limit=1)[0]
        preview = _preview_of(node)
        if preview == "safetensors":
            found = self._header_of(header.repo, git, node)
            if found is None:
                return FilePage(header, place, node, last, "none")
            return FilePage(header, place, node, last, preview, tensors=found.tensors, metadata=dict(found.metadata))
        if preview in ("text", "markdown"):
            text = None if node.pointer else _text(git.read(node.oid))
            return FilePage(header, place, node, last, preview if text is not None else "none", text)
        return FilePage(header, place, node, last, preview)

    def history(self, actor: Actor, repo_id: RepoId, revision: str, path: str, page: int) -> HistoryPage:
        header = self._content(actor, repo_id)
        git = self._gitstore.open(header.repo.id)
        place = _place(git, revision, path)
        if path:
            git.entry(place.commit, path)
        total = git.count_commits(place.commit)
        commits = git.history(place.commit, path or None, skip=page * HISTORY_PAGE, limit=HISTORY_PAGE)
        pages = page + 1 + (len(commits) == HISTORY_PAGE) if path else -(-total // HISTORY_PAGE)
        return HistoryPage(header, place, commits, total, page, pages)

    def exists(self, actor: Actor, repo_id: RepoId, revision: str, path: str) -> bool:
        """Is there something at this path? False also for a branch that does not exist yet."""
        git = self._gitstore.open(self._content(actor, repo_id).repo.id)
        try:
            git.entry(git.resolve(revision), path)
        except (EntryNotFound, RevisionNotFound):
            return False
        return True

    # -- weights --

    def _parameters(self, repo: Repo, git: GitRepo, commit: CommitOid) -> Mapping[str, int]:
        """A model in one file is counted right after its upload; of others the background work says it."""
        try:
            node = git.entry(commit, "model.safetensors")
        except EntryNotFound:
            return repo.parameters
        return self._tensors.count(repo.id, git, [node])

    def _header_of(self, repo: Repo, git: GitRepo, node: TreeNode) -> TensorHeader | None:
        """None if the file is not what its name says, or its bytes are not here."""
        try:
            return self._tensors.header(repo.id, git, node)
        except (InvalidHeader, BlobNotFound):
            return None


def header_of(actor: Actor, repo: Repo) -> Header:
    resource = repo.resource
    return Header(
        repo,
        allows(actor, Action.WRITE, resource),
        allows(actor, Action.ADMIN, resource),
        allows(actor, Action.DISCUSS, resource),
        not repo.discussions_disabled,
    )


def _place(git: GitRepo, revision: str, path: str) -> Place:
    refs = git.refs()
    return Place(revision, git.resolve(revision), path, _kind(refs, "refs/heads/"), _kind(refs, "refs/tags/"))


def _kind(refs: Sequence[Ref], prefix: str) -> list[Ref]:
    return [ref for ref in refs if ref.ref.startswith(prefix)]


def _optional_text(git: GitRepo, commit: CommitOid, path: str) -> str | None:
    try:
        node = git.entry(commit, path)
    except EntryNotFound:
        return None
    return git.read(node.oid, TEXT_LIMIT).decode(errors="replace") if node.kind == "file" else None


def _preview_of(node: TreeNode) -> Preview:
    name = node.name.lower()
    for preview, endings in _MEDIA.items():
        if name.endswith(endings):
            return preview if preview != "markdown" or node.size <= TEXT_LIMIT else "none"
    return "text" if node.size <= TEXT_LIMIT else "none"


def _text(data: bytes) -> str | None:
    """None for what is not text."""
    if b"\0" in data[:8000]:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
