"""Branches, tags and the other names of commits."""

from __future__ import annotations

import re
import time

import pygit2

from pioche.errors import Busy, Conflict, InvalidName, RefMoved, RevisionNotFound
from pioche.names import CommitOid
from pioche.ports.gitstore import Ref, Signature
from pioche.ports.gitstore.bare.base import RepoBase
from pioche.ports.gitstore.bare.objects import GitObject, tag_content, write_objects

LOCK_WAIT_S = 5.0
_PREFIXES = ("refs/heads/", "refs/tags/", "refs/convert/")
_PR_PREFIX = "refs/pr/"
_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}\Z")


class Refs(RepoBase):
    def resolve(self, revision: str) -> CommitOid:
        handle = self._handle()
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if name.startswith("refs/") or name == "HEAD":
                oid = _commit_of_ref(handle, name)
                if oid:
                    return oid
        if _ABBREVIATED.match(revision):
            oid = _commit_of_digits(handle, revision)
            if oid:
                return oid
        raise RevisionNotFound(f"There is no branch, tag or commit '{revision[:200]}' in this repository.")

    def refs(self, include_prs: bool = False) -> list[Ref]:
        handle = self._handle()
        prefixes = (*_PREFIXES, _PR_PREFIX) if include_prs else _PREFIXES
        found = []
        for name in sorted(handle.listall_references()):
            prefix = next((p for p in prefixes if name.startswith(p)), None)
            oid = _commit_of_ref(handle, name) if prefix else None
            if prefix and oid:
                found.append(Ref(name.removeprefix(prefix), name, oid))
        return found

    def create_tag(self, name: str, target: str, tagger: Signature, message: str) -> str:
        commit = self._commit(target)
        tag = GitObject.of("tag", tag_content(name, str(commit.id), tagger, message))
        write_objects(self._path, self._handle, [tag])
        return tag.oid.hex()

    def move_ref(self, ref: str, new: str | None, expected: str | None) -> None:
        if new is not None:
            self._check_target(new)
        patience = time.monotonic() + LOCK_WAIT_S
        while not self._try_move(ref, new, expected):
            if time.monotonic() > patience:
                raise Busy(f"'{ref}' is locked by another writer. Try again.")
            time.sleep(0.02)

    def _check_target(self, oid: str) -> None:
        found = self._handle().get(oid)
        if not isinstance(found, (pygit2.Commit, pygit2.Tag)):
            raise RevisionNotFound(f"There is no commit '{oid[:100]}' in this repository.")

    def _try_move(self, ref: str, new: str | None, expected: str | None) -> bool:
        """False if the ref is locked. libgit2 compares with the value it read, under its lock file."""
        handle = self._handle()
        current = _lookup(handle, ref)
        _check_expected(ref, current, expected)
        try:
            if current is None:
                if new is None:
                    raise RevisionNotFound(f"There is no '{ref}' in this repository.")
                handle.create_reference_direct(ref, new, False)
            elif new is None:
                current.delete()
            else:
                current.set_target(new)
        except pygit2.InvalidSpecError as error:
            raise InvalidName(f"'{ref[:200]}' cannot be the name of a ref.") from error
        except (pygit2.GitError, pygit2.AlreadyExistsError) as error:
            # Why it failed shows in what is there now: another value is found on the next round.
            self._check_collision(handle, ref, error)
            return False
        except OSError as error:
            self._check_collision(handle, ref, error)
            # pygit2 has no error of its own for a lock that git's maintenance or a push holds.
            # The second is when it was made between libgit2's look at it and its own attempt.
            if "failed to lock" in str(error) or "failed to create locked file" in str(error):
                return False
            raise
        return True

    def _check_collision(self, handle: pygit2.Repository, ref: str, error: Exception) -> None:
        parents = {ref.rsplit("/", n)[0] for n in range(1, ref.count("/") - 1)}
        for other in handle.listall_references():
            if other.startswith(f"{ref}/") or other in parents:
                raise Conflict(f"'{ref}' cannot be created beside '{other}'.") from error


def _lookup(handle: pygit2.Repository, name: str) -> pygit2.Reference | None:
    try:
        return handle.lookup_reference(name)
    except (KeyError, ValueError):
        return None


def _check_expected(ref: str, current: pygit2.Reference | None, expected: str | None) -> None:
    if current is None:
        if expected is not None:
            raise RefMoved(f"'{ref}' is gone: it was expected at {expected[:7]}.")
        return
    values = {str(current.target), str(current.peel().id)}
    if expected is None:
        raise RefMoved(f"'{ref}' exists already.")
    if expected not in values:
        raise RefMoved(f"'{ref}' has moved on: it was expected at {expected[:7]}. Fetch and try again.")


def _commit_of_ref(handle: pygit2.Repository, name: str) -> CommitOid | None:
    reference = _lookup(handle, name)
    if reference is None:
        return None
    try:
        return CommitOid(str(reference.peel(pygit2.Commit).id))
    except (KeyError, ValueError, pygit2.GitError):
        return None  # HEAD of an empty repository, or a tag of something that is no commit


def _commit_of_digits(handle: pygit2.Repository, digits: str) -> CommitOid | None:
    try:
        found = handle.git_object_lookup_prefix(digits)
        if isinstance(found, (pygit2.Commit, pygit2.Tag)):
            return CommitOid(str(found.peel(pygit2.Commit).id))
    except (KeyError, ValueError, pygit2.GitError):
        pass  # more than one object starts like this, or a tag of something that is no commit
    return None
