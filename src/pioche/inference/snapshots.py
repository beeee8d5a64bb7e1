"""Files of a model in a folder, as its worker sees them. Nothing that could run is among them."""

from __future__ import annotations

import os
import shutil
import uuid
from itertools import islice
from pathlib import Path

from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.inference.types import OF_TABLES, Model, Weights
from pioche.ports.gitstore import TreeNode
from pioche.repos.quants import quants_of
from pioche.repos.service.trees import FileAt, Trees, content_of

# Weights as numbers, and texts. Pickles (`.bin`, `.pt`, `.ckpt`) and programs stay away.
ENDINGS = (".safetensors", ".gguf", ".skops", ".json", ".jsonl", ".txt", ".model", ".jinja", ".vocab", ".md")
WEIGHTS = (".safetensors", ".gguf", ".skops")
MOST_FILES = 2_000
GOOD_BITS = 4


class Snapshots:
    def __init__(self, folder: Path, trees: Trees) -> None:
        self._folder = folder
        self._trees = trees

    def place(self, model: Model) -> Path:
        return self._folder / model.key

    def weights(self, actor: Actor, model: Model) -> Weights:
        """Raises `InvalidInput` where there are none that can be loaded."""
        found = [file.node for file in self._files(actor, model) if file.node.path.endswith(WEIGHTS)]
        size = sum(node.size for node in found)
        if not size:
            raise InvalidInput(
                f"'{model.repo.repo_id.full}' has no weights in safetensors, GGUF or the format of skops. "
                "Other formats can hold programs, so this hub does not load them."
            )
        is_torch = model.task not in OF_TABLES and not any(node.path.endswith(".gguf") for node in found)
        return Weights(size, use_gpu=is_torch)

    def read(self, actor: Actor, model: Model, path: str) -> bytes:
        """One small text of it."""
        file = self._trees.file(actor, model.repo.repo_id, model.commit, path)
        return self._trees.read_small(file) if file.node.pointer is None else b""

    def make(self, actor: Actor, model: Model) -> Path:
        """The folder, whole: it gets its name when all is there."""
        place = self.place(model)
        if place.exists():
            os.utime(place)
            return place
        draft = self._folder / f".{model.key}-{uuid.uuid4().hex}"
        try:
            for file in self._files(actor, model):
                path = draft / file.node.path
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as target:
                    for piece in content_of(self._trees, file):
                        target.write(piece)
            _open_to_all(draft)
            if not place.exists():
                draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return place

    def forget(self, key: str) -> None:
        shutil.rmtree(self._folder / key, ignore_errors=True)

    def unused(self, older_than: float) -> list[str]:
        """Keys of what was last asked for before then (Unix seconds)."""
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if path.stat().st_mtime < older_than]

    def _files(self, actor: Actor, model: Model) -> list[FileAt]:
        files = self._trees.walk(actor, model.repo.repo_id, model.commit)
        some = list(islice((file for file in files if file.node.path.endswith(ENDINGS)), MOST_FILES))
        chosen = set(_chosen([file.node for file in some], model.task))
        return [file for file in some if file.node.path in chosen]


def _chosen(nodes: list[TreeNode], task: str) -> list[str]:
    """Of a model that talks one variant of GGUF, if there are any: the smallest of four bits or more."""
    quants = quants_of(nodes)
    if not quants or task != "text-generation":
        return [node.path for node in nodes if not node.path.endswith(".gguf")]
    best = next((one for one in quants if one.bits >= GOOD_BITS), quants[-1])
    shards = {best.path} if best.files == 1 else {node.path for node in nodes if node.path.startswith(best.path[:-20])}
    return [node.path for node in nodes if node.path in shards or not node.path.endswith(WEIGHTS)]


def _open_to_all(folder: Path) -> None:
    """The worker has a user of its own."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
