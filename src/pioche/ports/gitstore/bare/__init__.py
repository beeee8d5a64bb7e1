"""Bare repositories on a disk: pygit2 reads and writes objects, the git program does the heavy lifting.

Layout under the root: `<2 hex>/<12 hex of the id>.git`, and two things that all share: `hooks/` and `gitconfig`.
Repositories name them by relative paths, so that the whole folder can be moved and one edit reaches all.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from pioche.errors import Conflict
from pioche.ports.gitstore import GitFailed, Program
from pioche.ports.gitstore.bare.durable import sync_folder, write_synced
from pioche.ports.gitstore.bare.handles import Handles
from pioche.ports.gitstore.bare.incoming import BareIncoming
from pioche.ports.gitstore.bare.presence import gone, while_there
from pioche.ports.gitstore.bare.process import git_environment, run_git
from pioche.ports.gitstore.bare.repo import BareRepo
from pioche.ports.gitstore.bare.tree_cache import TreeCache

# unpackLimit: a push of loose objects could fail while maintenance removes the folder that one goes to.
SHARED_CONFIG = """\
[core]
	hooksPath = ../../hooks
	fsync = committed,reference
	logAllRefUpdates = false
	filesRefLockTimeout = 5000
	packedRefsTimeout = 5000
	bigFileThreshold = 32m
[gc]
	auto = 0
	pruneExpire = 2.weeks.ago
[maintenance]
	auto = false
[transfer]
	unpackLimit = 1
[receive]
	denyCurrentBranch = ignore
	denyDeleteCurrent = ignore
	fsckObjects = true
	autogc = false
[receive "fsck"]
	zeroPaddedFilemode = ignore
	missingSpaceBeforeDate = ignore
	badTimezone = ignore
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[repack]
	writeBitmaps = true
[pack]
	windowMemory = 128m
"""

LOOSE_SAMPLE, LOOSE_MAX = "17", 2048
PACKS_MAX = 40
LEFT_OVER_SECONDS = 24 * 3600

CACHED_TREE = 8 * 1024 * 1024
"""Bytes of the longest tree that libgit2 keeps; all it keeps together is at most 256 MiB."""

WINDOW, ALL_WINDOWS = 16 * 1024 * 1024, 256 * 1024 * 1024

REPO_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[include]
	path = ../../gitconfig
"""


class BareGitStore:
    """`GitStore` on a local disk or a shared volume."""

    def __init__(self, root: Path) -> None:
        # One switch for the whole library: without it a commit could be lost with the power.
        pygit2.settings.enable_fsync_gitdir(True)
        # The folder is ours, whoever owns it on a shared volume.
        pygit2.settings.owner_validation = False
        # By default only small trees are kept parsed, and looking up one file in a wide folder takes 20 ms.
        pygit2.settings.cache_object_limit(ObjectType.TREE, CACHED_TREE)
        # Packs are read through windows of memory; by default whole packs stay mapped, gigabytes of them.
        pygit2.settings.mwindow_size = WINDOW
        pygit2.settings.mwindow_mapped_limit = ALL_WINDOWS
        self.root = root.absolute()
        self.hooks = self.root / "hooks"
        self.hooks.mkdir(parents=True, exist_ok=True)
        _write_if_changed(self.root / "gitconfig", SHARED_CONFIG)
        self._handles = Handles()
        self._trees = TreeCache()

    def path(self, repo: int) -> Path:
        name = f"{repo:012x}"
        # The low digits spread consecutive ids over the folders.
        return self.root / name[-2:] / f"{name}.git"

    def create(self, repo: int, default_branch: str = "main") -> None:
        final = self.path(repo)
        if final.exists():
            raise Conflict("This repository has git data already.")
        fresh = self._skeleton(final.parent, default_branch)
        self._publish(fresh, final)

    def open(self, repo: int) -> BareRepo:
        return BareRepo(self.path(repo), self._handles, self._trees)

    def copy(self, source: int, target: int) -> None:
        origin, final = self._existing(source), self.path(target)
        if final.exists():
            raise Conflict("This repository has git data already.")
        with while_there(origin):
            branch = _symbolic_head(origin)
        fresh = self._skeleton(final.parent, branch)
        # A real copy, not shared objects: deleting the source must not hurt the copy.
        specs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        options = ("--quiet", "--no-write-fetch-head")
        try:
            with while_there(origin):
                run_git(fresh, "-c", "fetch.unpackLimit=1", "fetch", *options, str(origin), *specs)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        self._publish(fresh, final)

    def delete(self, repo: int) -> None:
        doomed = self.path(repo)
        away = doomed.parent / f"deleted-{uuid.uuid4().hex}"
        try:
            doomed.rename(away)
        except FileNotFoundError:
            return
        sync_folder(doomed.parent)
        shutil.rmtree(away)

    def program(self, repo: int, *arguments: str) -> Program:
        where = self._existing(repo)
        return Program(("git", "--git-dir", str(where), *arguments), git_environment())

    def incoming(self, repo: int, quarantine: Path) -> BareIncoming:
        return BareIncoming(self._existing(repo), quarantine, self._handles, self._trees)

    def is_untidy(self, repo: int) -> bool:
        where = self._existing(repo)
        with while_there(where):
            return _is_untidy(where / "objects")

    def maintain(self, repo: int) -> None:
        where = self._existing(repo)
        try:
            run_git(where, "gc", "--quiet")
        except GitFailed as error:
            if "gc is already running" not in str(error):
                raise
        with while_there(where):
            for path in _left_over(where / "objects"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def sweep(self) -> None:
        for folder in self.root.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                if path.name.startswith(("new-", "deleted-")):
                    shutil.rmtree(path, ignore_errors=True)

    def _existing(self, repo: int) -> Path:
        where = self.path(repo)
        if not where.exists():
            raise gone()
        return where

    def _skeleton(self, folder: Path, branch: str) -> Path:
        """An empty repository beside its final place: git finds the shared configuration from there."""
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"new-{uuid.uuid4().hex}"
        for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (fresh / part).mkdir(parents=True)
        write_synced(fresh / "HEAD", f"ref: refs/heads/{branch}\n".encode())
        write_synced(fresh / "config", REPO_CONFIG.encode())
        for part in ("objects", "refs", "."):
            sync_folder(fresh / part)
        return fresh

    def _publish(self, fresh: Path, final: Path) -> None:
        try:
            fresh.rename(final)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Conflict("This repository has git data already.") from error
        sync_folder(final.parent)
        sync_folder(self.root)


def _is_untidy(objects: Path) -> bool:
    """Ids are spread evenly, so one folder in 256 tells, as git itself guesses."""
    loose = objects / LOOSE_SAMPLE
    many_loose = loose.is_dir() and len(list(loose.iterdir())) > LOOSE_MAX // 256
    return many_loose or len(list(objects.glob("pack/*.pack"))) > PACKS_MAX or any(_left_over(objects))


def _left_over(objects: Path) -> Iterator[Path]:
    """What a push or commit left half written, because the machine or the hub stopped."""
    old = time.time() - LEFT_OVER_SECONDS
    for path in (*objects.glob("tmp_objdir-*"), *objects.glob("pack/tmp_*"), *objects.glob("pack/.tmp-*")):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < old:
                yield path


def _write_if_changed(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_name(f"{path.name}-{uuid.uuid4().hex}")
    write_synced(fresh, text.encode())
    fresh.rename(path)
    sync_folder(path.parent)


def _symbolic_head(repo: Path) -> str:
    return (repo / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
