"""`GitRepo` over one bare repository, put together from its verbs."""

from __future__ import annotations

from pioche.ports.gitstore.bare.history import History
from pioche.ports.gitstore.bare.refs import Refs
from pioche.ports.gitstore.bare.trees import Trees
from pioche.ports.gitstore.bare.writing import Writing


class BareRepo(Refs, Trees, History, Writing):
    """Holds a path and shared caches, and no open files of its own."""
