"""`Volumes`: repositories and buckets as folders of a job.

Whoever starts the job must be able to read them (write, for a bucket that is not read-only), when it is asked for and
again when it starts. Repositories are as they were when the job was asked for. What a job changed in a bucket's folder
goes back when it has ended, however it ended: files that it wrote replace those of the same path, files that it
deleted go; what others changed meanwhile stays, but for these paths.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from pioche.accounts.access import Action
from pioche.accounts.types import Actor, Resource
from pioche.buckets.service import Buckets
from pioche.buckets.types import AddFile, BucketId, DeleteFile, StoredFile
from pioche.errors import EntryNotFound, HubError, InvalidInput
from pioche.jobs.folders import Changed, Cut, Folders, SourceFile
from pioche.jobs.types import Volume
from pioche.names import RepoId, RepoKind, check_path
from pioche.ports.executor import Mount
from pioche.repos.service.trees import FileAt, Trees

MAX_VOLUMES = 20
MAX_FILES = 50_000
AT_ONCE = 500
_TAKEN = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc", "/dev", "/etc", "/run", "/sys", "/boot")
_WHOLE = ("/", "/home", "/home/run", "/tmp", "/opt", "/var", "/root")  # noqa: S108


class Volumes:
    """`taken`: folders of this machine that jobs see at their own place."""

    def __init__(self, trees: Trees, buckets: Buckets, folders: Folders, taken: Sequence[Path]) -> None:
        self._trees = trees
        self._buckets = buckets
        self._folders = folders
        self._taken = [str(path) for path in taken]

    def check(self, actor: Actor, owner_id: int, volumes: Sequence[Volume]) -> tuple[list[Volume], set[int]]:
        """As they are to be kept, at their commits; and the resource groups of the owner in which some are private.

        Raises what reading them raises.
        """
        if len(volumes) > MAX_VOLUMES:
            raise InvalidInput(f"A job has at most {MAX_VOLUMES} volumes.")
        checked = [self._checked(actor, volume) for volume in volumes]
        found = [volume for volume, _ in checked]
        self._require_apart([volume.mount_path for volume in found])
        groups = {one.group_id for _, one in checked if one.private and one.owner_id == owner_id}
        return found, {group for group in groups if group is not None}

    @staticmethod
    def _require_apart(places: Sequence[str]) -> None:
        for number, one in enumerate(places):
            for other in places[number + 1 :]:
                if _is_in(one, other) or _is_in(other, one):
                    raise InvalidInput(f"The volumes at '{one}' and '{other}' would lie in one another.")

    def prepare(self, actor: Actor, key: str, volumes: Sequence[Volume]) -> tuple[list[Mount], int]:
        """The folders of a job, filled; and the bytes in those that it may change. Raises `HubError`."""
        self._folders.forget(key)
        mounts, changing = [], 0
        for number, volume in enumerate(volumes):
            files = self._files(actor, volume)
            place, size = self._folders.fill(key, number, files, volume.is_writable)
            mounts.append(Mount(place, volume.mount_path, volume.is_writable))
            changing += size if volume.is_writable else 0
        return mounts, changing

    def write_back(self, actor: Actor, key: str, volumes: Sequence[Volume]) -> str:
        """What could not go back, in words; empty if all did. Doing it again does no harm."""
        faults = []
        for number, volume in enumerate(volumes):
            if not volume.is_writable:
                continue
            try:
                changed = self._folders.changed(key, number)
                faults += self._put(actor, volume, changed)
            except (HubError, OSError) as error:
                said = error.message if isinstance(error, HubError) else str(error)
                faults.append(f"The bucket '{volume.source}' could not be written: {said}")
        return " ".join(faults)

    def forget(self, key: str) -> None:
        self._folders.forget(key)

    def tidy(self, keys_in_use: Sequence[str]) -> int:
        return self._folders.tidy(keys_in_use)

    # -- checking --

    def _checked(self, actor: Actor, volume: Volume) -> tuple[Volume, Resource]:
        place = _place(volume.mount_path)
        near = any(_is_in(place, one) for one in _TAKEN) or place in _WHOLE
        if near or any(_is_in(one, place) or _is_in(place, one) for one in self._taken):
            raise InvalidInput(f"A volume cannot be at '{place[:200]}': that place is taken. Use one like '/data'.")
        path = (volume.path or "").strip("/")
        if path:
            check_path(path)
        volume = replace(volume, mount_path=place, path=path or None)
        if volume.type == "bucket":
            action = Action.WRITE if volume.is_writable else Action.READ
            bucket = self._buckets.find(actor, BucketId.parse(volume.source), action)
            return volume, bucket.resource
        repo_id = RepoId.parse(_kind(volume.type), volume.source)
        if volume.read_only is False:
            raise InvalidInput(f"'{volume.source}' is a repository, so it can only be read. Use a bucket to write.")
        repo, commit = self._trees.resolve(actor, repo_id, volume.revision or "main")
        return replace(volume, read_only=True, commit=commit), repo.resource

    # -- reading --

    def _files(self, actor: Actor, volume: Volume) -> list[SourceFile]:
        found = self._of_bucket(actor, volume) if volume.type == "bucket" else self._of_repo(actor, volume)
        files = []
        for file in found:
            files.append(file)
            if len(files) > MAX_FILES:
                raise InvalidInput(
                    f"'{volume.source}' has more than {MAX_FILES} files; a volume can be a folder of it."
                )
        if volume.path and not files:
            raise EntryNotFound(f"There is no folder '{volume.path[:200]}' in '{volume.source}'.")
        return files

    def _of_repo(self, actor: Actor, volume: Volume) -> Iterator[SourceFile]:
        repo_id = RepoId.parse(_kind(volume.type), volume.source)
        below = f"{volume.path}/" if volume.path else ""
        for file in self._trees.walk(actor, repo_id, volume.commit or "main", volume.path or ""):
            yield self._repo_file(file, file.node.path.removeprefix(below))

    def _repo_file(self, file: FileAt, path: str) -> SourceFile:
        if file.node.pointer is None:
            return SourceFile(path, file.node.size, lambda: Cut(None, iter([self._trees.read_small(file)])))

        def read() -> Cut:
            source = self._trees.open_large(file)
            return Cut(source.local_path, source.read())

        return SourceFile(path, file.node.size, read, file.node.pointer.sha256)

    def _of_bucket(self, actor: Actor, volume: Volume) -> Iterator[SourceFile]:
        bucket_id, prefix, cursor = BucketId.parse(volume.source), f"{volume.path}/" if volume.path else "", ""
        while True:
            page = self._buckets.files.tree(actor, bucket_id, prefix, recursive=True, cursor=cursor)
            for file in page.entries:
                if isinstance(file, StoredFile):
                    yield self._bucket_file(file, file.path.removeprefix(prefix))
            if page.next_start is None:
                return
            cursor = page.next_start

    def _bucket_file(self, file: StoredFile, path: str) -> SourceFile:
        def read() -> Cut:
            stored = self._buckets.files.open(file)
            return Cut(stored.local_path, stored.read(0, file.size))

        return SourceFile(path, file.size, read, f"xet-{file.name.hex()}")

    # -- writing --

    def _put(self, actor: Actor, volume: Volume, changed: Changed) -> list[str]:
        bucket_id, prefix = BucketId.parse(volume.source), f"{volume.path}/" if volume.path else ""
        failures, operations = list[str](), list[AddFile | DeleteFile]()

        def send() -> None:
            failures.extend(
                f"{one.path}: {one.error}" for one in self._buckets.writing.apply(actor, bucket_id, operations)
            )
            operations.clear()

        operations += [DeleteFile(prefix + path) for path in changed.gone]
        for file in changed.put:
            with self._folders.opened(file) as (content, sha256):
                name = self._buckets.writing.bring(actor, bucket_id, content, sha256)
            operations.append(AddFile(prefix + file.path, name, file.mtime))
            if len(operations) >= AT_ONCE:
                send()
        while operations:
            rest = operations[2_000:]
            del operations[2_000:]
            send()
            operations += rest
        failures += [f"{path}: a bucket cannot hold this." for path in changed.refused]
        return [f"Not written to '{volume.source}': {'; '.join(failures[:5])}"] if failures else []


def _kind(text: str) -> RepoKind:
    kinds = {"model": RepoKind.MODEL, "dataset": RepoKind.DATASET, "space": RepoKind.SPACE}
    if text not in kinds:
        raise InvalidInput(f"A volume is a model, dataset, space or bucket, not '{text[:40]}'.")
    return kinds[text]


def _place(text: str) -> str:
    plain = text.isascii() and text.isprintable() and len(text) <= 500
    if not plain or not text.startswith("/") or ".." in text.split("/"):
        raise InvalidInput(f"A volume is mounted at an absolute path such as '/data', not '{text[:100]}'.")
    return posixpath.normpath("/" + text.lstrip("/"))


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
