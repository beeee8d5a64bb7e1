"""What `pioche doctor` looks at."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Sequence

from pioche.errors import HubError
from pioche.hub import Hub
from pioche.repos import store
from pioche.repos.types import Repo

BRANCHES_SEARCHED = 20
REPOS_NAMED = 5


class Doctor:
    """One look at a hub. `deep` reads every stored byte too."""

    def __init__(self, hub: Hub, deep: bool) -> None:
        self._hub = hub
        self._deep = deep
        self._read: dict[str, str] = {}  # what is wrong with the bytes of a large file, or "": each is read once

    def faults(self) -> Iterator[str]:
        """One sentence for each fault found."""
        yield from self._database()
        yield from self._stored()
        for number in self._hub.repos.numbers():
            with self._hub.database.read() as tx:
                repo = store.get(tx, number)
            if repo is not None:
                yield from self._repository(repo)
        yield from self._hub.buckets.faults()
        yield from self._hub.writing.faults()

    def _database(self) -> Iterator[str]:
        yield from (f"database: {fault}" for fault in self._hub.database.faults())

    def _stored(self) -> Iterator[str]:
        """What lies on the disk, whoever uses it: all of it read now, or what the hub found while it ran."""
        for scrubber in (self._hub.xet.scrubber, self._hub.lfs.scrubber):
            for fault, numbers in scrubber.check_all() if self._deep else scrubber.marked():
                yield f"{fault} {self._users(numbers)}"

    def _users(self, numbers: Sequence[int]) -> str:
        if not numbers:
            return "(no repository needs it)"
        with self._hub.database.read() as tx:
            found = [store.get(tx, number) for number in numbers[:REPOS_NAMED]]
        buckets = self._hub.buckets.names(numbers[:REPOS_NAMED])
        names = ", ".join([*(str(repo.repo_id) for repo in found if repo is not None), *buckets.values()])
        more = f" and {len(numbers) - REPOS_NAMED} more" if len(numbers) > REPOS_NAMED else ""
        return f"(needed by {names}{more})"

    def _repository(self, repo: Repo) -> Iterator[str]:
        path = self._hub.gitstore.path(repo.id)
        if not path.is_dir():
            yield f"{repo.repo_id}: its git folder {path} is missing"
            return
        how = [] if self._deep else ["--connectivity-only"]
        command = ["git", "-C", str(path), "fsck", *how, "--no-dangling", "--no-progress"]
        check = subprocess.run(command, capture_output=True, text=True, check=False)
        if check.returncode != 0:
            yield f"{repo.repo_id}: git fsck says: {check.stderr.strip()[:500]}"
            return
        for pointer in self._hub.gitstore.open(repo.id).pointers():
            fault = self._fault_of(repo.id, pointer.sha256, pointer.size)
            if fault:
                yield f"{repo.repo_id}: {self._name_of(repo, pointer.sha256)} {fault}"

    def _fault_of(self, repo_id: int, sha256: str, size: int) -> str:
        """What is wrong with a large file; empty if nothing is, or if it was deleted on purpose."""
        try:
            with self._hub.database.read() as tx:
                if self._hub.lfs.holdings.is_given_up(tx, repo_id, sha256):
                    return ""
                source = self._hub.lfs.open_file(tx, sha256)
        except HubError:
            return "is missing"
        if source.size != size:
            return f"has {source.size} bytes, not {size}"
        if self._deep and sha256 not in self._read:
            self._read[sha256] = _damage(source.read(), sha256)
        return self._read.get(sha256, "")

    def _name_of(self, repo: Repo, sha256: str) -> str:
        """The path where a branch or tag has the file, if one of the first few does."""
        git = self._hub.gitstore.open(repo.id)
        for ref in git.refs(include_prs=True)[:BRANCHES_SEARCHED]:
            for node in git.tree(ref.target, recursive=True):
                if node.pointer is not None and node.pointer.sha256 == sha256:
                    return f"the large file '{node.path}' at {ref.name} ({sha256})"
        return f"the large file {sha256} of an older commit"


def _damage(blocks: Iterator[bytes], sha256: str) -> str:
    digest = hashlib.sha256()
    try:
        for block in blocks:
            digest.update(block)
    except HubError as error:
        return f"cannot be read: {error.message}"
    return "" if digest.hexdigest() == sha256 else "is damaged: its bytes have another SHA-256"
