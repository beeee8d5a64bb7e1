"""What a training reads: the data as it stood, and the model that it begins with, in a folder for its sandbox."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.names import CommitOid, RepoId, RepoKind
from pioche.repos.service.trees import FileAt, Trees, content_of
from pioche.training import data
from pioche.training.catalogue import TASKS, Task
from pioche.training.reading import Reader
from pioche.training.types import Preview, Recipe

MIB = 1024 * 1024
MAX_PICTURES, MAX_BASE = 512 * MIB, 8 * 1024 * MIB
MOST_PICTURES, MOST_FILES = 20_000, 2_000
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
CAPTIONS = ("metadata.csv", "metadata.jsonl")
"""What pictures show, where their folders do not say it."""
# Weights as numbers, and texts: nothing in a model to begin with can run.
BASE_ENDINGS = (".safetensors", ".json", ".txt", ".model", ".jinja", ".vocab")


class Inputs:
    """`folder` holds what runs read, by their training's key."""

    def __init__(self, trees: Trees, reader: Reader, folder: Path) -> None:
        self._trees = trees
        self.reader = reader
        self._folder = folder

    def place(self, key: str) -> Path:
        return self._folder / key

    def keys(self) -> Sequence[str]:
        """Of the trainings that something lies here for."""
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []

    def forget(self, key: str) -> None:
        shutil.rmtree(self._folder / key, ignore_errors=True)

    def preview(self, actor: Actor, task: Task, recipe: Recipe) -> tuple[Preview, CommitOid]:
        if task.data == "images":
            pictures = self._pictures(actor, recipe)
            return _preview_of([file.node.path for file in pictures]), pictures[0].commit
        table, commit = self._table(actor, recipe)
        return data.look(task, table, recipe.columns), commit

    def check(self, actor: Actor, recipe: Recipe) -> tuple[Recipe, int]:
        """With the commits that it is about, and the number of its rows or pictures.

        Raises `InvalidInput` for what nothing can be learned from.
        """
        task = TASKS[recipe.task]
        if task.data == "images":
            pictures = self._pictures(actor, recipe)
            _check_pictures(task, [file.node.path for file in pictures])
            recipe = msgspec.structs.replace(recipe, revision=pictures[0].commit, file="")
            count = len(pictures)
        else:
            table, commit = self._table(actor, recipe)
            data.check(task, table, recipe.columns)
            recipe, count = msgspec.structs.replace(recipe, revision=commit, file=table.file), len(table.rows)
        return self._check_base(actor, task, recipe), count

    def lay_out(self, actor: Actor, key: str, recipe: Recipe) -> None:
        """All of it, as the run will see it. Again after a crash: from the beginning."""
        place = self.place(key)
        shutil.rmtree(place, ignore_errors=True)
        (place / "data").mkdir(parents=True)
        dataset = _dataset(recipe)
        if recipe.file:  # a table has one file, wherever it lies; pictures are told apart by their folders
            table = self._trees.file(actor, dataset, recipe.revision, recipe.file)
            self._copy(table, place / "data" / Path(recipe.file).name)
        else:
            captions = self._files(actor, dataset, recipe.revision, CAPTIONS, MOST_FILES)
            for file in (*self._pictures(actor, recipe), *captions):
                self._copy(file, place / "data" / file.node.path)
        if recipe.base:
            base = RepoId.parse(RepoKind.MODEL, recipe.base)
            for file in self._files(actor, base, recipe.base_revision, BASE_ENDINGS, MOST_FILES):
                self._copy(file, place / "base" / file.node.path)
        (place / "recipe.json").write_bytes(msgspec.json.encode(recipe))
        for made in (place, *place.rglob("*")):
            made.chmod(0o755 if made.is_dir() else 0o644)

    # -- how --

    def _check_base(self, actor: Actor, task: Task, recipe: Recipe) -> Recipe:
        if not recipe.base:
            if task.base == "needed":
                raise InvalidInput("Choose a model of this hub to begin with.")
            return recipe
        if task.base == "none":
            raise InvalidInput(f"'{task.name}' begins from nothing: name no base model.")
        base = RepoId.parse(RepoKind.MODEL, recipe.base)
        revision = recipe.base_revision or "main"
        files = self._files(actor, base, revision, BASE_ENDINGS, MOST_FILES)
        found = [file for file in files if file.node.path.endswith(".safetensors")]
        if not found:
            raise InvalidInput(f"'{recipe.base}' has no weights in safetensors, so nothing can begin with it here.")
        if sum(file.node.size for file in found) > MAX_BASE:
            raise InvalidInput(
                f"'{recipe.base}' is larger than {MAX_BASE // MIB // 1024} GiB: too large to train here."
            )
        return msgspec.structs.replace(recipe, base=base.full, base_revision=found[0].commit)

    def _table(self, actor: Actor, recipe: Recipe) -> tuple[data.Table, CommitOid]:
        dataset, revision, path = _dataset(recipe), recipe.revision or "main", recipe.file
        if not path:
            tables = self._files(actor, dataset, revision, data.ENDINGS, MOST_FILES)
            if not tables:
                raise InvalidInput(f"'{dataset.full}' has no table: a file that ends in {', '.join(data.ENDINGS)}.")
            path = tables[0].node.path
        if not path.endswith(data.ENDINGS):
            raise InvalidInput(f"'{path[:200]}' is no table: those end in {', '.join(data.ENDINGS)}.")
        found = self._trees.file(actor, dataset, revision, path)
        if found.node.size > data.MAX_TABLE:
            raise InvalidInput(f"'{path}' is larger than {data.MAX_TABLE // MIB} MiB, the limit for training here.")
        return self.reader.read(path, b"".join(content_of(self._trees, found))), found.commit

    def _pictures(self, actor: Actor, recipe: Recipe) -> Sequence[FileAt]:
        """At least one."""
        dataset, revision = _dataset(recipe), recipe.revision or "main"
        found = self._files(actor, dataset, revision, PICTURES, MOST_PICTURES)
        if not found:
            raise InvalidInput(f"'{dataset.full}' has no pictures: files that end in {', '.join(PICTURES)}.")
        return found

    def _files(self, actor: Actor, repo_id: RepoId, revision: str, endings: tuple[str, ...], most: int) -> list[FileAt]:
        found, size = list[FileAt](), 0
        for file in self._trees.walk(actor, repo_id, revision):
            if not file.node.path.lower().endswith(endings):
                continue
            found.append(file)
            size += file.node.size
            if endings is PICTURES and size > MAX_PICTURES:
                raise InvalidInput(
                    f"The pictures of '{repo_id.full}' are more than {MAX_PICTURES // MIB} MiB together."
                )
            if len(found) >= most:
                break
        return found

    def _copy(self, file: FileAt, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            for piece in content_of(self._trees, file):
                out.write(piece)


def _dataset(recipe: Recipe) -> RepoId:
    return RepoId.parse(RepoKind.DATASET, recipe.dataset)


def class_of(path: str) -> str:
    """Pictures are of the class that their folder is called."""
    return PurePosixPath(path).parent.name


def _preview_of(paths: Sequence[str]) -> Preview:
    classes = Counter(class_of(path) for path in paths)
    few: dict[str, list[str]] = {}
    for path in paths:
        few.setdefault(class_of(path), []).append(path)
    shown = [path for group in list(few.values())[:6] for path in group[:3]]
    warnings = []
    if len(classes) > 1 and max(classes.values()) > 10 * min(classes.values()):
        warnings.append("Some classes have ten times as many pictures as others: the rare ones will be learned badly.")
    return Preview("", len(paths), classes=dict(classes.most_common(12)), pictures=shown, warnings=warnings)


def _check_pictures(task: Task, paths: Sequence[str]) -> None:
    classes = Counter(class_of(path) for path in paths)
    if len(paths) < task.least:
        raise InvalidInput(f"There are {len(paths)} pictures; at least {task.least} are needed to learn and to check.")
    if task.name == "image-classification" and len(classes) < 2:
        raise InvalidInput("All pictures lie in one folder. Put those of each class in a folder that is called so.")
    if len(classes) > data.MAX_CLASSES:
        raise InvalidInput(f"There are {len(classes)} folders; {data.MAX_CLASSES} classes are the limit.")
