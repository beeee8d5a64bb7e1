"""Open repositories, a few per thread: libgit2's objects must not be shared between threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import pygit2

from pioche.errors import RepoNotFound
from pioche.ports.gitstore.bare.presence import while_there

PER_THREAD = 16


class Handles(threading.local):
    """`get(path)` gives this thread's `pygit2.Repository`, reopened after packs came or went."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, tuple[int, pygit2.Repository]] = OrderedDict()

    def get(self, path: Path) -> pygit2.Repository:
        try:
            with while_there(path):
                return self._get(path)
        except RepoNotFound:
            self._open.pop(path, None)
            raise

    def _get(self, path: Path) -> pygit2.Repository:
        stamp = (path / "objects" / "pack").stat().st_mtime_ns
        known = self._open.get(path)
        if known is not None and known[0] == stamp:
            self._open.move_to_end(path)
            return known[1]
        fresh = pygit2.Repository(str(path))
        self._open[path] = (stamp, fresh)
        self._open.move_to_end(path)
        while len(self._open) > PER_THREAD:
            self._open.popitem(last=False)
        return fresh
