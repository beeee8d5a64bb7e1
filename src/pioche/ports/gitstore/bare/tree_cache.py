"""What was read from git, by the id of a tree or a commit: content never changes under an id, so nothing goes stale."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from pioche.ports.gitstore import CommitInfo, Outline, TreeNode

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The latest values, as many as their weights allow. Shared by all repositories and threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def __contains__(self, key: K) -> bool:
        with self._lock:
            return key in self._values

    def put(self, key: K, value: V, weight: int = 1) -> None:
        with self._lock:
            if key in self._values or weight > self._most:
                return
            self._values[key] = value, weight
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._values.popitem(last=False)[1][1]


class TreeCache:
    """All that is kept. The sizes are for some 250 MB when everything is full."""

    def __init__(self) -> None:
        self.nodes: Kept[str, tuple[TreeNode, ...]] = Kept(200_000)
        """Parsed trees under bare names: a tree can hang anywhere."""
        self.raw: Kept[str, bytes] = Kept(32 * 1024 * 1024)
        """Large trees as git has them, for those who page through them."""
        self.extents: Kept[str, tuple[int, int]] = Kept(100_000)
        self.outlines: Kept[tuple[str, tuple[str, ...]], Outline] = Kept(500_000)
        self.pasts: Kept[tuple[str, str], dict[str, CommitInfo]] = Kept(300_000)
        """(commit, folder) -> the last commit of each entry."""
        self.conflicts: Kept[tuple[str, str], list[str]] = Kept(100_000)
        """(ours, theirs) -> what a merge cannot settle."""
        self.turns = [threading.Lock() for _ in range(64)]
        """Who asks for a past that somebody is looking for already waits for it."""
