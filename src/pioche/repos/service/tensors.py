"""Headers of safetensors and GGUF files, and the parameters that they count."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pioche.errors import BlobNotFound
from pioche.lfs.service import Lfs
from pioche.ports.database import Database
from pioche.ports.gitstore import GitRepo, TreeNode
from pioche.protocols.gguf import read_header as read_gguf
from pioche.protocols.safetensors import InvalidHeader, TensorHeader, header_text, read_header
from pioche.repos.quants import weights

MAX_SHARDS = 300
MAX_KEPT = 4096
MAX_SHOWN = 4_000  # characters of a value in a page
INDEX_LIMIT = 20 * 1024 * 1024
_WHOLE = ("model.safetensors", "adapter_model.safetensors", "diffusion_pytorch_model.safetensors")
_INDEX = "model.safetensors.index.json"


Ggufs = tuple[Mapping[str, int], Mapping[str, Any]]


class _Index(msgspec.Struct):
    weight_map: dict[str, str]


class Tensors:
    """`count` remembers each file of a repository by its content, so a header is read once."""

    def __init__(self, database: Database, lfs: Lfs) -> None:
        self._database = database
        self._lfs = lfs
        self._known: OrderedDict[tuple[int, str], Mapping[str, int] | None] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, repo_id: int, git: GitRepo, nodes: Sequence[TreeNode]) -> Mapping[str, int]:
        """Number of parameters by dtype of the model in these files; empty if it cannot be told whole."""
        files = {node.path: node for node in nodes if node.path.endswith((".safetensors", _INDEX))}
        total: dict[str, int] = {}
        for path in _weights(git, files):
            node = files.get(path)
            counted = None if node is None else self._count_file(repo_id, git, node)
            if counted is None:
                return {}
            for dtype, number in counted.items():
                total[dtype] = total.get(dtype, 0) + number
        return total

    def header(self, repo_id: int, git: GitRepo, node: TreeNode) -> TensorHeader:
        """Raises `InvalidHeader`, and `BlobNotFound` for a pointer whose bytes are not the repository's."""
        if node.path.endswith(".gguf"):
            found = read_gguf(*self._opened(repo_id, git, node))
            return TensorHeader(found.tensors, {key: _shown(value) for key, value in found.metadata.items()})
        return read_header(*self._opened(repo_id, git, node))

    def gguf(self, repo_id: int, git: GitRepo, nodes: Sequence[TreeNode]) -> Ggufs:
        """Parameters by type, and what the header says, of the first GGUF model in these files; both may be empty."""
        counted: dict[str, int] = {}
        about: dict[str, Any] = {}
        for node in weights(nodes)[:MAX_SHARDS]:
            try:
                header = read_gguf(*self._opened(repo_id, git, node))
            except (InvalidHeader, BlobNotFound):
                return {}, {}
            about = about or header.about()
            for kind, number in header.parameters.items():
                counted[kind] = counted.get(kind, 0) + number
        # Of several files the first tells what it is, and each has a part of the tensors.
        return counted, {**about, "total": sum(counted.values())} if about else {}

    def text(self, repo_id: int, git: GitRepo, node: TreeNode) -> bytes:
        """The header as it is in the file. Raises as `header`."""
        return header_text(*self._opened(repo_id, git, node))

    def _opened(self, repo_id: int, git: GitRepo, node: TreeNode) -> tuple[Callable[[int, int], bytes], int]:
        """What reads a range of the file, and its size."""
        if node.pointer is None:
            content = git.read(node.oid)
            return lambda start, end: content[start:end], len(content)
        with self._database.read() as tx:
            source = self._lfs.open_held(tx, repo_id, node.pointer.sha256)
        return lambda start, end: b"".join(source.read(start, end)), source.size

    def _count_file(self, repo_id: int, git: GitRepo, node: TreeNode) -> Mapping[str, int] | None:
        key = repo_id, node.pointer.sha256 if node.pointer else node.oid
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        try:
            counted: Mapping[str, int] | None = self.header(repo_id, git, node).parameters
        except BlobNotFound:
            return None  # a push may bring a pointer whose bytes come later
        except InvalidHeader:
            counted = None
        with self._lock:
            self._known[key] = counted
            while len(self._known) > MAX_KEPT:
                self._known.popitem(last=False)
        return counted


def _shown(value: Any) -> str:
    """A value of GGUF metadata in a page."""
    text = f"{len(value)} tokens" if isinstance(value, list) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _weights(git: GitRepo, files: Mapping[str, TreeNode]) -> Sequence[str]:
    """The files that together are the model."""
    for name in _WHOLE:
        if name in files:
            return [name]
    index = files.get(_INDEX)
    if index is None or index.pointer is not None or index.size > INDEX_LIMIT:
        return []
    try:
        shards = set(msgspec.json.decode(git.read(index.oid), type=_Index).weight_map.values())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return sorted(shards) if len(shards) <= MAX_SHARDS else []
