"""Parsed trees, by the id of the tree: content never changes under an id, so entries never go stale."""

from __future__ import annotations

import threading
from collections import OrderedDict

from pioche.ports.gitstore import TreeNode

MAX_NODES = 300_000
"""About 100 MB when full."""


class TreeCache:
    """Shared by all repositories and threads. Node paths are bare names: a tree can hang anywhere."""

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        self._max_nodes = max_nodes
        self._nodes = 0
        self._trees: OrderedDict[str, tuple[TreeNode, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, oid: str) -> tuple[TreeNode, ...] | None:
        with self._lock:
            found = self._trees.get(oid)
            if found is not None:
                self._trees.move_to_end(oid)
            return found

    def put(self, oid: str, nodes: tuple[TreeNode, ...]) -> None:
        with self._lock:
            if oid in self._trees or len(nodes) > self._max_nodes:
                return
            self._trees[oid] = nodes
            self._nodes += len(nodes) + 1
            while self._nodes > self._max_nodes:
                self._nodes -= len(self._trees.popitem(last=False)[1]) + 1
