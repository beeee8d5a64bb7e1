"""`Git`: who may clone and push, what a push may bring, and the record of what it moved."""

from __future__ import annotations

import shlex
import shutil
import sys
from asyncio import Future
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.errors import QuotaExceeded
from pioche.git import hook
from pioche.git.checks import MAX_REASONS, ObjectChecks, ref_reasons
from pioche.git.turns import Turns
from pioche.git.types import EMPTY_TREE, Push, RefUpdate
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database
from pioche.ports.gitstore import GitStore, Incoming, Program
from pioche.repos.service.commits import FindPullRequest
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.service.refs import Refs
from pioche.repos.types import RefMove
from pioche.settings import Settings

GUEST_PUSH_LIMIT = 100 * 1024 * 1024
"""Bytes that somebody without write access may push: a pull request of small files and pointers."""
MEMORY = "512m"
"""Of one object of a push. A few bytes of a pack can say that they are many gigabytes when they are unpacked."""
GUEST_SECONDS, WRITER_SECONDS = 120, 3600
"""Of a processor, for one push."""


class Git:
    """Clones, fetches and pushes of every repository, whatever carries them."""

    def __init__(
        self,
        database: Database,
        gitstore: GitStore,
        refs: Refs,
        lfs: Lfs,
        settings: Settings,
        find_pull_request: FindPullRequest,
    ) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
        self._lfs = lfs
        self._settings = settings
        self._find_pull_request = find_pull_request
        # Apart from each other: a crowd that clones must not keep anyone from pushing.
        self.fetches, self.pushes = Turns(), Turns()
        self.under_way: set[Future[None]] = set()
        """Pushes that may have moved refs and are not recorded yet; kept here so that they live to their end."""
        _install_hooks(gitstore.hooks)

    def upload_pack(self, actor: Actor, repo_id: RepoId, *options: str) -> Program:
        """The program that sends objects to a clone or fetch, for who may read the content."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        folder = str(self._gitstore.path(repo.id))
        return self._gitstore.program(repo.id, "upload-pack", "--stateless-rpc", *options, folder)

    def diff(self, actor: Actor, repo_id: RepoId, old: CommitOid | None, new: CommitOid) -> Program:
        """The program that prints what changed between two commits, all of it; `old` None means from nothing."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        what = ("--binary", "--full-index", "-p", "-r", "-M", old or EMPTY_TREE, new, "--")
        return self._gitstore.program(repo.id, "diff-tree", *what)

    def begin_push(self, actor: Actor, repo_id: RepoId) -> Push:
        """For who may write, or may at least have a pull request here: the refs are looked at one by one."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            can_write = allows(actor, Action.WRITE, repo.resource)
            if not can_write:
                require_content(tx, actor, repo_id)
        return Push(actor, repo, can_write)

    def receive_pack(self, push: Push, *options: str) -> Program:
        """The program that takes a push. Raises `QuotaExceeded` if the disk is nearly full."""
        if shutil.disk_usage(self._gitstore.hooks).free < self._settings.free_disk_reserve:
            raise QuotaExceeded("The disk of the hub is nearly full. Ask its admin to make room, then push again.")
        limit = self._settings.commit_body_limit if push.can_write else GUEST_PUSH_LIMIT
        program = self._gitstore.program(
            push.repo.id,
            "-c",
            f"receive.maxInputSize={limit}",
            "receive-pack",
            "--stateless-rpc",
            *options,
            str(self._gitstore.path(push.repo.id)),
        )
        return _bounded(program, WRITER_SECONDS if push.can_write else GUEST_SECONDS)

    def check_push(self, push: Push, updates: Sequence[RefUpdate], quarantine: Path) -> list[str]:
        """Reasons to refuse it; none, and from now on the refs may move at any moment."""
        with self._database.read() as tx:
            reasons = _some(ref_reasons(push, updates, lambda n: self._find_pull_request(tx, push.repo.id, n)))
        if reasons:
            return reasons
        incoming = self._gitstore.incoming(push.repo.id, quarantine)
        moves = {update.ref: _move(incoming, update) for update in updates}
        reasons = [f"{ref}: it does not name a commit." for ref, move in moves.items() if move is None]
        if not reasons:
            checks = ObjectChecks(incoming, self._settings.regular_file_limit, self._missing_in(push))
            reasons = _some(checks.reasons(updates))
        if not reasons:
            incoming.check_extent([move.new for move in moves.values() if move is not None and move.new])
            push.moves = {ref: move for ref, move in moves.items() if move is not None}
            push.marker = self._refs.will_move(push.actor, push.repo, list(push.moves.values()))
        return reasons

    def record_push(self, push: Push, updates: Sequence[RefUpdate]) -> None:
        """What moved has moved: the record follows, whatever has become of the repository since."""
        marker, push.marker = push.marker, ""
        moves = [push.moves[update.ref] for update in updates]
        self._refs.refs_moved(push.actor, push.repo, moves, marker)

    def end_push(self, push: Push) -> None:
        """After the last word of git. A marker that is still there belongs to a push whose refs did not move."""
        if push.marker:
            self.record_push(push, [])

    def _missing_in(self, push: Push) -> Callable[[Collection[str]], set[str]]:
        def missing(sha256s: Collection[str]) -> set[str]:
            with self._database.read() as tx:
                return self._lfs.missing(tx, push.repo.id, sha256s)

        return missing


def _bounded(program: Program, seconds: int) -> Program:
    """It and all that it starts may use so much of a processor each; git itself looks after the memory."""
    shell = ("/bin/sh", "-c", f'ulimit -t {seconds}; exec "$@"', "git")
    return Program((*shell, *program.arguments), {**program.environment, "GIT_ALLOC_LIMIT": MEMORY})


def _move(incoming: Incoming, update: RefUpdate) -> RefMove | None:
    """The commits on both sides, also where a tag has an object of its own; None if there is no commit."""
    old = update.old and (incoming.commit_of(update.old) or update.old)
    new = update.new and incoming.commit_of(update.new)
    return None if update.new and not new else RefMove(update.ref, old, new)


def _some(reasons: Iterable[str]) -> list[str]:
    """The first few: nobody reads a thousand lines, and looking stops there."""
    found = list(islice(reasons, MAX_REASONS + 1))
    return found if len(found) <= MAX_REASONS else [*found[:MAX_REASONS], "... and more of the same."]


def _install_hooks(folder: Path) -> None:
    """Small scripts that start `hook.py` with this Python; written again when the hub has moved."""
    python, script = shlex.quote(sys.executable), shlex.quote(str(Path(hook.__file__).absolute()))
    for name in ("pre-receive", "post-receive"):
        text = f"#!/bin/sh\nexec {python} -I -S -E {script} {name}\n"
        path = folder / name
        if path.exists() and path.read_text() == text:
            continue
        fresh = folder / f".{name}"
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.rename(path)
